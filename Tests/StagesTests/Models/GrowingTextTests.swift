import Stages
import Testing

/// What is shown of a completion while it grows.
@Suite struct GrowingTextTests {
  /// The pieces that texts, each the one before with more, are shown in.
  private func pieces(_ texts: [String], stop: [String] = []) -> [String] {
    var growing = GrowingText(stopStrings: stop)
    return texts.map { growing.addition($0) }
  }

  @Test func eachPieceIsShownOnce() {
    #expect(pieces(["a", "ab", "ab", "abc d"]) == ["a", "b", "", "c d"])
  }

  @Test func halfACharacterWaitsForTheRest() {
    #expect(
      pieces(["x", "x\u{FFFD}", "x\u{FFFD}\u{FFFD}", "xé", "xé!"]) == ["x", "", "", "é", "!"])
  }

  @Test func whatMayBeginAStopStringWaits() {
    let stop = ["</answer>", "User:"]
    #expect(pieces(["4<", "4</a", "4</a>"], stop: stop) == ["4", "", "</a>"])
    #expect(pieces(["a U", "a Us", "a Us and"], stop: stop) == ["a ", "", "Us and"])
  }

  @Test func theRestIsWhatTheCompletionEndsWith() {
    var growing = GrowingText(stopStrings: ["</answer>"])
    #expect(growing.addition("4</ans") == "4")
    #expect(growing.rest("4") == "")
    var other = GrowingText(stopStrings: ["</answer>"])
    #expect(other.addition("4</ans") == "4")
    #expect(other.rest("4</ans") == "</ans")
  }
}
