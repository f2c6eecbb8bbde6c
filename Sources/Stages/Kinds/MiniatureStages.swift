import Base
import Runner
import Tasks

/// The kind `miniature_problems`: small problems in the columns of MATH or MMLU-Pro.
package struct MiniatureProblemsStage: Stage {
  package struct Parameters: ParameterSet {
    package var domain = MiniatureDomain.arithmetic
    /// How many different problems.
    package var count = 100
    package var seed = 0
    package var levels = [1, 2, 3]

    /// A hundred easy sums, differences and products.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field(
          "domain", \.domain,
          "arithmetic, sums, counting, largest or word_problem (MATH's columns), or choice "
            + "(MMLU-Pro's columns)"),
        Field("count", \.count, range: .atLeast(1), "how many different problems"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draw"),
        Field(
          "levels", \.levels, range: 1...5,
          "levels of difficulty to draw from, as far as the domain has them"),
      ]
    }

    /// Looks for levels that hold too few problems.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if levels.isEmpty || Set(levels).count != levels.count {
        return sink.report(positions["levels"] ?? position, "'levels' must list different levels")
      }
      // The default names levels that some domains do not have.
      if let place = positions["levels"],
        let level = levels.first(where: { !domain.levels.contains($0) })
      {
        return sink.report(
          place,
          "the domain \(domain.rawValue) has no level \(level), only 1 to \(domain.levels.upperBound)"
        )
      }
      let available = levels.reduce(0) { $0 + domain.count(level: $1) }
      if count > available {
        sink.report(
          positions["count"] ?? position,
          "'count' must be at most \(available): the domain \(domain.rawValue) has no more "
            + "problems of these levels")
      }
    }
  }

  package static let kind = "miniature_problems"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["problems"])
  package static let summary = "Small sums or multiple-choice questions for very small models"
  package static let example = """
    sums:
      kind: miniature_problems
      params: {domain: arithmetic, levels: [1, 2, 3, 4], count: 1600, seed: 1}
    """
  package static let inputs: [StagePort] = []
  package static let outputs = [StagePort("problems", .problems, "problems with their answers")]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("problems", as: "problems")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    .problems(ofTask: parameters.domain.task, rows: parameters.count)
  }

  package func run(_ context: StageContext) throws {
    let table = try table()
    try table.write(to: context.output("problems"))
    context.publish(Double(table.count), as: "problems")
  }

  package func table() throws -> RowTable {
    let domain = parameters.domain
    let rows = try domain.rows(parameters.count, levels: parameters.levels, seed: parameters.seed)
    return Problems(rows: rows, order: domain.order, task: domain.task).table
  }
}

/// The kind `write_texts`: plain texts from which a base model learns words and the form of
/// answers, but not to reason.
package struct WriteTextsStage: Stage {
  package struct Parameters: ParameterSet {
    package var count = 1000
    package var seed = 0
    /// What the texts are about, in turn.
    package var parts: [TextPart] = [.statements, .arithmetic, .choice, .format]
    /// The names of people; the published list where empty.
    package var names: [String] = []
    /// The share of right answers in the part `format`.
    package var accuracy = 0.5
    /// The share of the part `format` that is worked out.
    package var worked = 0.0
    /// The template for problems bound to `puzzles`.
    package var puzzlePrompt = "knights_and_knaves_short"
    /// The template for problems bound to `arithmetic`.
    package var arithmeticPrompt = "math_short"
    /// The template for problems bound to `choice`.
    package var choicePrompt = "mmlu_pro_short"

    /// A thousand texts of every part.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("count", \.count, range: 1...10_000_000, "how many texts"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the texts"),
        Field("parts", \.parts, "what the texts are about, in turn"),
        Field("names", \.names, "names of people, instead of the published list"),
        Field(
          "accuracy", \.accuracy, range: 0...1,
          "chance of a right answer in the part 'format', where it is not worked out"),
        Field(
          "worked", \.worked, range: 0...1, later: true,
          "share of the part 'format' that is worked out, exactly"),
        Field("puzzle_prompt", \.puzzlePrompt, "prompt template for 'puzzles'"),
        Field("arithmetic_prompt", \.arithmeticPrompt, "prompt template for 'arithmetic'"),
        Field("choice_prompt", \.choicePrompt, "prompt template for 'choice'"),
      ]
    }

    /// Looks for lists that are too short.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if parts.isEmpty {
        sink.report(positions["parts"] ?? position, "'parts' must list at least one part")
      }
      if !names.isEmpty, Set(names).count < 2 {
        sink.report(positions["names"] ?? position, "'names' must hold at least two names")
      }
    }
  }

  package static let kind = "write_texts"
  package static let version = 2
  package static let changes = [
    2: "answers to puzzles told in other words use those words"
  ]
  package static let isQuick = true
  package static let names = PublishedNames(values: ["texts"])
  package static let summary = "Plain texts that teach a base model words and the form of answers"
  package static let example = """
    words:
      kind: write_texts
      inputs: {puzzles: puzzles, arithmetic: sums}
      params: {count: 3000}
    """
  /// Problems whose prompts and answers the part `format` shows.
  package static let inputs = [
    StagePort(
      "puzzles", .problems, optional: true, "Knights and Knaves problems to show answers to"),
    StagePort("arithmetic", .problems, optional: true, "arithmetic problems to show answers to"),
    StagePort("choice", .problems, optional: true, "multiple-choice problems to show answers to"),
  ]
  package static let outputs = [StagePort("texts", .texts, "texts, a row each")]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("texts", as: "texts")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    .rows(parameters.count)
  }

  /// Reads the problems that are bound and writes texts.
  package func run(_ context: StageContext) throws {
    var problems: [String: RowTable] = [:]
    for port in Self.inputs {
      guard let artifact = context.optionalInput(port.name) else { continue }
      problems[port.name] = try RowTable(contentsOf: artifact.file)
    }
    let texts = try texts(showing: problems) { try context.interruption.check() }
    try texts.write(to: context.output("texts"))
    context.publish(Double(texts.count), as: "texts")
  }

  /// The texts; calls `betweenTexts` before each, which may throw.
  /// - Parameter problems: what is bound, by port.
  package func texts(
    showing problems: [String: RowTable], betweenTexts: () throws -> Void = {}
  ) throws -> RowTable {
    var writer = TextWriter(
      sources: try Self.inputs.compactMap { try source($0.name, problems[$0.name]) },
      names: parameters.names.isEmpty ? PuzzleNames.common : parameters.names,
      accuracy: parameters.accuracy, worked: parameters.worked,
      of: (0..<parameters.count).count { part(of: $0) == .format }, seed: parameters.seed)
    let rows = try (0..<parameters.count).map { index in
      try betweenTexts()
      let part = part(of: index)
      return Texts.row(try writer.next(part), part: part.rawValue)
    }
    return Texts(rows: rows).table
  }

  /// What a text is about; parts come in turn.
  private func part(of text: Int) -> TextPart { parameters.parts[text % parameters.parts.count] }

  private func source(_ port: String, _ table: RowTable?) throws -> TextWriter.Source? {
    guard let table else { return nil }
    guard let task = Problems(table).taskName else {
      throw StageError.failed("the problems bound to '\(port)' do not say which task they are of")
    }
    let template =
      switch port {
      case "puzzles": parameters.puzzlePrompt
      case "arithmetic": parameters.arithmeticPrompt
      default: parameters.choicePrompt
      }
    return TextWriter.Source(
      problems: table.rows, task: task, template: try PromptTemplate.named(template))
  }
}
