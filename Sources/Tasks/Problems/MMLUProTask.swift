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
  package func creditsGuesses(_ verifier: String) -> Bool { verifier == "mmlu_pro@paper" }
  /// The paper's layouts.
  package func defaultTemplate(for use: TaskUse) -> String { "mmlu_pro_\(use.rawValue)" }
  /// `load_mmlupro` of the authors' `dataset_loader.py`, where an answer that cannot be read counts
  /// as a wrong one.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -0.5, badFormat: -2, timeout: -0.5)
  }

  /// One of the options that count.
  package func chance(of row: [String: JSONValue]) -> Double? {
    let count = Self.countedOptions(of: row).count
    return count > 0 ? 1 / Double(count) : nil
  }

  /// Ten different words, two of them words or numbers of the question or its options; or two steps.
  package func works(_ completion: String, on row: [String: JSONValue]) -> Bool {
    let problem = [Problems.question(of: row) ?? ""] + Self.countedOptions(of: row)
    let working = Working(
      of: completion, on: problem.joined(separator: "\n"),
      before: ["\\boxed", "\\fbox", "answer is", "answer:"])
    return working.hasWords(10, ofProblem: 2) || working.hasSteps(2)
  }

  /// Reads a letter and compares it with the row's `answer`. With the paper's rules an evaluation
  /// also says whether a guess would have hit where no letter can be read.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let verifier = try verifier(named: rules.verifier)
    let isPaper = creditsGuesses(verifier)
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

  /// Takes `(C)`, `c`, `C.` and the like as `C`. The letter must be that of an option, and that of
  /// `answer_index` where the row has one.
  package func checked(_ row: [String: JSONValue]) throws -> [String: JSONValue] {
    let found = row["answer"] ?? .null
    let count = row["options"]?.array == nil ? 10 : Self.countedOptions(of: row).count
    let letter = found.string.flatMap(Self.goldLetter)
    let place = letter.flatMap { Self.letters.prefix(count).firstIndex(of: $0) }
    guard let letter, let place else {
      throw TaskError.unreadableGold(
        column: "answer", found: found.text,
        expected: count > 0
          ? "the letter of an option, from A to \(Self.letters[min(count, Self.letters.count) - 1])"
          : "the letter of an option, and the row has no options")
    }
    if let index = row["answer_index"], index != .null, index.integer != place,
      !Self.isKnownContradiction(row)
    {
      throw TaskError.unreadableGold(
        column: "answer", found: found.text,
        expected: "the letter that 'answer_index' (\(index.text)) counts from 0")
    }
    return row.merging(["answer": .string(letter)]) { $1 }
  }

  /// One published row contradicts itself; its letter counts, as with the authors.
  private static func isKnownContradiction(_ row: [String: JSONValue]) -> Bool {
    row["question_id"]?.integer == 3983 && row["answer"]?.string == "C"
      && row["answer_index"]?.integer == 1
  }

  /// The letter of a gold that is a letter but for its case, brackets, a full stop and white space.
  private static func goldLetter(_ text: String) -> String? {
    var bare = Substring(text.stripped)
    if bare.hasSuffix(".") { bare = bare.dropLast() }
    if bare.hasPrefix("("), bare.hasSuffix(")") { bare = bare.dropFirst().dropLast() }
    let letter = bare.stripped
    guard letter.utf8.count == 1 else { return nil }
    return letters.first { $0 == letter.uppercased() }
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
