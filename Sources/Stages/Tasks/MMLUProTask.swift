import Foundation
import Runner

/// Multiple choice (MMLU-Pro): rows with `question`, `options`, `answer` and `category`.
public struct MMLUProTask: TaskDefinition {
  /// Nothing to set.
  public init() {}
  /// The name in recipes.
  public var name: String { "mmlu_pro" }
  /// The paper's extraction, and one that reads the answer only where it is given.
  public var verifiers: [String] { ["mmlu_pro@paper", "mmlu_pro@strict"] }
  /// The reference answer.
  public var goldColumn: String? { "answer" }
  /// The paper's layouts.
  public func defaultTemplate(for use: TaskUse) -> String { "mmlu_pro_\(use.rawValue)" }
  /// `load_mmlupro` of the authors' `dataset_loader.py`, where an answer that cannot be read counts
  /// as a wrong one.
  public var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -0.5, badFormat: -2, timeout: -0.5)
  }

  /// Reads a letter and compares it with the row's `answer`. With the paper's rules an evaluation
  /// also says whether a guess would have hit where no letter can be read.
  public func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let isStrict = try verifier(named: rules.verifier) == "mmlu_pro@strict"
    return try items.map { item in
      let answer = try item.row.text("answer", for: "the task 'mmlu_pro'").stripped
      var text = item.completion
      if rules.use == .train {
        guard let inside = ResponseFormat.strictAnswer(in: text) else { return Verdict(.badFormat) }
        text = isStrict ? inside : inside.stripped
      } else if isStrict {
        text = ChoiceLetter.answerText(in: text)
      }
      let letter = isStrict ? ChoiceLetter.strict(in: text) : ChoiceLetter.paper(in: text)
      if let letter {
        return Verdict(letter == answer ? .correct : .wrong, extracted: letter)
      }
      let guesses = rules.use == .evaluate && !isStrict
      return Verdict(.noAnswer, guessed: guesses && Self.guess(item, rules.seed) == answer)
    }
  }

  /// The options that count, each with its letter on a line: `A. …`.
  static func list(_ options: [String]) -> String {
    let lines = zip(letters, options.filter { $0 != "N/A" }).map { "\($0). \($1)\n" }
    return lines.joined()
  }

  private static let letters = "ABCDEFGHIJKLMNOP".map(String.init)

  /// A uniformly random option that depends on the seed and the item alone, never on the order in
  /// which completions are judged.
  private static func guess(_ item: GradingItem, _ seed: UInt64) -> String? {
    let options = item.row["options"]?.array?.filter { $0.string != "N/A" } ?? []
    let count = UInt64(min(options.count, letters.count))
    guard count > 0 else { return nil }
    let digest = SHA256Digest.hex(of: Data("guess/\(seed)/\(item.id)".utf8))
    let number = UInt64(digest.prefix(15), radix: 16) ?? 0
    return letters[Int(number % count)]
  }
}
