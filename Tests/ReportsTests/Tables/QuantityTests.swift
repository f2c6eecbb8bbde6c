import Base
import OrderedCollections
import Reports
import Runner
import Testing

/// Published values are held against ours where both are the same kind of mean, and nowhere else.
@Suite struct QuantityTests {
  /// Two categories, one of three problems right in each; of the two wrong ones one is guessed.
  private func report(
    _ entry: String, verifier: String = "mmlu_pro@paper",
    categories: [String] = ["law", "physics"],
    _ change: (inout TableSpecification) -> Void = { _ in }
  ) throws -> TableReport {
    let rows = (0..<6).map { problem -> [String: JSONValue] in
      [
        "problem": .integer(problem), "problem_id": .string("p\(problem)"),
        "outcome": problem < 2 ? "correct" : "no_answer", "guessed": .boolean(problem == 2),
        "category": .string(categories[problem % categories.count]), "tokens": 10,
      ]
    }
    var fixture = ReportFixture()
    fixture.add(
      "scores", ["start": "base", "seed": 1],
      ["accuracy": 0.33, "accuracy_with_guesses": 0.5, "verifier": .string(verifier)],
      tables: ["scores.h5": RowTable(rows: rows)])
    var specification = ReportFixture.table
    (specification.baseline, specification.model) = ([:], "M")
    change(&specification)
    let table = try PublishedTable(
      text: "source: Doe\nunit: percent\npasses: 4\nmodel: M\nwith_guesses: false\nmacro: none\n"
        + "values:\n  - {at: {start: base}, value: accuracy, mean: 50, deviation: 1\(entry)}\n")
    return try TableReport(
      name: "main", specification, data: fixture.data, published: [table])
  }

  private func refusal(_ report: TableReport) -> String? {
    report.rows[0].cells[0].published?.refusal
  }

  @Test func anotherQuantityHasNoVerdict() throws {
    let report = try report(", with_guesses: true, macro: category")
    let words = "published is a mean over categories with guesses, ours is a mean over problems "
    #expect(refusal(report) == "not the same quantity: \(words)without guesses")
    #expect(report.rows[0].cells[0].published?.verdict == "another quantity")
    #expect(report.rows[0].cells[0].published?.comparison == nil)
    #expect(report.verdicts == ["base / accuracy: not the same quantity: \(words)without guesses."])
    #expect(report.markdown.contains("published 50.0 ± 1.0: another quantity"))
    #expect(report.html.contains("Verdicts: 1 of another quantity"))
    #expect(report.csv.contains(",another quantity,\"not the same quantity: "))
  }

  @Test func theSameQuantityIsCompared() throws {
    let plain = try report("")
    #expect(refusal(plain) == nil && plain.rows[0].cells[0].published?.comparison != nil)
    let asPublished = try report(", with_guesses: true, macro: category") {
      ($0.value, $0.macro) = (["scores.accuracy_with_guesses"], .category)
    }
    #expect(refusal(asPublished) == nil)
    #expect(asPublished.rows[0].cells[0].published?.comparison != nil)
    #expect(asPublished.columns[0].metric == "scores.accuracy_with_guesses_macro")
    #expect(asPublished.columns[0].format == .percent)
    #expect(asPublished.notes.contains { $0.contains("the mean over the categories") })
    let half = try report(", with_guesses: true, macro: category") {
      $0.value = ["scores.accuracy_with_guesses"]
    }
    #expect(
      refusal(half)?.hasSuffix("ours is a mean over problems with guesses") == true)
  }

  /// The name alone does not make it the paper's quantity, nor another one.
  @Test func whatIsMeasuredCountsAndNotTheName() throws {
    let strict = try report(", with_guesses: true", verifier: "mmlu_pro@strict@2") {
      $0.value = ["scores.accuracy_with_guesses"]
    }
    #expect(refusal(strict)?.hasSuffix("ours is a mean over problems without guesses") == true)
    // MATH has neither guesses nor categories.
    let math = try report("", verifier: "math@2", categories: [""]) {
      ($0.value, $0.macro) = (["scores.accuracy_with_guesses"], .category)
    }
    #expect(refusal(math) == nil && math.rows[0].cells[0].published?.comparison != nil)
  }

  /// Where both are shown, the published value stands beside what it is.
  @Test func ofTwoColumnsTheSameQuantityIsTaken() throws {
    let report = try report(", with_guesses: true") {
      $0.value = ["scores.accuracy", "scores.accuracy_with_guesses"]
    }
    let published = report.rows[0].cells.map(\.published)
    #expect(published[0] == nil && published[1]?.comparison != nil)
  }

  @Test func whatAFileDoesNotSayIsNotHeldAgainstIt() throws {
    var fixture = ReportFixture.scores
    fixture.addScores(["start": "warmed", "seed": 10], ["a": 1, "b": 2])
    let table = try PublishedTable(
      text: "source: Doe\nvalues:\n  - {at: {start: warmed}, mean: 50, deviation: 1}\n")
    let report = try TableReport(
      name: "main", ReportFixture.table, data: fixture.data, published: [table])
    #expect(report.rows[0].cells[0].published?.refusal == nil)
  }
}
