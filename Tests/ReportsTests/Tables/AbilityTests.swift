import Base
import OrderedCollections
import Reports
import Runner
import Testing

/// What stands below an accuracy: form, chance, and whether the one is above the other.
@Suite struct AbilityTests {
  /// Completions of one problem: `R` right and in form, `W` wrong and in form, `r` and `w` the same
  /// out of form, `-` without an answer, `x` in form without one.
  private static func rows(
    _ problems: [String], chance: Double?, from first: Int = 0
  ) -> [[String: JSONValue]] {
    problems.enumerated().flatMap { index, letters in
      letters.enumerated().map { sample, letter -> [String: JSONValue] in
        let outcome =
          "Rr".contains(letter) ? "correct" : "Ww".contains(letter) ? "wrong" : "no_answer"
        var row: [String: JSONValue] = [
          "problem": .integer(index), "problem_id": .string("p\(first + index)"),
          "sample": .integer(sample), "outcome": .string(outcome),
          "in_form": .boolean("RWx".contains(letter)),
          "worked": .boolean("RWx".contains(letter)),
        ]
        row["chance"] = chance.map { .number($0) }
        return row
      }
    }
  }

  private func report(
    _ runs: [(start: String, seed: Int, problems: [String])], chance: Double? = 0.25,
    _ change: (inout TableSpecification) -> Void = { _ in }
  ) throws -> TableReport {
    var fixture = ReportFixture()
    for run in runs {
      let rows = Self.rows(run.problems, chance: chance)
      let right = rows.count { $0["outcome"] == "correct" }
      fixture.add(
        "scores", ["start": .string(run.start), "seed": .integer(run.seed)],
        ["accuracy": .number(Double(right) / Double(rows.count))],
        tables: ["scores.h5": RowTable(rows: rows)])
    }
    var specification = ReportFixture.table
    (specification.baseline, specification.interval) = ([:], false)
    change(&specification)
    return try TableReport(name: "main", specification, data: fixture.data)
  }

  private func lines(_ report: TableReport, row: Int = 0) -> String {
    report.cellTexts[row][0].ability.joined(separator: ", ")
  }

  @Test func accuracyInFormStandsBesideChance() throws {
    let report = try report([("base", 1, ["Rw", "RW", "-W", "wW"])])
    let text = lines(report)
    #expect(text.hasPrefix("in form 40.0 (2 of 5), chance 25.0, p = 0."), "\(text)")
    let ability = try #require(report.rows[0].cells[0].ability)
    #expect(ability.all.count == 8 && ability.inForm.count == 5)
    #expect(ability.aboveChance?.basis == .inForm)
    #expect(report.html.contains("<span class=\"line ability\">in form 40.0 (2 of 5)</span>"))
    #expect(report.latex.contains("in form 40.0 (2 of 5) \\\\ chance 25.0, p = 0."))
    #expect(report.terminalText.contains("in form 40.0 (2 of 5), chance 25.0, p = 0."))
    let note = try #require(report.notes.first { $0.hasPrefix("In form: right among") })
    #expect(note.contains("; chance: how often blind guessing is right") && note.hasSuffix("."))
    #expect(!note.contains("of answers"))
  }

