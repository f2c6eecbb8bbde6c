import Base
import Foundation

/// Multiple choice (MMLU-Pro): rows with `question`, `options`, `answer` and `category`.
package struct MMLUProTask: TaskDefinition {
  package init() {}
  package var name: String { "mmlu_pro" }
  /// The paper's extraction, and one that reads the answer only where it is given.
  package var verifiers: [String] { ["mmlu_pro@paper", "mmlu_pro@strict"] }
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

/// Reads the letter of a chosen option from a text.
enum ChoiceLetter {
  /// The three steps of the authors' loaders, after MMLU-Pro's own script: the first `\boxed`
  /// letter; else a letter that opens an `<answer>` alone or as `X. text`; else the last capital
  /// A to J that stands alone anywhere.
  static func paper(in text: String) -> String? {
    let bytes = Array(text.utf8)
    return boxed(in: bytes) ?? tagged(in: bytes) ?? lastAlone(in: text)
  }

  /// The part of a completion in which an answer is given: the last `<answer>`, else what follows
  /// the thinking, else everything.
  static func answerText(in completion: String) -> String {
    ResponseFormat.lastAnswer(in: completion) ?? ResponseFormat.afterThinking(in: completion)
      ?? completion
  }

  /// The letter in the last box, or the letter that is the whole text or opens it as `X. text`.
  static func strict(in text: String) -> String? {
    let answer = BoxedAnswer.last(in: text) ?? text
    let plain = TextAnswer.unwrapped(answer).stripped
    let bare = plain.drop { $0 == "(" }
    guard let letter = bare.first, isChoice(letter) else { return nil }
    let rest = bare.dropFirst()
    return rest.isEmpty || ".):".contains(rest.first ?? " ") ? String(letter) : nil
  }

  private static func isChoice(_ letter: Character) -> Bool {
    letter.utf8.count == 1 && letter >= "A" && letter <= "J"
  }

  private static func isChoice(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "J")).contains(byte)
  }

  /// `\\boxed\{(?:\\text\{)?\s*([A-J])\s*(?:\})?\}`
  private static func boxed(in bytes: [UInt8]) -> String? {
    for start in bytes.indices(of: #"\boxed{"#) {
      var position = start + 7
      if bytes[position...].starts(with: #"\text{"#.utf8) { position += 6 }
      position = skipSpace(bytes, position)
      guard position < bytes.count, isChoice(bytes[position]) else { continue }
      let after = skipSpace(bytes, position + 1)
      if after < bytes.count, bytes[after] == UInt8(ascii: "}") { return [bytes[position]].text }
    }
    return nil
  }

  /// `<answer>\s*([A-J])(\.\s*(.*?))?\s*</answer>`, in which `.` stops at the end of a line.
  private static func tagged(in bytes: [UInt8]) -> String? {
    for start in bytes.indices(of: "<answer>") {
      let position = skipSpace(bytes, start + 8)
      guard position < bytes.count, isChoice(bytes[position]),
        let close = bytes.firstIndex(of: "</answer>", from: position + 1)
      else { continue }
      let rest = bytes[(position + 1)..<close].text
      let isText = rest.hasPrefix(".") && !rest.dropFirst().stripped.utf8.contains(10)
      if rest.isBlank || isText { return [bytes[position]].text }
    }
    return nil
  }

  /// The last match of `\b[A-J]\b`.
  private static func lastAlone(in text: String) -> String? {
    let scalars = Array(text.unicodeScalars)
    let found = scalars.indices.last { index in
      guard scalars[index] >= "A", scalars[index] <= "J" else { return false }
      let isAfterWord = index > 0 && scalars[index - 1].isWordPart
      return !isAfterWord && !(index + 1 < scalars.count && scalars[index + 1].isWordPart)
    }
    return found.map { String(scalars[$0]) }
  }

  /// Past white space as Python's `\s` knows it, also beyond ASCII.
  private static func skipSpace(_ bytes: [UInt8], _ start: Int) -> Int {
    var position = start
    while position < bytes.count {
      var length = 1
      while position + length < bytes.count, bytes[position + length] & 0xC0 == 0x80 { length += 1 }
      let text = bytes[position..<(position + length)].text
      guard let scalar = text.unicodeScalars.first, scalar.isPythonSpace else { return position }
      position += length
    }
    return position
  }
}
