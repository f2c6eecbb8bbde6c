import Base
import Tasks
import Testing

@Suite struct MMLUProTaskTests {
  private let row: [String: JSONValue] = [
    "question": "?", "category": "law", "options": ["w", "x", "y", "z"], "answer": "C",
  ]

  @Test(arguments: [
    ("\\boxed{C}", "C"), ("\\boxed{B} then \\boxed{C}", "B"), ("\\boxed{\\text{C}}", "C"),
    ("\\boxed{ C }", "C"), ("\\boxed{\\text{ C } }", "C"), ("\\boxed{CD} so B", "B"),
    ("<answer> C </answer>", "C"), ("<answer>C. yes, A</answer>", "C"),
    ("<answer>C. two\nlines A</answer>", "A"), ("<answer>\nC.\nx</answer>", "C"),
    ("A or B, then. D", "D"), ("a b c", nil), ("The A-team_B", "A"), ("É C É", "C"),
    ("\\boxed{K} x", nil), ("I", "I"), ("", nil), ("AC", nil), ("\u{4e2d}C", nil),
  ])
  func paperExtraction(_ completion: String, _ letter: String?) throws {
    #expect(try verdict(completion, .evaluate).extracted == letter)
  }

  @Test(arguments: [
    ("I think A. </think> <answer> \\boxed{C} </answer>", Outcome.correct, Outcome.correct),
    ("x </think> <answer>C. w</answer>", .correct, .correct),
    ("x </think> <answer>C. w, not A</answer>", .wrong, .correct),
    ("x </think> <answer>not A but C</answer>", .correct, .noAnswer),
    ("x </think> <answer>(C)</answer>", .correct, .correct),
    ("x </think> <answer>dunno</answer>", .noAnswer, .noAnswer),
    ("x \\boxed{C}", .badFormat, .badFormat),
    ("x </think> <answer>\\boxed{B}</answer>", .wrong, .wrong),
  ])
  func training(_ completion: String, _ paper: Outcome, _ strict: Outcome) throws {
    #expect(try verdict(completion, .train).outcome == paper)
    #expect(try verdict(completion, .train, "strict@1").outcome == strict)
  }

  @Test func strictReadsTheAnswerAndNotTheThinking() throws {
    let text = "\\boxed{C} first </think> <answer> \\boxed{A} </answer>"
    #expect(try verdict(text, .evaluate).outcome == .correct)
    #expect(try verdict(text, .evaluate, "strict@1").outcome == .wrong)
    let cut = "It is A </think> so"
    #expect(try verdict(cut, .evaluate).extracted == "A")
    #expect(try verdict(cut, .evaluate, "strict@1").outcome == .noAnswer)
  }

  @Test func guessesAreKeptApartAndDependOnTheItemAlone() throws {
    let items = (0..<400).map { GradingItem(row: row, completion: "?", id: "item \($0)") }
    let rules = GradingRules(use: .evaluate, seed: 3)
    let verdicts = try MMLUProTask().grade(items, rules)
    let reversed = try MMLUProTask().grade(items.reversed(), rules)
    #expect(verdicts == reversed.reversed())
    #expect(verdicts.allSatisfy { $0.outcome == .noAnswer })
    let hits = verdicts.filter(\.guessed).count
    #expect((70...130).contains(hits), "a quarter of 400, give or take: \(hits)")
    let other = try MMLUProTask().grade(items, GradingRules(use: .evaluate, seed: 4))
    #expect(other != verdicts)
    #expect(try MMLUProTask().grade(items, GradingRules(use: .train)).allSatisfy { !$0.guessed })
  }

  private func verdict(
    _ completion: String, _ use: TaskUse, _ verifier: String = "paper"
  ) throws -> Verdict {
    let item = GradingItem(row: row, completion: completion, id: "1")
    return try MMLUProTask().grade([item], GradingRules(use: use, verifier: verifier))[0]
  }
}
