import Base
import Foundation
import OrderedCollections
import Tasks
import TestSupport
import Testing

/// Equal tables give equal files, so the order of columns is part of what is expected here.
@Suite struct TablesTests {
  private static let completions = Completions(rows: [
    Completions.row(
      problem: 0, problemID: "a", sample: 0, prompt: "1 + 1?", text: "Two: \\boxed{2}.", tokens: 7,
      isTruncated: false),
    Completions.row(
      problem: 1, problemID: "b", sample: 0, prompt: "2 + 2?", text: "Hm, größer", tokens: 3,
      isTruncated: true),
  ])
  private static let verdicts = [
    Verdict(.correct, extracted: "2"), Verdict(.noAnswer, guessed: true),
  ]
  private static let problems = Problems(
    rows: [["id": "a", "problem": "1 + 1?"], ["id": "b", "problem": "2 + 2?"]], task: "math")

  private static func scores(_ attributes: [String: String] = [:]) throws -> Scores {
    try Scores(completions, verdicts, of: problems, MathTask(), attributes: attributes)
  }

  @Test func completionsHaveTheseColumns() throws {
    let expected = try RowTable(columns: [
      "id": .strings(["a#0", "b#0"]), "problem": .integers([0, 1]),
      "problem_id": .strings(["a", "b"]), "sample": .integers([0, 0]),
      "prompt": .strings(["1 + 1?", "2 + 2?"]),
      "completion": .strings(["Two: \\boxed{2}.", "Hm, größer"]), "tokens": .integers([7, 3]),
      "truncated": .booleans([false, true]),
    ])
    #expect(Self.completions.table == expected)
  }

  @Test func scoresHaveTheseColumns() throws {
    let expected = try RowTable(
      columns: [
        "id": .strings(["a#0", "b#0"]), "problem_id": .strings(["a", "b"]),
        "sample": .integers([0, 0]), "outcome": .strings(["correct", "no_answer"]),
        "correct": .booleans([true, false]), "extracted": .strings(["2", ""]),
        "guessed": .booleans([false, true]), "in_form": .booleans([false, false]),
        "worked": .booleans([false, false]),
        "completion": .strings(["Two: \\boxed{2}.", "Hm, größer"]), "problem": .integers([0, 1]),
        "prompt": .strings(["1 + 1?", "2 + 2?"]), "tokens": .integers([7, 3]),
        "truncated": .booleans([false, true]),
      ], attributes: ["task": "math"])
    #expect(try Self.scores(["task": "math"]).table == expected)
  }

  @Test func scoresKnowChanceAndCategory() throws {
    let problems = Problems(
      rows: [
        ["id": "a", "question": "?", "options": ["x", "y"], "category": "law"],
        ["id": "b", "question": "?", "options": ["x", "y", "z", "w"], "category": "physics"],
      ], task: "mmlu_pro")
    let completions = Completions(
      rows: ["so </think> <answer>A</answer>", "A"].enumerated().map { problem, text in
        Completions.row(
          problem: 1 - problem, problemID: "x", sample: 0, prompt: "?", text: text, tokens: 1,
          isTruncated: false)
      })
    let scores = try Scores(completions, Self.verdicts, of: problems, MMLUProTask())
    #expect(try scores.inForm == [true, false])
    #expect(try scores.chances == [0.25, 0.5] && scores.categories == ["physics", "law"])
  }

  @Test func rolloutsHaveTheseColumns() throws {
    let rollouts = Rollouts(rows: [
      Rollouts.row(
        step: 1, problemID: "a", sample: 0, reward: 2, outcome: .correct, text: "So.", tokens: 2,
        isTruncated: false),
      Rollouts.row(
        step: 2, problemID: "a", sample: 1, reward: -0.5, outcome: .badFormat, text: "", tokens: 4,
        isTruncated: true),
    ])
    let expected = try RowTable(columns: [
      "step": .integers([1, 2]), "problem_id": .strings(["a", "a"]), "sample": .integers([0, 1]),
      "reward": .numbers([2, -0.5]), "outcome": .strings(["correct", "bad_format"]),
      "completion": .strings(["So.", ""]), "tokens": .integers([2, 4]),
      "truncated": .booleans([false, true]),
    ])
    #expect(rollouts.table == expected)
  }

  @Test func tracesHaveTheseColumns() throws {
    let row = Traces.row(
      id: "a/trace", problemID: "a", prompt: "1 + 1?", text: "Two.", style: "short")
    let judged = Traces.row(
      id: "a/trace", problemID: "a", prompt: "1 + 1?", text: "Two.", isAccepted: false,
      reason: "wrong answer", style: "model", outcome: .wrong)
    func expected(_ accepted: Bool, _ reason: String, _ style: String) -> OrderedDictionary<
      String, RowTable.Column
    > {
      [
        "id": .strings(["a/trace"]), "problem_id": .strings(["a"]), "prompt": .strings(["1 + 1?"]),
        "completion": .strings(["Two."]), "accepted": .booleans([accepted]),
        "reason": .strings([reason]), "style": .strings([style]),
      ]
    }
    #expect(Traces(rows: [row]).table == (try RowTable(columns: expected(true, "", "short"))))
    var columns = expected(false, "wrong answer", "model")
    columns["outcome"] = .strings(["wrong"])
    #expect(Traces(rows: [judged]).table == (try RowTable(columns: columns)))
  }

  @Test func columnsHaveTheirTypes() throws {
    let scores = try Self.scores()
    #expect(try scores.outcomes == [.correct, .noAnswer])
    #expect(try scores.problemIDs == ["a", "b"] && scores.problems == [0, 1])
    #expect(try scores.extracted == ["2", ""] && scores.guessed == [false, true])
    #expect(try scores.tokens == [7, 3] && scores.truncated == [false, true])
    #expect(try Self.completions.ids == ["a#0", "b#0"])
  }

  @Test func onlyTheColumnsAskedForAreRead() throws {
    let folder = try ScratchFolder()
    let file = folder.file(Scores.fileName)
    try Self.scores().table.write(to: file)
    let scores = try Scores(contentsOf: file, columns: [.outcome, .step])
    #expect(scores.count == 2 && Set(scores.table.row(0).keys) == ["outcome"])
    #expect(throws: RowTableError.self) { try scores.problemIDs }
  }

  @Test func anUnknownVerdictIsNone() {
    let scores = Scores(rows: [["outcome": "right"]])
    #expect(throws: RowTableError.self) { try scores.outcomes }
  }

  @Test func problemsKnowTheirTask() throws {
    var problems = Problems(rows: [["id": "a", "problem": "1 + 1?"]], task: "math")
    #expect(try problems.task.name == "math" && problems.ids == ["a"])
    #expect(problems.warning == nil)
    problems.warning = "leaks"
    #expect(problems.table.attributes == ["task": "math", "warning": "leaks"])
    #expect(throws: TaskError.self) { try Problems(RowTable(rows: [])).task }
  }

  @Test(
    arguments: [
      ("4", "4"), ("-12", "-12"), ("0.5", "0.5"), ("4.0", "4"), (#""\\frac12""#, "\\frac12"),
      ("1e-9", nil), ("true", nil), ("null", nil), ("[4]", nil),
    ] as [(String, String?)])
  func numbersAreAnswers(_ json: String, _ text: String?) throws {
    #expect(try JSONValue(parsing: Data(json.utf8)).answerText == text)
    #expect(try Problems.answer(of: ["answer": JSONValue(parsing: Data(json.utf8))]) == text)
  }
}
