import Runner

/// The kind `write_traces`: long chains of thought for problems, to warm a model up with.
public struct WriteTracesStage: Stage {
  /// Who writes the traces.
  public enum Teacher: String, ParameterChoice {
    /// The solver for Knights and Knaves.
    case symbolic
  }

  /// Who writes, and how.
  public struct Parameters: ParameterSet {
    /// Who writes.
    public var teacher = Teacher.symbolic
    /// The wording.
    public var style = TraceStyle.long
    /// The seed of wording, order and errors.
    public var seed = 0
    /// What is wrong on purpose.
    public var errors = TraceErrors.none
    /// The prompt template's name.
    public var prompt = "knights_and_knaves_paper"

    /// Traces a puzzle, all but the first with other names.
    public var copies = 1
    /// What other names are drawn from; the published ones where nothing is said.
    public var names: [String] = []

    /// The symbolic teacher's long style without errors.
    public init() {}

    /// What a recipe may set.
    public static var fields: [Field<Parameters>] {
      [
        Field("teacher", \.teacher, "who writes the traces"),
        Field(
          "style", \.style, "long: natural language; short: one compact wording for tiny models"),
        Field("seed", \.seed, range: .atLeast(0), "seed of wording, order of thoughts and errors"),
        Field(
          "errors", \.errors,
          "control arms: wrong_answer behind right reasoning, or shuffled among the problems"),
        Field("prompt", \.prompt, "name of the prompt template"),
        Field(
          "copies", \.copies, range: 1...1000, "traces a puzzle, all but the first with new names"),
        Field("names", \.names, "what new names are drawn from; else the published list"),
      ]
    }
  }

  /// `write_traces`.
  public static let kind = "write_traces"
  /// 1.
  public static let version = 1
  /// One sentence for the documentation.
  public static let summary = "Long chains of thought for problems, to warm a model up with"
  /// The problems.
  public static let inputs = [Port("problems", .problems, "problems to write traces for")]
  /// The traces.
  public static let outputs = [
    Port("traces", .traces, "prompts with completions, a row each")
  ]

  private let parameters: Parameters

  /// Makes the stage.
  public init(parameters: Parameters) { self.parameters = parameters }

  /// Reads the problems and writes their traces.
  public func run(_ context: StageContext) throws {
    let problems = try RowTable(contentsOf: context.input("problems").file)
    let traces = try traces(for: problems) { try context.interruption.check() }
    try traces.write(to: context.output("traces"))
    context.publish(Double(traces.count), as: "traces")
    let characters = try traces.strings("completion").reduce(0) { $0 + $1.count }
    context.publish(Double(characters) / Double(max(1, traces.count)), as: "mean_characters")
  }

  /// The traces of problems; calls `betweenTraces` before each, which may throw.
  package func traces(
    for problems: RowTable, betweenTraces: () throws -> Void = {}
  ) throws -> RowTable {
    let template = try PromptTemplate.named(parameters.prompt)
    let writer = TraceWriter(
      style: parameters.style, errors: parameters.errors, seed: parameters.seed)
    let renaming = PuzzleRenaming(
      names: parameters.names.isEmpty ? PuzzleNames.common : parameters.names,
      seed: parameters.seed)
    let told = try renaming.told(problems.rows, copies: parameters.copies)
    let rows = try writer.rows(for: told) { row in
      try betweenTraces()
      return try template.render(row)
    }
    let attributes = [
      "task": "knights_and_knaves", "prompt": parameters.prompt,
      "teacher": parameters.teacher.rawValue,
    ]
    return RowTable(rows: rows, order: TraceWriter.order, attributes: attributes)
  }
}
