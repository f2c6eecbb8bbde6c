import Reports
import Testing

@Suite struct MarkupTests {
  @Test(arguments: [
    "", "plain", "a & b < c > d \"e\" 'f'", "&", "&amp;quot;", "&&lt;", "ends with &",
    "Zürich & 東京",
  ])
  func whatIsEscapedComesBack(text: String) {
    let escaped = Markup.escape(text)
    #expect(!escaped.contains("<") && !escaped.contains("\""))
    #expect(String(decoding: Markup.unescaped(escaped.utf8), as: UTF8.self) == text)
  }

  @Test func whatNobodyEscapedStays() {
    #expect(
      String(decoding: Markup.unescaped("a & b &nbsp; c &am".utf8), as: UTF8.self)
        == "a & b &nbsp; c &am")
  }
}
