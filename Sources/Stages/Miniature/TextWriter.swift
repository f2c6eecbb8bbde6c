import Runner

/// What texts are about.
public enum TextPart: String, ParameterChoice {
  /// Knights, knaves, and what is true or false.
  case statements
  /// Sums and counting.
  case arithmetic
  /// Comparing numbers, letters before options.
  case choice
  /// Prompts with answers in their tags, and next to no reasoning.
  case format
}

/// Writes the texts that a base model is trained on before it can do anything.
struct TextWriter {
  /// Problems of one task with the template of their prompts.
  struct Source {
    let problems: [[String: JSONValue]]
    let task: String
    let template: PromptTemplate
  }

  private static let sentences = 4
  private let sources: [Source]
  private let accuracy: Double
  private var random: NumpyRandom
  private var plain: PlainSentences

  /// A writer. `accuracy` is the share of right answers in the part `format`.
  init(sources: [Source], names: [String], accuracy: Double, seed: Int) {
    self.sources = sources.filter { !$0.problems.isEmpty }
    self.accuracy = accuracy
    random = NumpyRandom(seed: seed, stream: "texts")
    plain = PlainSentences(names: names, random: NumpyRandom(seed: seed, stream: "sentences"))
  }

  /// The next text of a part.
  /// - Throws: `StageError.failed` where `format` has no problems to show.
  mutating func next(_ part: TextPart) throws -> String {
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
      throw StageError.failed(
        "the part 'format' shows answers to problems: bind 'puzzles', 'arithmetic' or 'choice', "
          + "or leave the part out")
    }
    let source = random.element(of: sources)
    let row = random.element(of: source.problems)
    let isRight = random.uniform() < accuracy
    return try source.template.render(row)
      + AnswerExample.completion(to: row, task: source.task, isRight: isRight, random: &random)
  }
}
