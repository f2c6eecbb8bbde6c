import Base
import Foundation
import Runner
import Tasks

/// The kind `write_traces`: long chains of thought for problems, to warm a model up with.
package struct WriteTracesStage: Stage {
  package static let kind = "write_traces"
  package static let version = 2
  package static let changes = [
    2: "the symbolic teacher checks, looks again and sums up in more ways"
  ]
  package static let names = PublishedNames(
    values: ["traces", "mean_characters", "worked", "accuracy", "accepted"], facts: ["teacher"])
  package static let summary = "Long chains of thought for problems, to warm a model up with"
  package static let example = """
    traces:
      kind: write_traces
      inputs: {problems: puzzles}
      params: {teacher: symbolic, style: long}
    """
  /// The problems, and the model where the teacher is one.
  package static let inputs = [
    StagePort("problems", .problems, "problems to write traces for"),
    StagePort("model", .model, optional: true, "the model that writes, for 'teacher: model'"),
  ]
  package static let outputs = [
    StagePort("traces", .traces, "prompts with completions, a row each")
  ]

  /// What was written; how well the problems were worked out is not in its rows.
  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    var values = try outputs.count("traces", as: "traces")
    if let traces = try outputs.table("traces", needsTexts: true).map(Traces.init) {
      values["mean_characters"] = .number(try meanCharacters(traces))
      values["accepted"] = .number(Double(try traces.accepted.count { $0 }))
    }
    return values
  }

  private static func meanCharacters(_ traces: Traces) throws -> Double {
    let characters = try traces.texts.reduce(0) { $0 + $1.count }
    return Double(characters) / Double(max(1, traces.count))
  }

  let parameters: WriteTracesParameters

  package init(parameters: WriteTracesParameters) { self.parameters = parameters }

  /// A model's and a server's completions are judged by the task's default; the symbolic teacher
  /// knows what is right.
  package func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue {
    if parameters.teacher == .symbolic { return identity }
    let judged = identity.naming(verifier: nil, of: inputs["problems"])
    if parameters.teacher == .server { return judged }
    return judged.naming(parameters.engine, parameters.server)
  }

  /// The symbolic teacher writes as many as it is asked for.
  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    guard parameters.teacher == .symbolic else { return [:] }
    return .rows(inputs["problems"]?.rows.map { $0 * parameters.copies })
  }

  package func mistakes(inputs: [String: Traits]) -> [BindingMistake] {
    guard parameters.teacher == .symbolic, let task = inputs["problems"]?.task else { return [] }
    let isPuzzle = task.name == KnightsAndKnavesTask().name
    var mistakes: [BindingMistake] = []
    if !isPuzzle, task.name != MathTask().name, task.name != MMLUProTask().name {
      return [
        BindingMistake(
          .input("problems"),
          "the symbolic teacher does not know the task '\(task.name)'; say 'teacher: model' or "
            + "'server', or bind Knights and Knaves or miniature problems")
      ]
    }
    if !isPuzzle, parameters.style == .long {
      mistakes.append(
        BindingMistake(
          .parameter("style"),
          "'style: long' is for puzzles, but the problems are of the task '\(task.name)'; say "
            + "'style: short' or 'answer'"))
    }
    if !isPuzzle, parameters.copies > 1 {
      mistakes.append(
        BindingMistake(
          .parameter("copies"),
          "'copies' tells puzzles again with other names; problems of the task '\(task.name)' have "
            + "none"))
    }
    do {
      _ = try template(for: task)
    } catch {
      mistakes.append(BindingMistake(.parameter("prompt"), sentence(for: error)))
    }
    return mistakes
  }

  package func run(_ context: StageContext) throws {
    let problems = try Problems(contentsOf: context.input("problems").file)
    let traces =
      switch parameters.teacher {
      case .symbolic: try written(for: problems, context)
      case .model:
        try judged(problems, LocalTeacher(parameters).completions(problems, context), context)
      case .server: try judged(problems, served(problems, context), context)
      }
    try traces.table.write(to: context.output("traces"))
    try publish(traces, to: context)
  }

  private func written(for problems: Problems, _ context: StageContext) throws -> Traces {
    let written = try traces(for: problems) { try context.interruption.check() }
    let count = Double(max(1, written.rows.count))
    context.publish(Double(written.worked) / count, as: "worked")
    context.publish(Double(written.right) / count, as: "accuracy")
    return traces(written.rows, task: try problems.task.name)
  }

  /// What the symbolic teacher writes; calls `betweenTraces` before each trace, which may throw.
  package func traces(
    for problems: Problems, betweenTraces: () throws -> Void = {}
  ) throws -> WrittenTraces {
    let task = try problems.task
    let template = try template(for: task)
    let writer = TraceWriter(
      task: task.name, style: parameters.style, errors: parameters.errors,
      worked: parameters.worked, accuracy: parameters.accuracy, seed: parameters.seed)
    let renaming = PuzzleRenaming(
      names: parameters.names.isEmpty ? PuzzleNames.common : parameters.names,
      seed: parameters.seed)
    let told = try renaming.told(problems.table.rows, copies: parameters.copies)
    return try writer.traces(for: told) { row in
      try betweenTraces()
      return try template.render(row)
    }
  }

  /// The symbolic teacher would write the same below any prompt, so that of another task is a slip.
  private func template(for task: any TaskDefinition) throws -> PromptTemplate {
    let template = try task.template(named: parameters.prompt, for: .train)
    let owner = TaskDefinitions.names.first { template.name.hasPrefix($0 + "_") }
    guard let owner, owner != task.name else { return template }
    throw StageError.failed(
      "the prompt template '\(template.name)' is of the task '\(owner)', but the problems are of "
        + "'\(task.name)'; set 'prompt', for example to 'short'")
  }

  private func judged(
    _ problems: Problems, _ completions: [WrittenCompletion], _ context: StageContext
  ) throws -> Traces {
    let task = try problems.task
    let judge = TraceJudge(
      problems: problems, task: task,
      template: try task.template(named: parameters.prompt, for: .train),
      acceptance: parameters.accept, ending: parameters.sampling.ending,
      teacher: parameters.teacher.rawValue, threads: context.threads)
    return traces(try judge.rows(for: completions), task: task.name)
  }

  private func served(_ problems: Problems, _ context: StageContext) throws -> [WrittenCompletion] {
    let server = try RemoteTeacher(
      parameters, keys: context.keys,
      store: context.folders.downloads.appending(path: "completions"))
    let completions = try server.completions(problems, context)
    context.publish(
      fact: try server.description(context.interruption), as: "teacher")
    return completions
  }

  private func traces(_ rows: [[String: JSONValue]], task: String) -> Traces {
    let attributes = [
      "task": task, "prompt": parameters.prompt, "teacher": parameters.teacher.rawValue,
    ]
    return Traces(rows: rows, attributes: attributes)
  }

  private func publish(_ traces: Traces, to context: StageContext) throws {
    context.publish(Double(traces.count), as: "traces")
    context.publish(try Self.meanCharacters(traces), as: "mean_characters")
    guard parameters.teacher != .symbolic else { return }
    let accepted = try traces.accepted.count { $0 }
    context.publish(Double(accepted), as: "accepted")
  }
}
