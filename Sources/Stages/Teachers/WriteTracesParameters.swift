import Runner

/// Who writes traces.
public enum TraceTeacher: String, ParameterChoice {
  /// The solver for Knights and Knaves.
  case symbolic
  /// The model that is bound to the input `model`.
  case model
  /// An OpenAI-compatible server.
  case server
}

/// Who writes traces, and how.
public struct WriteTracesParameters: ParameterSet {
  /// Who writes.
  public var teacher = TraceTeacher.symbolic
  /// The wording of the symbolic teacher.
  public var style = TraceStyle.long
  /// The seed of wording, order and errors, or of sampling.
  public var seed = 0
  /// What the symbolic teacher does wrong on purpose.
  public var errors = TraceErrors.none
  /// The prompt template's name.
  public var prompt = "knights_and_knaves_paper"
  /// Traces a puzzle by the symbolic teacher, all but the first with other names.
  public var copies = 1
  /// What other names are drawn from; the published ones where nothing is said.
  public var names: [String] = []
  /// Completions a problem by a language model.
  public var samples = 1
  /// How a language model is sampled.
  public var sampling = TeacherSampling()
  /// Which completions of a language model are accepted.
  public var accept = TraceAcceptance.format
  /// Sequences that a local model decodes side by side.
  public var batchSize = 32
  /// The server, for `teacher: server`.
  public var server = ServerParameters()

  /// The symbolic teacher's long style without errors.
  public init() {}

  /// What a recipe may set.
  public static var fields: [Field<Self>] { symbolicFields + modelFields }

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
  public func check(
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
