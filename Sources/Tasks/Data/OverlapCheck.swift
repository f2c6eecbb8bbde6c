import Base

/// Finds problems that a model was trained on among those that it is to be measured on.
package enum OverlapCheck {
  /// The ids of the problems that also occur in `trained`, by id or by normalised question.
  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing.
  package static func overlap(of problems: RowTable, with trained: RowTable) throws -> [String] {
    let trainedIDs = Set(try Problems(trained).ids.map { Array($0.utf8) })
    let trainedQuestions = Set(try trained.rows.map(NormalisedPrompt.bytes))
    return try zip(try Problems(problems).ids, problems.rows).compactMap { id, row in
      let isKnown = trainedIDs.contains(Array(id.utf8))
      return try isKnown || trainedQuestions.contains(NormalisedPrompt.bytes(of: row)) ? id : nil
    }
  }

  /// The ids of the problems that traces are about, by the id of the problem or because a prompt
  /// holds the question with its options, whatever the template around them. Where there is no prompt,
  /// the text itself is searched.
  ///
  /// Rejected traces count, too: `include_rejected` may train on them.
  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing, or what a missing column throws.
  package static func overlap(of problems: RowTable, with traces: Traces) throws -> [String] {
    let trainedIDs = Set(try traces.problemIDs.map { Array($0.utf8) })
    let questions = try QuestionIndex(problems.rows)
    var found: Set<Int> = []
    // Teachers write several traces for a prompt.
    let prompts = try traces.prompts
    let texts = prompts.contains("") ? try traces.texts : prompts
    let learned = zip(prompts, texts).map { $0.isEmpty ? $1 : $0 }
    for prompt in Set(learned.map { Array(NormalisedPrompt.text(of: $0).utf8) }) {
      found.formUnion(questions.occurring(in: prompt))
    }
    return try Problems(problems).ids.enumerated().compactMap { index, id in
      trainedIDs.contains(Array(id.utf8)) || found.contains(index) ? id : nil
    }
  }
}

/// Looks for many questions at once in a text.
///
/// A question occurs where a word begins, and a blank, markup or nothing follows it; its options
/// stand anywhere. Texts are normalised.
struct QuestionIndex {
  private struct Question {
    let text: [UInt8]
    let options: [[UInt8]]
  }

  private let questions: [Question]
  /// The questions by their beginnings of some length.
  private let beginnings: [Int: [ArraySlice<UInt8>: [Int]]]

  /// How many bytes of a question are looked up; the rest is compared.
  private static let longestBeginning = 12

  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing.
  init(_ rows: [[String: JSONValue]]) throws {
    questions = try rows.map { row in
      guard let text = Problems.question(of: row) else {
        throw DatasetError.noQuestion(id: Problems.id(of: row) ?? "?")
      }
      return Question(
        text: Self.normalised(text), options: Problems.options(of: row).map(Self.normalised))
    }
    var beginnings: [Int: [ArraySlice<UInt8>: [Int]]] = [:]
    for (index, question) in questions.enumerated() where !question.text.isEmpty {
      let beginning = question.text.prefix(Self.longestBeginning)
      beginnings[beginning.count, default: [:]][beginning, default: []].append(index)
    }
    self.beginnings = beginnings
  }

  private static func normalised(_ text: String) -> [UInt8] {
    Array(NormalisedPrompt.text(of: text).utf8)
  }

  /// The indices of the questions that occur in a normalised text.
  func occurring(in text: [UInt8]) -> [Int] {
    text.indices.filter { $0 == 0 || !Self.isWord(text[$0 - 1]) }.flatMap { start in
      beginnings.flatMap { length, questions in
        start + length <= text.count ? questions[text[start..<start + length], default: []] : []
      }.filter { occurs(questions[$0], in: text, at: start) }
    }
  }

  private func occurs(_ question: Question, in text: [UInt8], at start: Int) -> Bool {
    let end = start + question.text.count
    guard end <= text.count, text[start..<end].elementsEqual(question.text),
      end == text.count || text[end] == UInt8(ascii: " ") || text[end] == UInt8(ascii: "<")
    else { return false }
    return question.options.allSatisfy { Self.holds(text[end...], $0) }
  }

  private static func holds(_ text: ArraySlice<UInt8>, _ part: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    var rest = text
    while rest.count >= part.count, let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
