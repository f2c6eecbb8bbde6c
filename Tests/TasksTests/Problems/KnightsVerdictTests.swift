import Base
import Tasks
import Testing

@Suite struct KnightsVerdictTests {
  private let row: [String: JSONValue] = [
    "quiz": "?", "solution_text_format": "(1) Zoey is a knight\n(2) Oliver is a knave",
  ]

  /// The first column is what the authors' `load_kk` says, the second what a person would.
  @Test(arguments: [
    ("(1) Zoey is a knight\n(2) Oliver is a knave", Outcome.correct, Outcome.correct),
    ("(1) zoey: KNIGHT\n(2) Oliver = Knave", .noAnswer, .correct),
    ("(1) Zoey is not a knight\n(2) Oliver is a knave", .correct, .wrong),
    ("(1) Zoey is a knight.\n(2) Oliver is a knave.", .wrong, .correct),
    ("(1) Zoey is a knave\n(2) Oliver is a knave", .wrong, .wrong),
    ("Zoey is a knight\nOliver is a knave", .noAnswer, .correct),
    ("(1) Zoey is a knight", .wrong, .wrong),
    ("(1) Bob is a knight\n(2) Oliver is a knave", .noAnswer, .noAnswer),
    ("(1) Zoey is a liar\n(2) Oliver is a knave", .noAnswer, .wrong),
    ("Zoey is a knight, and Oliver is a knave", .noAnswer, .correct),
    ("(1) Zoey is a knight, not a knave\n(2) Oliver isn't a knight", .wrong, .correct),
    ("(1) Zoey is a knight\n(1) Zoey is a knave\n(2) Oliver is a knave", .wrong, .wrong),
    ("x", .wrong, .noAnswer), ("Knights: Zoey. Knaves: Oliver", .noAnswer, .noAnswer),
  ])
  func answers(_ answer: String, _ paper: Outcome, _ strict: Outcome) throws {
    #expect(try outcome(answer, "paper") == paper)
    #expect(try outcome(answer, "strict@1") == strict)
  }

  @Test(arguments: ["strict@1", "strict@2"])
  func rolesOfPerturbedPuzzles(_ verifier: String) throws {
    var other = row
    other["knight_knave"] = ["knight": "sage", "knave": "fool"]
    other["solution_text_format"] = "(1) Zoey is a sage\n(2) Oliver is a sage\n(3) Ann is a fool"
    let text = "a </think> <answer>Zoey and Oliver are sages; Ann is not a sage</answer>"
    let item = GradingItem(row: other, completion: text, id: "1")
    let rules = GradingRules(use: .train, verifier: verifier)
    #expect(try KnightsAndKnavesTask().grade([item], rules)[0].outcome == .correct)
  }

  @Test func evaluationReadsAnAnswerThatIsNotClosed() throws {
    let text = "a </think> <answer> (1) Zoey is a knight\n(2) Oliver is a knave "
    let item = GradingItem(row: row, completion: text, id: "1")
    #expect(
      try KnightsAndKnavesTask().grade([item], GradingRules(use: .evaluate))[0].outcome == .correct)
    #expect(
      try KnightsAndKnavesTask().grade([item], GradingRules(use: .train))[0].outcome == .badFormat)
  }

  private func outcome(_ answer: String, _ verifier: String) throws -> Outcome {
    let text = "thinking </think> <answer>\(answer)</answer>"
    let item = GradingItem(row: row, completion: text, id: "1")
    let rules = GradingRules(use: .train, verifier: verifier)
    return try KnightsAndKnavesTask().grade([item], rules)[0].outcome
  }
}
