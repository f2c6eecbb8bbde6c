import Base
import Foundation
import Reports
import Tasks
import Testing

@Suite struct ProblemScoresTests {
  private func scores(
    _ rows: [(id: String, outcome: String)], numbers: [Int]? = nil, isGreedy: Bool = false
  ) -> ProblemScores? {
    let rows = rows.enumerated().map { index, row -> [String: JSONValue] in
      var found: [String: JSONValue] = [
        "problem_id": .string(row.id), "outcome": .string(row.outcome),
      ]
      if let numbers { found["problem"] = .integer(numbers[index]) }
      return found
    }
    return ProblemScores(Scores(RowTable(rows: rows)), isGreedy: isGreedy)
  }

  @Test func problemsAreSortedWhateverTheirOrder() throws {
    let one = try #require(scores([("b", "correct"), ("a", "wrong"), ("b", "wrong")]))
    let other = try #require(scores([("a", "wrong"), ("b", "wrong"), ("b", "correct")]))
    #expect(one.problems == ["a", "b"] && one.hasProblems(of: other))
    #expect(one.values("accuracy") == [0, 0.5])
    #expect(one.values("accuracy") == other.values("accuracy"))
    #expect(one.samples == nil, "one problem has two samples, the other one")
  }

  @Test func idsDifferByBytes() throws {
    let composed = try #require(scores([("\u{e9}", "correct")]))
    let split = try #require(scores([("e\u{301}", "correct")]))
    #expect(!composed.hasProblems(of: split))
  }

  @Test func twoProblemsOfOneIdStayTwo() throws {
    let twins = try #require(
      scores([("a", "correct"), ("a", "wrong"), ("b", "wrong")], numbers: [0, 1, 2]))
    #expect(twins.problems == ["a", "a#2", "b"])
    #expect(twins.samples == 1)
  }

  @Test func passAtKNeedsEnoughSamples() throws {
    let found = try #require(
      scores([("a", "correct"), ("a", "wrong"), ("b", "wrong"), ("b", "wrong")]))
    #expect(found.values("pass@1") == [0.5, 0])
    #expect(found.values("pass@2") == [1, 0])
    #expect(found.values("pass@3") == nil)
    #expect(found.values("pass@0") == nil && found.values("pass@x") == nil)
  }

  @Test func everyVerdictHasAShare() throws {
    let outcomes = ["correct", "wrong", "no_answer", "bad_format", "timeout"]
    let found = try #require(scores(outcomes.map { ("a", $0) }))
    for outcome in outcomes { #expect(found.values(outcome) == [0.2], "\(outcome)") }
    // The table has no such columns.
    #expect(found.values("truncated") == nil && found.values("mean_tokens") == nil)
    #expect(found.values("accuracy_with_guesses") == nil && found.values("loss") == nil)
  }

  @Test func samplingErrorsAreWithinProblems() throws {
    // Each problem varies by p (1 − p) · 4 / 3 = 1/3 over 4 samples: variance 1/12 of its mean.
    let rows = ["a", "b"].flatMap { id in
      ["correct", "correct", "wrong", "wrong"].map { (id, $0) }
    }
    let error = try #require(scores(rows)?.samplingError("accuracy"))
    #expect(abs(error - (2.0 / 12).squareRoot() / 2) < 1e-12)
    #expect(scores(rows, isGreedy: true)?.samplingError("accuracy") == 0)
    #expect(scores([("a", "correct")])?.samplingError("accuracy") == nil)
  }

  @Test func tablesWithoutVerdictsAreNone() {
    #expect(scores([]) == nil)
    #expect(ProblemScores(Scores(RowTable(rows: [["outcome": "correct"]])), isGreedy: false) == nil)
  }
}
