import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// Values that follow from rows, whatever a record says.
@Suite struct RecomputedValuesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func outputs(_ rows: [[String: JSONValue]], _ name: String) throws -> PublishedOutputs {
    try RowTable(rows: rows).write(to: folder.file("\(name).h5"))
    return PublishedOutputs(folder: folder.url, present: ["\(name).h5"])
  }

  /// Three problems with two completions each; the second problem right once, the third twice.
  private let scores: [[String: JSONValue]] = (0..<6).map { row in
    [
      "problem": .integer(row / 2), "problem_id": .string("p\(row / 2)"),
      "sample": .integer(row % 2),
      "outcome": .string(row < 2 ? "no_answer" : row == 2 ? "wrong" : "correct"),
      "guessed": .boolean(row == 0), "in_form": .boolean(row != 5), "worked": .boolean(row > 3),
      "tokens": .integer(10 * row), "truncated": .boolean(row == 1), "chance": .number(0.25),
    ]
  }

  @Test func evaluationsFollowFromTheirVerdicts() throws {
    let values = try EvaluateStage.recomputedValues(outputs(scores, "scores"))
    let expected: [String: Double] = [
      "accuracy": 0.5, "wrong": 1 / 6.0, "no_answer": 1 / 3.0, "bad_format": 0, "timeout": 0,
      "accuracy_with_guesses": 4 / 6.0, "format_rate": 5 / 6.0, "worked": 1 / 3.0,
      "accuracy_in_form": 2 / 5.0, "accuracy_worked": 1, "chance": 0.25, "above_chance": 0.15,
      "mean_tokens": 25, "mean_tokens_right": 40, "mean_tokens_wrong": 10, "truncated": 1 / 6.0,
      "problems": 3, "samples": 2,
    ]
    for (name, value) in expected {
      let found = try #require(values[name]?.number, "\(name)")
      #expect(abs(found - value) < 1e-12, "\(name)")
    }
    #expect(Set(values.keys).subtracting(expected.keys) == ["accuracy_standard_error"])
  }

  @Test func evaluationsWithoutVerdictsAreRefused() throws {
    let error = #expect(throws: StageError.self) {
      try EvaluateStage.recomputedValues(PublishedOutputs(folder: folder.url, present: []))
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("the verdicts are not there"))
    let row: [String: JSONValue] = ["outcome": "splendid"]
    #expect(throws: RowTableError.self) {
      try EvaluateStage.recomputedValues(outputs([row], "scores"))
    }
  }

  /// Problems that are numbered oddly are counted, and nothing is as long as the numbers are large.
  @Test func problemsMayHaveAnyNumber() throws {
    var odd = scores
    odd[0]["problem"] = .integer(.min)
    odd[1]["problem"] = .integer(.max)
    let values = try EvaluateStage.recomputedValues(outputs(odd, "scores"))
    #expect(values["problems"] == .number(4))
  }

  @Test func countsFollowFromRows() throws {
    let rows: [[String: JSONValue]] = (0..<3).map { row in
      [
        "id": .string("t\(row)"), "problem_id": "p", "prompt": "?", "completion": "four",
        "accepted": .boolean(row == 1), "reason": "", "style": "",
      ]
    }
    let values = try WriteTracesStage.recomputedValues(outputs(rows, "traces"))
    #expect(
      values == ["traces": .number(3), "mean_characters": .number(4), "accepted": .number(1)])
    let hashed = PublishedOutputs(
      folder: folder.url, present: ["traces.h5"], withoutTexts: ["traces.h5"])
    #expect(try WriteTracesStage.recomputedValues(hashed) == ["traces": .number(3)])
    #expect(
      try WriteTracesStage.recomputedValues(PublishedOutputs(folder: folder.url, present: []))
        .isEmpty)
  }
}
