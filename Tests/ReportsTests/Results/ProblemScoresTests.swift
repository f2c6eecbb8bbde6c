import Base
import Foundation
import OrderedCollections
import Reports
import Runner
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

  /// Two completions of each problem: in form or not, right or not, its tokens.
  private static let mixed: [(form: [Bool], right: [Bool], tokens: [Int], chance: Double)] = [
    ([true, true], [true, false], [10, 40], 0.25), ([true, false], [true, true], [20, 30], 0.5),
    ([false, false], [false, true], [50, 60], 0.25),
    ([true, true], [false, false], [5, 5], 0.25),
  ]

  private func mixed(
    without column: String? = nil, chanceOfLast: JSONValue = 0.25
  ) -> ProblemScores? {
    let rows = Self.mixed.enumerated().flatMap { problem, found in
      (0..<2).map { sample -> [String: JSONValue] in
        var row: [String: JSONValue] = [
          "problem": .integer(problem), "problem_id": .string("p\(problem)"),
          "outcome": found.right[sample] ? "correct" : "wrong",
          "in_form": .boolean(found.form[sample]), "worked": .boolean(sample == 0),
          "tokens": .integer(found.tokens[sample]),
          "chance": problem == 3 ? chanceOfLast : .number(found.chance),
        ]
        if let column { row[column] = nil }
        return row
      }
    }
    return ProblemScores(Scores(RowTable(rows: rows)), isGreedy: false)
  }

  @Test func formAndAbilityAreValuesOfEachProblem() throws {
    let found = try #require(mixed())
    #expect(found.values("format_rate") == [1, 0.5, 0, 1])
    #expect(found.values("worked") == [0.5, 0.5, 0.5, 0.5])
    #expect(found.values("chance") == [0.25, 0.5, 0.25, 0.25])
    func mean(_ name: String) throws -> Double {
      try #require(found.values(name).flatMap { Statistics.mean($0) })
    }
    #expect(abs(try mean("accuracy_in_form") - 2.0 / 5) < 1e-12)
    #expect(abs(try mean("accuracy_worked") - 2.0 / 4) < 1e-12)
    #expect(abs(try mean("above_chance") - (0.75 - 0.25 + 0.5 - 0.25 - 0.25) / 5) < 1e-12)
    #expect(abs(try mean("mean_tokens_right") - 120.0 / 4) < 1e-12)
    #expect(abs(try mean("mean_tokens_wrong") - 100.0 / 4) < 1e-12)
  }

  /// Residuals of the five in form, by problem: 0.6 − 0.4, 0.6, 0 and −0.8; statsmodels' clustered
  /// error of their mean is √(0.04 + 0.36 + 0.64) / 5 times √(4 / 3) for four problems.
  @Test func ratiosHaveClusteredErrors() throws {
    let found = try #require(mixed())
    let completions = try #require(found.completions("accuracy_in_form"))
    let error = try #require(Statistics.clusteredStandardError(completions))
    #expect(abs(error - 1.04.squareRoot() / 5 * (4.0 / 3).squareRoot()) < 1e-12)
  }

  /// Residuals of the four that work: 0.5, 0.5, −0.5 and −0.5.
  @Test func accuracyOfTheWorkedHasAClusteredErrorToo() throws {
    let found = try #require(mixed())
    let completions = try #require(found.completions("accuracy_worked"))
    let error = try #require(Statistics.clusteredStandardError(completions))
    #expect(abs(error - 1.0.squareRoot() / 4 * (4.0 / 3).squareRoot()) < 1e-12)
    let old = try #require(mixed(without: "worked"))
    #expect(old.values("accuracy_worked") == nil && old.values("worked") == nil)
  }

  @Test func whatIsNotKnownHasNoValue() throws {
    let old = try #require(mixed(without: "in_form"))
    #expect(old.values("accuracy_in_form") == nil && old.values("format_rate") == nil)
    #expect(old.values("chance") != nil && old.values("mean_tokens_right") != nil)
    let open = try #require(mixed(chanceOfLast: .null))
    #expect(open.values("chance") == nil && open.values("above_chance") == nil)
    #expect(open.values("accuracy_in_form") != nil)
    let wrong = try #require(scores([("a", "wrong")]))
    #expect(wrong.values("mean_tokens_right") == nil)
  }

  /// Law has two problems at 1/2 and 1, physics four at 0, 0, 1 and 0.
  private static let subjects: [(category: String, right: [Bool])] = [
    ("law", [true, false]), ("physics", [false, false]), ("law", [true, true]),
    ("physics", [false, false]), ("physics", [true, true]), ("physics", [false, false]),
  ]

  private func subjects(_ category: (String) -> String?) throws -> ProblemScores {
    let rows = Self.subjects.enumerated().flatMap { problem, found in
      found.right.map { isRight -> [String: JSONValue] in
        var row: [String: JSONValue] = [
          "problem": .integer(problem), "problem_id": .string("p\(problem)"),
          "outcome": isRight ? "correct" : "no_answer", "guessed": .boolean(!isRight),
          "in_form": true,
        ]
        row["category"] = category(found.category).map { .string($0) }
        return row
      }
    }
    return try #require(ProblemScores(Scores(RowTable(rows: rows)), isGreedy: false))
  }

  @Test func categoriesCountTheSame() throws {
    let found = try subjects { $0 }
    func mean(_ name: String) throws -> Double {
      try #require(found.values(name).flatMap { Statistics.mean($0) })
    }
    #expect(abs(try mean("accuracy") - 2.5 / 6) < 1e-12)
    #expect(abs(try mean("accuracy_macro") - (0.75 + 0.25) / 2) < 1e-12)
    #expect(abs(try mean("accuracy_with_guesses_macro") - 1) < 1e-12)
    // By pass@2 both of law are right, and one of physics.
    #expect(abs(try mean("pass@2_macro") - (1 + 0.25) / 2) < 1e-12)
    #expect(found.values("macro") == nil && found.values("x_macro") == nil)
    #expect(found.values("accuracy_in_form_macro") == nil)
  }

  /// A quarter of Σ (n − 1) s² / n² over categories, and 6/5 for the six problems: s² of law is 1/8,
  /// of physics 1/4.
  @Test func theirErrorIsThatOfAStratifiedMean() throws {
    let completions = try #require(try subjects { $0 }.completions("accuracy_macro"))
    let error = try #require(Statistics.clusteredStandardError(completions))
    let variance = (1.0 / 8 / 4 + 3 * 0.25 / 16) / 4 * 6 / 5
    #expect(abs(error - variance.squareRoot()) < 1e-12)
  }

  /// None right in any category: the bounds of 6 answers that are nearly so many problems.
  @Test func meansOverCategoriesHaveBoundsAtTheEdges() throws {
    var fixture = ReportFixture()
    let rows = (0..<6).map { problem -> [String: JSONValue] in
      [
        "problem": .integer(problem), "problem_id": .string("p\(problem)"), "outcome": "wrong",
        "category": problem < 2 ? "law" : "physics",
      ]
    }
    fixture.add(
      "scores", ["start": "base", "seed": 1], ["accuracy": 0],
      tables: ["scores.h5": RowTable(rows: rows)])
    var specification = ReportFixture.table
    (specification.baseline, specification.macro) = ([:], .category)
    let report = try TableReport(name: "main", specification, data: fixture.data)
    let interval = try #require(report.rows[0].cells[0].estimate?.interval())
    // Weights 3/2 and 3/4: 36 / (2 · 9/4 + 4 · 9/16) problems.
    let most = 1 - pow(0.05, 1 / (36 / 6.75))
    #expect(interval.lowerBound == 0 && abs(interval.upperBound - 100 * most) < 1e-6)
  }

  @Test func withoutCategoriesTheyAreMeansOverProblems() throws {
    for found in [try subjects { _ in nil }, try subjects { _ in "law" }] {
      #expect(found.values("accuracy_macro") == found.values("accuracy"))
    }
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
