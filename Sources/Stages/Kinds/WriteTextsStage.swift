import OrderedCollections
import Runner

/// The kind `write_texts`: plain texts from which a base model learns words and the form of
/// answers, but not to reason.
public struct WriteTextsStage: Stage {
  /// Which texts to write.
  public struct Parameters: ParameterSet {
    /// How many texts.
    public var count = 1000
    /// The seed.
    public var seed = 0
    /// What the texts are about, in turn.
    public var parts: [TextPart] = [.statements, .arithmetic, .choice, .format]
    /// The names of people; the published list where empty.
    public var names: [String] = []
    /// The share of right answers in the part `format`.
    public var accuracy = 0.5
    /// The template for problems bound to `puzzles`.
    public var puzzlePrompt = "knights_and_knaves_short"
    /// The template for problems bound to `arithmetic`.
    public var arithmeticPrompt = "math_short"
    /// The template for problems bound to `choice`.
    public var choicePrompt = "mmlu_pro_short"

    /// A thousand texts of every part.
    public init() {}

    /// What a recipe may set.
    public static var fields: [Field<Parameters>] {
      [
        Field("count", \.count, range: 1...10_000_000, "how many texts"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the texts"),
        Field("parts", \.parts, "what the texts are about, in turn"),
        Field("names", \.names, "names of people, instead of the published list"),
        Field("accuracy", \.accuracy, range: 0...1, "share of right answers in the part 'format'"),
        Field("puzzle_prompt", \.puzzlePrompt, "prompt template for 'puzzles'"),
        Field("arithmetic_prompt", \.arithmeticPrompt, "prompt template for 'arithmetic'"),
        Field("choice_prompt", \.choicePrompt, "prompt template for 'choice'"),
      ]
    }

    /// Looks for lists that are too short.
    public func check(
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

  /// `write_texts`.
  public static let kind = "write_texts"
  /// 1.
  public static let version = 1
  /// One sentence for the documentation.
  public static let summary = "Plain texts that teach a base model words and the form of answers"
  /// Problems whose prompts and answers the part `format` shows.
  public static let inputs = [
    Port("puzzles", .problems, optional: true, "Knights and Knaves problems to show answers to"),
    Port("arithmetic", .problems, optional: true, "arithmetic problems to show answers to"),
    Port("choice", .problems, optional: true, "multiple-choice problems to show answers to"),
  ]
  /// The texts.
  public static let outputs = [Port("texts", .texts, "texts, a row each")]

  let parameters: Parameters

  /// Makes the stage.
  public init(parameters: Parameters) { self.parameters = parameters }

  /// Reads the problems that are bound and writes texts.
  public func run(_ context: StageContext) throws {
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
      accuracy: parameters.accuracy, seed: parameters.seed)
    var texts: [String] = []
    var parts: [String] = []
    for index in 0..<parameters.count {
      try betweenTexts()
      let part = parameters.parts[index % parameters.parts.count]
      texts.append(try writer.next(part))
      parts.append(part.rawValue)
    }
    return try RowTable(columns: ["text": .strings(texts), "part": .strings(parts)])
  }

  private func source(_ port: String, _ table: RowTable?) throws -> TextWriter.Source? {
    guard let table else { return nil }
    guard let task = table.attributes["task"] else {
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
