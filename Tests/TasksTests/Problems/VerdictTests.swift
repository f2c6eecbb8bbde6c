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

  @Test func theFormatRateCountsWholeForms() {
    let completions = [
      "so </think> <answer> 4 </answer>", "4", "so </think> <answer> 4",
      "</think> <answer>4</answer>",
    ]
    #expect(ResponseFormat.rate(among: completions) == 0.25)
    #expect(ResponseFormat.rate(among: []) == nil)
  }
}

@Suite struct MathTaskTests {
  private let row: [String: JSONValue] = [
    "problem": "?", "solution": "Thus \\boxed{1} or rather $\\boxed{\\frac{1}{2}}$.",
  ]

  @Test(arguments: [
    ("a </think> <answer>\\boxed{0.5}</answer>", Outcome.correct),
    ("a </think> <answer>\\boxed{9} \\boxed{\\frac12}</answer>", .correct),
    ("a </think> <answer>\\boxed{1}</answer>", .wrong),
    ("a \\boxed{0.5} </think> <answer>0.5</answer>", .noAnswer),
    ("a </think> <answer>\\boxed{}</answer>", .noAnswer),
    ("a \\boxed{0.5}", .badFormat),
  ])
  func training(_ completion: String, _ outcome: Outcome) throws {
    #expect(try verdict(completion, .train).outcome == outcome)
  }

  @Test(arguments: [
    ("a \\boxed{0.5}", Outcome.correct), ("\\boxed{0.5} no, \\boxed{3}", .wrong),
    ("the answer is 1/2", .correct), ("I do not know", .noAnswer), ("", .noAnswer),
    ("3 </think> <answer> 0.5 </answer>", .correct),
  ])
  func evaluation(_ completion: String, _ outcome: Outcome) throws {
    #expect(try verdict(completion, .evaluate).outcome == outcome)
  }

  @Test(arguments: [
    ("the answer is 1/2", true), ("the answer is 3", true), ("I do not know", false),
    ("a \\boxed{0.5}", false), ("\\boxed{3}, that is 1/2", false), ("\\boxed{ is 1/2", true),
    ("\\fbox{0.5}", false), ("so </think> <answer>0.5</answer>", true),
  ])
  func anAnswerWithoutABoxIsMarked(_ completion: String, _ isUnboxed: Bool) throws {
    #expect(try verdict(completion, .evaluate).isUnboxed == isUnboxed)
    #expect(try !verdict("x </think> <answer>\(completion)</answer>", .train).isUnboxed)
  }

  @Test(
    arguments: [
      ["answer": 4], ["answer": 4.0], ["solution": 4], ["answer": "4", "solution": 5],
      ["answer": .null, "solution": "\\boxed{4}"],
    ] as [[String: JSONValue]])
  func numbersAreAnswers(_ row: [String: JSONValue]) throws {
    let items = ["4", "5"].map { GradingItem(row: row, completion: "\\boxed{\($0)}", id: "1") }
    let verdicts = try MathTask().grade(items, GradingRules(use: .evaluate))
    #expect(verdicts.map(\.outcome) == [.correct, .wrong])
  }

  @Test func aLineMayHaveANumberAsItsGold() throws {
    let line = #"{"id": 1, "gold": 0.5, "completion": "\\boxed{\\frac12}"}"#
    let read = try GradingLine(Data(line.utf8), number: 1, task: MathTask())
    #expect(
      try MathTask().grade([read.item], GradingRules(use: .evaluate)).map(\.outcome) == [.correct])
  }

  @Test func holesThatTrainingCouldFindAreNamed() throws {
    for task in TaskDefinitions.all {
      let named = task.verifiers.filter { task.knownHole(of: $0) != nil }
      #expect(named == (task.name == "humaneval_plus" ? Array(task.verifiers.dropFirst()) : []))
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["\\boxed{", "The answer is ", "[ "])
  func runawayTextsTakeNoMinutes(piece: String) throws {
    let text = String(repeating: piece, count: 100_000)
    let item = GradingItem(
      row: ["answer": "C", "options": ["x", "y", "z"]], completion: text, id: "1")
    let rules = GradingRules(use: .evaluate, verifier: "strict")
    #expect(try MMLUProTask().grade([item], rules).map(\.outcome) == [.noAnswer])
  }

  /// No letter can be read from a number, so every completion would be wrong.
  @Test func aChoiceIsNoNumber() {
    let item = GradingItem(
      row: ["question": "?", "options": ["x", "y"], "answer": 1], completion: "\\boxed{B}", id: "1")
    let error = #expect(throws: TaskError.self) {
      try MMLUProTask().grade([item], GradingRules(use: .evaluate))
    }
    #expect(error.map { "\($0)".contains("needs text in the column 'answer'") } == true)
  }

  @Test func rowWithoutAnswerIsAnError() {
    let item = GradingItem(row: ["problem": "?"], completion: "", id: "1")
    #expect(throws: TaskError.self) {
      try MathTask().grade([item], GradingRules(use: .evaluate))
    }
  }

  private func verdict(_ completion: String, _ use: TaskUse) throws -> Verdict {
    let item = GradingItem(row: row, completion: completion, id: "1")
    return try MathTask().grade([item], GradingRules(use: use))[0]
  }
}
