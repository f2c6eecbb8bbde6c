import Base
import Reports
import Tasks
import Testing

@Suite struct InfluenceTests {
  /// One completion of each of four problems.
  private func scores(_ right: [Bool]) throws -> ProblemScores {
    let rows = right.enumerated().map { index, isRight -> [String: JSONValue] in
      [
        "problem": .integer(index), "problem_id": .string("p\(index)"), "sample": .integer(0),
        "outcome": .string(isRight ? "correct" : "wrong"),
      ]
    }
    return try #require(ProblemScores(Scores(RowTable(rows: rows)), isGreedy: false))
  }

  @Test func whatIsWorthMostComesFirst() throws {
    let all = try [scores([true, true, true, false]), scores([true, true, false, false])]
    let influence = try #require(
      Influence(
        "scores", value: "accuracy", whole: all,
        without: [
          (
            1, "a",
            [try scores([true, true, true, false]), try scores([true, true, false, true])]
          ),
          (
            2, "b",
            [try scores([false, true, true, false]), try scores([true, false, false, false])]
          ),
        ]))
    #expect(influence.whole == 0.625 && influence.runs == 2)
    #expect(influence.rows.map(\.id) == ["b", "a"])
    #expect(influence.rows.map(\.worth.mean) == [0.25, -0.125])
    #expect(influence.rows.map(\.without) == [0.375, 0.75])
    #expect(influence.rows.map(\.won) == [2, 0] && influence.rows.map(\.lost) == [0, 1])
    #expect(influence.rows.map(\.runs) == [[0.25, 0.25], [0, -0.25]])
    let text = InfluenceText(influence, value: "accuracy", unit: "problem").text
    #expect(text.hasPrefix("scores, 2 runs: 62.5 % with all of them\n"))
    #expect(text.contains("\n 2  b         37.5 %    +25.0 ["))
  }

  @Test func otherProblemsAreNotCompared() throws {
    let rows: [[String: JSONValue]] = [["problem_id": "q", "outcome": "correct"]]
    let other = try #require(ProblemScores(Scores(RowTable(rows: rows)), isGreedy: false))
    let whole = try scores([true, false, false, false])
    #expect(
      Influence("scores", value: "accuracy", whole: [whole], without: [(1, "a", [other])]) == nil)
    #expect(
      Influence("scores", value: "nothing", whole: [whole], without: [(1, "a", [whole])]) == nil)
  }

  /// F by the sums of squares done by hand, its tail by integrating the density numerically.
  @Test func agreementIsTheTwoWayAnalysisOfVariance() throws {
    let worth = [[1, 2, 3], [2, 3, 5], [0, 1, 1], [4, 4, 6]] as [[Double]]
    let agreement = try #require(Influence.Agreement(worth))
    #expect(abs(agreement.ratio - 320.0 / 11) < 1e-9)
    #expect(abs(agreement.probability - 0.000568056) < 1e-8)
    #expect(abs(Fisher.tail(above: 1, freedom: (63, 189)) - 0.4863036) < 1e-6)
    #expect(Influence.Agreement([[1, 2]]) == nil && Influence.Agreement([[1], [2]]) == nil)
    // What differs only from run to run says nothing of rows, and nothing at all is left to chance.
    #expect(Influence.Agreement([[1, 2], [1, 2]]) == nil)
  }
}
