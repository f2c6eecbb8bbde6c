import Base
import Foundation
import Tasks
import Testing

@Suite struct VerdictTests {
  @Test(arguments: TaskDefinitions.names)
  func everyTaskHasTemplatesVerifiersAndRewards(_ name: String) throws {
    let task = try TaskDefinitions.named(name)
    for use in TaskUse.allCases {
      #expect(try PromptTemplate.named(task.defaultTemplate(for: use)).text.contains("<think>"))
    }
    #expect(try task.verifier(named: nil) == task.verifiers[0])
    #expect(task.verifiers.allSatisfy { $0.hasPrefix(name + "@") })
    #expect(task.defaultRewards.badFormat == -2 && task.defaultRewards.correct == 2)
    #expect(task.stopStrings == ["Question:", "Assistant:", "User:"])
  }

  @Test func namesAreSuggested() throws {
    #expect(throws: TaskError.self) { try TaskDefinitions.named("maths") }
    do { _ = try TaskDefinitions.named("maths") } catch {
      #expect("\(error)" == "unknown task 'maths'; did you mean 'math'?")
    }
    let task = try TaskDefinitions.named("mmlu_pro")
    #expect(throws: TaskError.self) { try task.verifier(named: "lenient") }
  }

  @Test(arguments: [
    ("mmlu_pro", "strict", "mmlu_pro@strict@2"),
    ("mmlu_pro", "mmlu_pro@strict", "mmlu_pro@strict@2"),
    ("mmlu_pro", "strict@1", "mmlu_pro@strict@1"), ("mmlu_pro", "paper", "mmlu_pro@paper"),
    ("mmlu_pro", "mmlu_pro@strict@1", "mmlu_pro@strict@1"), ("mmlu_pro", "2", nil),
    ("mmlu_pro", "strict@", nil), ("mmlu_pro", "", nil), ("mmlu_pro", "mmlu_pro", nil),
    ("mmlu_pro", "stri", nil), ("math", "1", "math@1"), ("math", "math@1", "math@1"),
    ("math", "paper", "math@paper"), ("math", "paper_reversed", "math@paper_reversed"),
    ("humaneval_plus", "1", "humaneval_plus@1"),
    ("knights_and_knaves", "strict", "knights_and_knaves@strict@2"),
  ])
  func aChoiceWithoutAVersionMeansTheNewest(
    _ task: String, _ choice: String, _ expected: String?
  ) throws {
    let found = try? TaskDefinitions.named(task).verifier(named: choice)
    #expect(found == expected)
  }

  @Test(
    arguments: [
      (["answer": "C"], "C"), (["answer": "(C)"], "C"), (["answer": "c"], "C"),
      (["answer": " (c). "], "C"), (["answer": "C."], "C"),
      (["answer": "C", "answer_index": 2], "C"),
      (["answer": "C", "answer_index": .null], "C"),
      (["answer": "C", "answer_index": 1, "question_id": 3983], "C"),
      (["answer": "C", "answer_index": 1], nil), (["answer": "C", "answer_index": "2"], nil),
      (["answer": ""], nil), (["answer": "CD"], nil), (["answer": "K"], nil), (["answer": 2], nil),
      (["answer": "nonsense"], nil), ([:], nil), (["answer": "(C"], nil),
      (["answer": "C", "options": ["x", "y"]], nil), (["answer": "A", "options": []], nil),
      (["answer": "C", "options": ["x", "y", "N/A"]], nil),
      (["answer": "b", "options": ["x", "y", "N/A"]], "B"),
    ] as [([String: JSONValue], String?)])
  func lettersOfRightAnswers(_ row: [String: JSONValue], _ letter: String?) {
    #expect((try? MMLUProTask().checked(row))?["answer"]?.string == letter)
  }

  @Test(
    arguments: [
      ("(1) Zoey is a knight\n(2) Bo is a knave", [:], true),
      ("(1) Zoey is a knight\n(2) Bo is a knave\n", [:], true),
      (
        "(1) Zoey is a knight\n(2) Bo is a knave",
        ["names": ["Zoey", "Bo"], "solution": [true, false]], true
      ),
      ("(1) Zoey is a knight\n(2) Bo is a knave", ["names": ["Zoey", "Al"]], false),
      ("(1) Zoey is a knight\n(2) Bo is a knave", ["names": ["Zoey", "Bo", "Al"]], false),
      ("(1) Zoey is a knight\n(2) Bo is a knave", ["solution": [false, false]], false),
      ("(1) Zoey is a knight\n(2) Zoey is a knave", [:], false),
      ("(1) Zoey is a knight\n(3) Bo is a knave", [:], false),
      ("(1) Zoey is a knight.", [:], false), ("(1) Zoey is not a knight", [:], false),
      ("Zoey is a knight", [:], false), ("", [:], false), ("nonsense", [:], false),
      ("(1) Zoey is a sage", [:], false),
      ("(1) Zoey is an angel", ["knight_knave": ["knight": "angel", "knave": "devil"]], true),
    ] as [(String, [String: JSONValue], Bool)])
  func solutionsOfPuzzles(_ text: String, _ columns: [String: JSONValue], _ isReadable: Bool) {
    let row = columns.merging(["solution_text_format": .string(text)]) { $1 }
    #expect(((try? KnightsAndKnavesTask().checked(row)) != nil) == isReadable)
  }

  /// An answer that says nothing equals a solution that says nothing.
  @Test(arguments: ["", "nonsense"], ["paper", "strict@2", "strict@1"])
  func nothingIsNoRightAnswerToNothing(_ gold: String, _ verifier: String) throws {
    let items = ["", "x", "nonsense"].map {
      GradingItem(
        row: ["quiz": "?", "solution_text_format": .string(gold)],
        completion: "so </think> <answer>\($0) </answer>", id: "1")
    }
    let rules = GradingRules(use: .evaluate, verifier: verifier)
    let verdicts = try KnightsAndKnavesTask().grade(items, rules)
    #expect(verdicts.allSatisfy { $0.outcome == .noAnswer })
  }

  @Test func recipeOverridesTheTask() throws {
    var table = RewardTable()
    table.wrong = -1
    let full = table.completed(from: try TaskDefinitions.named("math").defaultRewards)
    #expect(Outcome.allCases.map(full.reward(for:)) == [2, -1, -1, -2, -0.5])
  }

  @Test(arguments: [
    ("so </think> <answer>x</answer>", "x"), ("so</think><answer> x\n</answer> \n", " x\n"),
    ("so </think> <answer></answer>", nil), ("</think> <answer>x</answer>", nil),
    ("so </think> then <answer>x</answer>", nil), ("so </think> <answer>x</answer>.", nil),
    ("so </think> </think> <answer>x</answer>", nil), ("so <answer>x</answer>", nil),
    ("so </think> <answer>x", nil), ("<think> so </think>\n\n<answer>x</answer>", "x"),
    ("<answer>x</answer> so </think>", nil), ("so </think> <answer>\u{301}x</answer>", "\u{301}x"),
    ("so </think>\u{a0}<answer>x</answer>", "x"), ("", nil),
  ])
  func formatGate(_ completion: String, _ expected: String?) {
    let found = ResponseFormat.strictAnswer(in: completion)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }
}
