import Base
import Foundation
import Runner
import Tasks

/// The kind `write_traces`: long chains of thought for problems, to warm a model up with.
package struct WriteTracesStage: Stage {
  /// `write_traces`.
  package static let kind = "write_traces"
  /// 2: the symbolic teacher checks, looks again and sums up in more ways.
  package static let version = 2
  /// One sentence for the documentation.
  package static let summary = "Long chains of thought for problems, to warm a model up with"
  /// The problems, and the model where the teacher is one.
  package static let inputs = [
    StagePort("problems", .problems, "problems to write traces for"),
    StagePort("model", .model, optional: true, "the model that writes, for 'teacher: model'"),
  ]
  /// The traces.
  package static let outputs = [
    StagePort("traces", .traces, "prompts with completions, a row each")
  ]

  let parameters: WriteTracesParameters

  /// Makes the stage.
  package init(parameters: WriteTracesParameters) { self.parameters = parameters }

  /// Reads the problems and writes their traces.
  package func run(_ context: StageContext) throws {
    let problems = try Problems(contentsOf: context.input("problems").file)
    let traces =
      switch parameters.teacher {
      case .symbolic: try traces(for: problems) { try context.interruption.check() }
      case .model:
        try judged(problems, LocalTeacher(parameters).completions(problems, context), context)
      case .server: try judged(problems, served(problems, context), context)
      }
    try traces.table.write(to: context.output("traces"))
    try publish(traces, to: context)
  }

  /// The traces that the symbolic teacher writes; calls `betweenTraces` before each, which may
  /// throw.
  package func traces(
    for problems: Problems, betweenTraces: () throws -> Void = {}
  ) throws -> Traces {
    let template = try PromptTemplate.named(parameters.prompt)
    let writer = TraceWriter(
      style: parameters.style, errors: parameters.errors, seed: parameters.seed)
    let renaming = PuzzleRenaming(
      names: parameters.names.isEmpty ? PuzzleNames.common : parameters.names,
      seed: parameters.seed)
    let told = try renaming.told(problems.table.rows, copies: parameters.copies)
    let rows = try writer.rows(for: told) { row in
      try betweenTraces()
      return try template.render(row)
    }
    return traces(rows, task: KnightsAndKnavesTask().name)
  }

  private func judged(
    _ problems: Problems, _ completions: [WrittenCompletion], _ context: StageContext
  ) throws -> Traces {
    let task = try problems.task
    let judge = TraceJudge(
      problems: problems, task: task, template: try PromptTemplate.named(parameters.prompt),
      acceptance: parameters.accept, ending: parameters.sampling.ending,
      teacher: parameters.teacher.rawValue, threads: context.threads)
    return traces(try judge.rows(for: completions), task: task.name)
  }

  private func served(_ problems: Problems, _ context: StageContext) throws -> [WrittenCompletion] {
    let server = try RemoteTeacher(
      parameters, environment: ProcessInfo.processInfo.environment,
      store: context.environment.downloads.appending(path: "completions"))
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
    let characters = try traces.texts.reduce(0) { $0 + $1.count }
    context.publish(Double(characters) / Double(max(1, traces.count)), as: "mean_characters")
    guard parameters.teacher != .symbolic else { return }
    let accepted = try traces.accepted.count { $0 }
    context.publish(Double(accepted), as: "accepted")
  }
}

/// Who writes traces.
package enum TraceTeacher: String, ParameterChoice {
  /// The solver for Knights and Knaves.
  case symbolic
  /// The model that is bound to the input `model`.
  case model
  /// An OpenAI-compatible server.
  case server
}

/// Who writes traces, and how.
package struct WriteTracesParameters: ParameterSet {
  /// Who writes.
  package var teacher = TraceTeacher.symbolic
  /// The wording of the symbolic teacher.
  package var style = TraceStyle.long
  /// The seed of wording, order and errors, or of sampling.
  package var seed = 0
  /// What the symbolic teacher does wrong on purpose.
  package var errors = TraceErrors.none
  /// The prompt template's name.
  package var prompt = "knights_and_knaves_paper"
  /// Traces a puzzle by the symbolic teacher, all but the first with other names.
  package var copies = 1
  /// What other names are drawn from; the published ones where nothing is said.
  package var names: [String] = []
  /// Completions a problem by a language model.
  package var samples = 1
  /// How a language model is sampled.
  package var sampling = TeacherSampling()
  /// Which completions of a language model are accepted.
  package var accept = TraceAcceptance.format
  /// Sequences that a local model decodes side by side.
  package var batchSize = 32
  /// The server, for `teacher: server`.
  package var server = ServerParameters()

  /// The symbolic teacher's long style without errors.
  package init() {}

  /// What a recipe may set.
  package static var fields: [Field<Self>] { symbolicFields + modelFields }

  private static var symbolicFields: [Field<Self>] {
    [
      Field("teacher", \.teacher, "who writes the traces"),
      Field(
        "style", \.style, "long: natural language; short: one compact wording for tiny models"),
      Field("seed", \.seed, range: .atLeast(0), "seed of wording, errors and sampling"),
      Field(
        "errors", \.errors,
        "control arms: wrong_answer behind right reasoning, or shuffled among the problems"),
      Field("prompt", \.prompt, "name of the prompt template"),
      Field(
        "copies", \.copies, range: 1...1000, "traces a puzzle, all but the first with new names"),
      Field("names", \.names, "what new names are drawn from; else the published list"),
    ]
  }

  private static var modelFields: [Field<Self>] {
    [
      Field(
        "samples", \.samples, range: 1...10_000, later: true,
        "completions a problem by a model or server"),
      Field("sampling", \.sampling, later: true, "how a model or server is sampled"),
      Field(
        "accept", \.accept, later: true,
        "which completions of a model or server are accepted; rejected ones are kept"),
      Field(
        "batch_size", \.batchSize, range: 1...4096, identity: false,
        "sequences a local model decodes side by side; cannot change a completion"),
      Field("server", \.server, later: true, "the server, for 'teacher: server'"),
    ]
  }

  /// Looks for settings that belong to another teacher.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let ownFields = teacher == .symbolic ? Self.symbolicFields : Self.modelFields
    let own = Set(ownFields.map(\.name) + ["teacher", "seed", "prompt"])
    for (name, place) in positions.sorted(by: { $0.key < $1.key }) where !own.contains(name) {
      sink.report(place, "'\(name)' means nothing to 'teacher: \(teacher.rawValue)'; leave it out")
    }
    if teacher == .server {
      if server.url.isEmpty || server.model.isEmpty {
        sink.report(
          positions["server"] ?? position,
          "'teacher: server' needs 'server' with at least 'url' and 'model'")
      }
    } else if let place = positions["server"], own.contains("server") {
      sink.report(place, "'server' means nothing to 'teacher: \(teacher.rawValue)'; leave it out")
    }
  }
}
