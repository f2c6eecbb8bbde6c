import Base
import Foundation
import Reports
import Testing

@Suite struct EmbeddedJSONTests {
  @Test(arguments: [
    "</script><script>alert(1)</script>", "<!--<script>", "]]>", "&amp;&lt;", "\u{0}\u{1}\u{1F}",
    "\u{2028}\u{2029}", "\u{FFFD}\u{FFFE}\u{FFFF}\u{FEFF}", "e\u{301} \u{1F600} \u{202E}rtl",
    #"\u003c \\ " '"#, "\u{7F}\u{80}\u{9F}", "",
  ])
  func whateverAModelWroteComesBackAsItWas(text: String) throws {
    let value: JSONValue = ["text": .string(text), "<key": [.string(text), 1.5, .null]]
    let embedded = EmbeddedJSON.text(value)
    let back = try JSONValue(parsing: Data(embedded.utf8))
    #expect(Array(try #require(back["text"]?.string).utf8) == Array(text.utf8))
    #expect(back == value)
    for scalar in embedded.unicodeScalars {
      #expect(!"<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar) && scalar.value >= 0x20)
    }
  }

  /// Half of a surrogate pair is no Unicode scalar; JSON may hold one, a text here never does.
  @Test func halfOfASurrogatePairBecomesTheReplacementCharacter() throws {
    let line = #"{"completion": "a\ud83d b"}"#
    guard let row = try? JSONValue(parsing: Data(line.utf8)) else { return }
    let embedded = EmbeddedJSON.text(row)
    #expect(!embedded.contains("\\ud83d"))
    #expect(try JSONValue(parsing: Data(embedded.utf8)) == row)
  }

  @Test func thePolicyNamesTheDigestOfEachScript() {
    #expect(
      ContentPolicy.text(scripts: ["", "alert(1)"]).contains(
        "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
          + "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';"))
    #expect(ContentPolicy.text(scripts: []).contains("script-src 'none';"))
  }
}

@Suite struct ShortenedTextTests {
  @Test func shortTextsStayAsTheyAre() {
    let text = ShortenedText("abc", limit: 3)
    #expect(text.head == "abc" && text.tail.isEmpty && text.omitted == 0)
  }

  @Test(arguments: [
    "0123456789", String(repeating: "é", count: 40), "a\u{1F600}b\u{1F600}c\u{1F600}d",
  ])
  func nothingIsLostButTheMiddle(text: String) {
    let cut = ShortenedText(text, limit: 7)
    let scalars = Array(text.unicodeScalars)
    #expect(cut.omitted > 0)
    #expect(
      cut.head.unicodeScalars.count + cut.tail.unicodeScalars.count + cut.omitted == scalars.count)
    #expect(text.hasPrefix(cut.head) && text.utf8.reversed().starts(with: cut.tail.utf8.reversed()))
    #expect(!cut.head.contains("\u{FFFD}") && !cut.tail.contains("\u{FFFD}"))
  }
}
