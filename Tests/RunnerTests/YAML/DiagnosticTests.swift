import Base
import Runner
import Testing

@Suite struct DiagnosticTests {
  private static let near: [(String, [String], String?)] = [
    ("epoch", ["epochs", "order"], "epochs"), ("oder", ["epochs", "order"], "order"),
    ("rdoer", ["epochs", "order"], "order"), ("xyz", ["epochs", "order"], nil),
    ("a", ["b", "c"], nil), ("b", ["bb", "ccc"], "bb"), ("", ["a"], nil), ("ab", ["ba"], "ba"),
    ("seed", ["sead", "send"], "sead"),
  ]

  @Test(arguments: near)
  func nearNames(name: String, candidates: [String], expected: String?) {
    #expect(nearestName(to: name, among: candidates) == expected)
  }

  @Test func whatElseThereIs() {
    #expect(suggestion(for: "epoch", among: ["epochs"]) == "; did you mean 'epochs'?")
    #expect(suggestion(for: "xyz", among: ["one", "two"]) == "; choose from one, two")
    #expect(suggestion(for: "xyz", among: []) == "")
    #expect(suggestion(for: "xyz", among: (0..<13).map { "name\($0)" }) == "")
  }

  @Test func places() {
    let own = SourcePosition(line: 9, column: 1)
    #expect(own < SourcePosition(line: 1, column: 1, file: "base.yaml"))
    #expect(SourcePosition(line: 1, column: 9) < SourcePosition(line: 2, column: 1))
    #expect(SourcePosition(line: 1, column: 1) < SourcePosition(line: 1, column: 2))
  }

  private static let split: [(String, [String])] = [
    ("a\nb", ["a", "b"]), ("a\r\nb\rc", ["a", "b", "c"]), ("", [""]), ("a\n", ["a", ""]),
    ("a\u{2028}b\u{85}c", ["a", "b", "c"]), ("\n\r\nx", ["", "", "x"]),
  ]

  @Test(arguments: split)
  func linesAsYAMLCountsThem(text: String, expected: [String]) {
    #expect(SourceLines.split(text) == expected)
  }
}
