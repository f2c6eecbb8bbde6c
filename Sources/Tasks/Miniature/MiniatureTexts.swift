import Base

package enum TextPart: String, Sendable, CaseIterable {
  /// Knights, knaves, and what is true or false.
  case statements
  case arithmetic
  /// Comparing numbers, letters before options.
  case choice
  /// Prompts with answers in their tags, most of them without reasoning.
  case format
}

/// Writes the texts that a base model is trained on before it can do anything.
package struct TextWriter {
  /// Problems of one task with the template of their prompts.
  package struct Source {
    let problems: [[String: JSONValue]]
    let task: String
    let template: PromptTemplate

    package init(problems: [[String: JSONValue]], task: String, template: PromptTemplate) {
      self.problems = problems
      self.task = task
      self.template = template
    }
  }

  private static let sentences = 4
  private let sources: [Source]
  private let accuracy: Double
  /// Which of the examples are worked out, by number.
  private let worked: Set<Int>
  private var examples = 0
  private var random: NumpyRandom
  private var plain: PlainSentences

  /// A writer.
  /// - Parameters:
  ///   - accuracy: the chance of a right answer in the part `format`, where it is not worked out.
  ///   - worked: the share of that part's texts that are worked out, exactly of `examples` texts.
  package init(
    sources: [Source], names: [String], accuracy: Double, worked: Double = 0, of examples: Int = 0,
    seed: Int
  ) {
    self.sources = sources.filter { !$0.problems.isEmpty }
    self.accuracy = accuracy
    var choice = NumpyRandom(seed: seed, stream: "worked")
    let count = Int((worked * Double(examples)).rounded())
    self.worked = count > 0 ? Set(choice.permutation(examples).prefix(count)) : []
    random = NumpyRandom(seed: seed, stream: "texts")
    plain = PlainSentences(names: names, random: NumpyRandom(seed: seed, stream: "sentences"))
  }

  /// The next text of a part.
  /// - Throws: `MiniatureError.nothingToShow`.
  package mutating func next(_ part: TextPart) throws -> String {
    switch part {
    case .statements: join { $0.aboutPeople() }
    case .arithmetic: join { $0.aboutSums() }
    case .choice: join { $0.aboutChoices() }
    case .format: try example()
    }
  }

  private mutating func join(_ sentence: (inout PlainSentences) -> String) -> String {
    (0..<Self.sentences).map { _ in sentence(&plain) }.joined(separator: " ")
  }

  private mutating func example() throws -> String {
    guard !sources.isEmpty else {
      throw MiniatureError.nothingToShow
    }
    let source = random.element(of: sources)
    let row = random.element(of: source.problems)
    let isRight = random.uniform() < accuracy
    let prompt = try source.template.render(row)
    // Drawn in any case, so that the other texts are the same whatever is worked out.
    let guess = try AnswerExample.completion(
      to: row, task: source.task, isRight: isRight, random: &random)
    defer { examples += 1 }
    guard worked.contains(examples) else { return prompt + guess }
    let answer = try AnswerExample.answer(
      to: row, task: source.task, isRight: true, random: &random)
    let reasoning = try TraceWriter.reasoning(about: row, task: source.task, .short, seed: 0)
    return prompt + AnswerExample.completion(reasoning: reasoning, answer: answer)
  }
}

/// Plain sentences that hold the words of the miniature tasks, but no reasoning.
struct PlainSentences {
  private let names: [String]
  private var random: NumpyRandom

  /// A stream of sentences about people of these names, and about numbers.
  init(names: [String], random: NumpyRandom) {
    self.names = names
    self.random = random
  }

  /// Who is what, who says what, and what is not so.
  mutating func aboutPeople() -> String {
    let people = random.elements(2, of: names)
    let (a, b) = (people[0], people[1])
    let isKnight = random.integer(in: 0..<2) == 0
    let (kind, other) = isKnight ? ("knight", "knave") : ("knave", "knight")
    return random.element(of: [
      "\(a) is a \(kind), so \(a) is not a \(other).",
      "\(a) is a \(kind). \(a) always \(isKnight ? "tells the truth" : "lies").",
      "It is \(isKnight) that \(a) is a knight, if \(a) is a \(kind).",
      "\(a) says \(b) is a \(kind). \(b) says \(a) is a \(other).",
      "You meet 2 inhabitants: \(a), and \(b). (1) \(a) (2) \(b)",
      "Is \(a) a knight? \(a) \(kind): \(isKnight ? "yes" : "no").",
      "Is \(a) a knave? \(a) \(kind): \(isKnight ? "no" : "yes").",
      "not \(a) knight means \(a) knave. not \(a) knave means \(a) knight.",
      "Try \(a) \(kind), \(b) \(random.element(of: ["knight", "knave"])).",
      "not true is false, and not false is true.",
      "If \(a) is a \(kind) then \(a) is a \(kind). \(a) iff \(a), if and only if \(a).",
    ])
  }

  /// A sum, a difference, a product, or counting.
  mutating func aboutSums() -> String {
    let (a, b) = (random.integer(in: 0..<10), random.integer(in: 0..<10))
    return random.element(of: [
      "\(a) + \(b) = \(a + b).", "\(a + b) - \(b) = \(a).", "\(a) * \(b) = \(a * b).",
      "\(a) plus \(b) is \(a + b).", "\((a...a + 4).map(String.init).joined(separator: ", ")).",
    ])
  }

  /// A comparison, a successor, parity, or which letter stands before which option.
  mutating func aboutChoices() -> String {
    let numbers = random.indices(3, below: 16)
    let list = "\(numbers[0]), \(numbers[1]) and \(numbers[2])"
    let index = random.integer(in: 0..<3)
    let lettered = numbers.enumerated().map { "\(ChoiceProblem.letter($0)). \($1)" }
    return random.element(of: [
      "The largest of \(list) is \(numbers.reduce(0, max)).",
      "The smallest of \(list) is \(numbers.reduce(99, min)).",
      "\(numbers[0] + 1) comes right after \(numbers[0]).",
      "\(numbers[0]) is \(numbers[0].isMultiple(of: 2) ? "even" : "odd").",
      "\(lettered.joined(separator: "\n"))\n\(numbers[index]) is \(ChoiceProblem.letter(index)).",
    ])
  }
}
