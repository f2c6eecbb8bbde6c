import Base
import Foundation

/// Multiple choice (MMLU-Pro): rows with `question`, `options`, `answer` and `category`.
package struct MMLUProTask: TaskDefinition {
  package init() {}
  package var name: String { "mmlu_pro" }
  /// The paper's extraction, and two that read the answer only where it is given.
  package var verifiers: [String] {
    ["mmlu_pro@paper", "mmlu_pro@strict@2", "mmlu_pro@strict@1"]
  }
  package var goldColumn: String? { "answer" }
  /// The paper's layouts.
  package func defaultTemplate(for use: TaskUse) -> String { "mmlu_pro_\(use.rawValue)" }
  /// `load_mmlupro` of the authors' `dataset_loader.py`, where an answer that cannot be read counts
  /// as a wrong one.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -0.5, badFormat: -2, timeout: -0.5)
  }

  /// Reads a letter and compares it with the row's `answer`. With the paper's rules an evaluation
  /// also says whether a guess would have hit where no letter can be read.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let verifier = try verifier(named: rules.verifier)
    let isPaper = verifier == "mmlu_pro@paper"
    return try items.map { item in
      let answer = try item.row.text("answer", for: "the task 'mmlu_pro'").stripped
      var text = item.completion
      var isAnswer = true
      if rules.use == .train {
        guard let inside = ResponseFormat.strictAnswer(in: text) else { return Verdict(.badFormat) }
        text = isPaper ? inside.stripped : inside
      } else if !isPaper {
        let given = ChoiceLetter.answerText(in: text)
        isAnswer = given != nil
        text = given ?? text
      }
      let letter =
        switch verifier {
        case "mmlu_pro@paper": ChoiceLetter.paper(in: text)
        case "mmlu_pro@strict@1": ChoiceLetter.strict(in: text)
        default:
          ChoiceStatement.letter(
            in: text, isAnswer: isAnswer, options: Self.countedOptions(of: item.row))
        }
      if let letter {
        return Verdict(letter == answer ? .correct : .wrong, extracted: letter)
      }
      let guesses = rules.use == .evaluate && isPaper
      return Verdict(.noAnswer, guessed: guesses && Self.guess(item, rules.seed) == answer)
    }
  }

  /// The options that count, each with its letter on a line: `A. …`.
  static func list(_ options: [String]) -> String {
    let lines = zip(letters, options.filter { $0 != "N/A" }).map { "\($0). \($1)\n" }
    return lines.joined()
  }

  private static let letters = "ABCDEFGHIJKLMNOP".map(String.init)

  private static func countedOptions(of row: [String: JSONValue]) -> [String] {
    (row["options"]?.array ?? []).map { $0.string ?? $0.text }.filter { $0 != "N/A" }
  }

  /// A uniformly random option that depends on the seed and the item alone, never on the order in
  /// which completions are judged.
  private static func guess(_ item: GradingItem, _ seed: UInt64) -> String? {
    let count = UInt64(min(countedOptions(of: item.row).count, letters.count))
    guard count > 0 else { return nil }
    let digest = SHA256Digest.hex(of: Data("guess/\(seed)/\(item.id)".utf8))
    let number = UInt64(digest.prefix(15), radix: 16) ?? 0
    return letters[Int(number % count)]
  }
}
