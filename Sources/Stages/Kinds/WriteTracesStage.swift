import Foundation
import Runner

/// The kind `write_traces`: long chains of thought for problems, to warm a model up with.
public struct WriteTracesStage: Stage {
  /// `write_traces`.
  public static let kind = "write_traces"
  /// 2: the symbolic teacher checks, looks again and sums up in more ways.
  public static let version = 2
  /// One sentence for the documentation.
  public static let summary = "Long chains of thought for problems, to warm a model up with"
  /// The problems, and the model where the teacher is one.
  public static let inputs = [
    Runner.Port("problems", .problems, "problems to write traces for"),
    Runner.Port("model", .model, optional: true, "the model that writes, for 'teacher: model'"),
  ]
  /// The traces.
  public static let outputs = [
    Runner.Port("traces", .traces, "prompts with completions, a row each")
  ]

  let parameters: WriteTracesParameters

  /// Makes the stage.
  public init(parameters: WriteTracesParameters) { self.parameters = parameters }

  /// Reads the problems and writes their traces.
  public func run(_ context: StageContext) throws {
    let problems = try RowTable(contentsOf: context.input("problems").file)
    let traces =
      switch parameters.teacher {
      case .symbolic: try traces(for: problems) { try context.interruption.check() }
      case .model:
        try judged(problems, LocalTeacher(parameters).completions(problems, context), context)
      case .server: try judged(problems, served(problems, context), context)
      }
    try traces.write(to: context.output("traces"))
    try publish(traces, to: context)
  }

  /// The traces that the symbolic teacher writes; calls `betweenTraces` before each, which may
  /// throw.
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
    return table(rows, task: "knights_and_knaves")
  }

  private func judged(
    _ problems: RowTable, _ completions: [WrittenCompletion], _ context: StageContext
  ) throws -> RowTable {
    let task = try TaskDefinitions.of(problems)
    let judge = TraceJudge(
      problems: problems, task: task, template: try PromptTemplate.named(parameters.prompt),
      acceptance: parameters.accept, ending: parameters.sampling.ending,
      teacher: parameters.teacher.rawValue, threads: context.threads)
    return table(try judge.rows(for: completions), task: task.name)
  }

  private func served(_ problems: RowTable, _ context: StageContext) throws -> [WrittenCompletion] {
    let server = try RemoteTeacher(
      parameters, environment: ProcessInfo.processInfo.environment,
      store: context.environment.downloads.appending(path: "completions"))
    let completions = try server.completions(problems, context)
    context.publish(
      fact: try server.description(context.interruption), as: "teacher")
    return completions
  }

  private func table(_ rows: [[String: JSONValue]], task: String) -> RowTable {
    let attributes = [
      "task": task, "prompt": parameters.prompt, "teacher": parameters.teacher.rawValue,
    ]
    return RowTable(rows: rows, order: TraceWriter.order, attributes: attributes)
  }

  private func publish(_ traces: RowTable, to context: StageContext) throws {
    context.publish(Double(traces.count), as: "traces")
    let characters = try traces.strings("completion").reduce(0) { $0 + $1.count }
    context.publish(Double(characters) / Double(max(1, traces.count)), as: "mean_characters")
    guard parameters.teacher != .symbolic else { return }
    let accepted = try traces.booleans("accepted").count { $0 }
    context.publish(Double(accepted), as: "accepted")
  }
}