  @Test func completionsOfAProblemAreOneClusterOverSeeds() throws {
    let one = try report([("base", 1, ["RR", "RW", "WW", "WW"])])
    let twice = try report([
      ("base", 1, ["RR", "RW", "WW", "WW"]), ("base", 2, ["RR", "RW", "WW", "WW"]),
    ])
    let (a, b) = (one.rows[0].cells[0].ability, twice.rows[0].cells[0].ability)
    let (p, q) = (try #require(a?.aboveChance?.pValue), try #require(b?.aboveChance?.pValue))
    #expect(b?.all.count == 16 && abs(p - q) < 1e-9, "\(p) and \(q): a copy adds nothing")
  }

  @Test func allInFormNeedsNoSecondAccuracy() throws {
    let report = try report([("base", 1, ["RW", "WW", "RR"])])
    #expect(lines(report).hasPrefix("chance 25.0, p = 0."))
    #expect(!report.notes.contains { $0.contains("n form:") }, "\(report.notes)")
  }

  /// The base model writes no tags, but answers.
  @Test func answersAreTestedWhereTheFormIsRare() throws {
    let report = try report([("base", 1, ["rw", "ww", "r-", "--"])])
    let text = lines(report)
    #expect(text.hasPrefix("of answers 40.0 (2 of 5), chance 25.0, p = 0."), "\(text)")
    #expect(report.notes.contains { $0.hasPrefix("Of answers: right among those that could") })
    #expect(report.notes.contains("No completion in form: base / accuracy."))
    let rare = try self.report([("base", 1, Array(repeating: "ww", count: 10) + ["Rw"])])
    #expect(lines(rare).hasPrefix("chance 25.0"), "all 22 can be read, one is in form")
    let silent = try self.report([("base", 1, ["--", "--"])])
    #expect(lines(silent) == "")
  }

  @Test func openAnswersHaveNoChance() throws {
    let some = try report([("base", 1, ["RR", "Ww", "--"])], chance: nil)
    #expect(lines(some) == "in form 66.7 (2 of 3)")
    let note = try #require(some.notes.first { $0.hasPrefix("In form") })
    #expect(!note.contains("chance"))
    let none = try report([("base", 1, ["rw", "ww"]), ("warmed", 1, ["RR", "RW"])], chance: nil)
    #expect(lines(none, row: 0) == "" && lines(none, row: 1) == "")
    #expect(none.notes.contains("No completion in form: base / accuracy."))
  }

  @Test func itIsSaidOfAccuraciesInPercentAlone() throws {
    let runs = [("base", 1, ["RW", "Rw"])]
    #expect(try report(runs) { $0.ability = false }.rows[0].cells[0].ability == nil)
    #expect(try report(runs) { $0.format = [.decimal] }.rows[0].cells[0].ability == nil)
    #expect(try report(runs) { $0.value = ["scores.wrong"] }.rows[0].cells[0].ability == nil)
    #expect(try report(runs) { $0.value = ["scores.correct"] }.rows[0].cells[0].ability != nil)
  }

  /// The interval of a ratio of one run is that of the rate among the completions that count.
  @Test(
    arguments: [
      (["Rw", "RW", "-W", "wW"], [1.0, 1, 0, 0], [1.0, 2, 1, 1]),
      (["WW", "W-", "--"], [0, 0, 0], [2, 1, 0]), (["RR", "R-", "--"], [2, 1, 0], [2, 1, 0]),
    ], ["accuracy_in_form", "accuracy_worked"])
  func ratesAmongSomeHaveExactBounds(
    _ counts: (problems: [String], right: [Double], count: [Double]), _ value: String
  ) throws {
    let (problems, right, count) = counts
    let report = try report([("base", 1, problems)]) { $0.value = ["scores." + value] }
    let found = try #require(report.rows[0].cells[0].estimate?.interval())
    let rate = try #require(ClusteredRate(counted: right, of: count))
    let bounds = rate.bounds(tail: 0.025)
    #expect(abs(found.lowerBound - bounds.lowerBound * 100) < 1e-6)
    #expect(abs(found.upperBound - bounds.upperBound * 100) < 1e-6)
    #expect(found.upperBound - found.lowerBound > 10)
    let p = try #require(self.report([("base", 1, problems)]).rows[0].cells[0].ability?.aboveChance)
    #expect(p.pValue == rate.pValue(above: 0.25))
  }

  @Test func severalRunsKeepTheLimitsOfARate() throws {
    let runs = [
      ("base", 1, ["WW", "W-"]), ("base", 2, ["WW", "WW"]), ("base", 10, ["-W", "WW"]),
    ]
    let report = try report(runs) { $0.value = ["scores.accuracy_in_form"] }
    let interval = try #require(report.rows[0].cells[0].estimate?.interval())
    #expect(interval.lowerBound == 0 && interval.upperBound > 20, "\(interval)")
  }

  /// A number that no run varies in has no interval rather than one of no width.
  @Test func theSameEverywhereHasNoInterval() throws {
    let report = try report([("base", 1, ["RW", "RW"])]) { $0.value = ["scores.chance"] }
    #expect(report.rows[0].cells[0].mean == 25)
    #expect(report.rows[0].cells[0].estimate?.interval() == nil)
  }

  @Test func theNumbersAreInTheFile() throws {
    let csv = try report([("base", 1, ["Rw", "RW", "-W", "wW"])]).csv
    let lines = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let fields = Dictionary(uniqueKeysWithValues: zip(lines[0], lines[1]))
    #expect(fields["completions"] == "8" && fields["in_form"] == "5")
    #expect(fields["accuracy_in_form"] == "40" && fields["chance"] == "25")
    #expect(fields["chance_basis"] == "in form" && fields["chance_right"] == "2")
    #expect(fields["chance_of"] == "5")
    #expect(fields["above_chance_p"]?.hasPrefix("0.") == true)
  }
}
