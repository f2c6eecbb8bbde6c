import Runner
import Tasks

/// Who writes traces.
package enum TraceTeacher: String, ParameterChoice {
  /// Programs that solve Knights and Knaves and miniature problems.
  case symbolic
  /// The model that is bound to the input `model`.
  case model
  case server
}

/// Who writes traces, and how.
package struct WriteTracesParameters: ParameterSet {
  package var teacher = TraceTeacher.symbolic
  /// The wording of the symbolic teacher.
  package var style = TraceStyle.long
  /// The seed of wording, order and errors, or of sampling.
  package var seed = 0
  /// What the symbolic teacher does wrong on purpose.
  package var errors = TraceErrors.none
  package var prompt = "knights_and_knaves_paper"
  /// Traces a puzzle by the symbolic teacher, all but the first with other names.
  package var copies = 1
  /// What other names are drawn from; the published ones where nothing is said.
  package var names: [String] = []
  /// The share of the symbolic teacher's traces that are worked out.
  package var worked = 1.0
  /// The share of right answers among those that answer at once.
  package var accuracy = 1.0
  /// Completions a problem by a language model.
  package var samples = 1
  package var sampling = TeacherSampling()
  /// Which completions of a language model are accepted.
  package var accept = TraceAcceptance.format
  /// Sequences that a local model decodes side by side.
  package var batchSize = 32
  /// Who samples the bound model.
  package var engine = SamplingEngine.native
  /// The server, for `teacher: server` or `engine: server`.
  package var server = ServerParameters()

  /// The symbolic teacher's long style without errors.
  package init() {}

  package static var fields: [Field<Self>] { symbolicFields + modelFields }

  private static var symbolicFields: [Field<Self>] {
    [
      Field("teacher", \.teacher, "who writes the traces"),
      Field(
        "style", \.style,
        "long: natural language, for puzzles; short: one compact wording for tiny models; answer: a "
          + "few words and the answer"),
      Field("seed", \.seed, range: .atLeast(0), "seed of wording, errors and sampling"),
      Field(
        "errors", \.errors,
        "control arms: wrong_answer behind right reasoning, or shuffled among the problems"),
      Field("prompt", \.prompt, "name of the prompt template, such as math_short or short"),
      Field(
        "copies", \.copies, range: 1...1000, "traces a puzzle, all but the first with new names"),
      Field("names", \.names, "what new names are drawn from; else the published list"),
      Field(
        "worked", \.worked, range: 0...1, later: true,
        "share of traces that are worked out, exactly; the others answer at once"),
      Field(
        "accuracy", \.accuracy, range: 0...1, later: true,
        "share of right answers, exactly, among the traces that answer at once"),
    ]
  }

  private static var modelFields: [Field<Self>] {
    [
      Field(
        "samples", \.samples, range: 1...10_000, later: true,
        "completions per problem by a model or server"),
      Field("sampling", \.sampling, later: true, "how a model or server is sampled"),
      Field(
        "accept", \.accept, later: true,
        "which completions of a model or server are accepted; rejected ones are kept"),
      Field(
        "batch_size", \.batchSize, range: 1...4096, identity: false,
        "sequences a local model decodes side by side; cannot change a completion"),
      Field(
        "engine", \.engine, later: true,
        "who samples the bound model, for 'teacher: model': this program, or a server"),
      Field(
        "server", \.server, later: true, "the server, for 'teacher: server' or 'engine: server'"),
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
    if teacher == .symbolic { checkShares(positions, into: &sink) }
    switch teacher {
    case .symbolic: break
    case .model:
      engine.check(server, topK: sampling.topK, positions, at: position, into: &sink)
    case .server: checkTeachingServer(positions, at: position, into: &sink)
    }
  }
}

extension WriteTracesParameters {
  private func checkTeachingServer(
    _ positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let place = positions["server"] ?? position
    if server.url.isEmpty || server.model.isEmpty {
      sink.report(place, "'teacher: server' needs 'server' with at least 'url' and 'model'")
    }
    if server.start != nil || server.dialect != nil {
      sink.report(place, "'start' and 'dialect' are for 'teacher: model' with 'engine: server'")
    }
    if let place = positions["engine"] {
      sink.report(place, "'engine' means nothing to 'teacher: server'; leave it out")
    }
  }

  /// Looks for shares of nothing.
  private func checkShares(
    _ positions: [String: SourcePosition], into sink: inout DiagnosticSink
  ) {
    if style == .answer, let place = positions["worked"] {
      sink.report(
        place, "'worked' means nothing to 'style: answer', in which no trace is worked out")
    }
    let isAllWorked = style != .answer && worked == 1
    if isAllWorked, let place = positions["accuracy"] {
      sink.report(
        place,
        "'accuracy' is that of traces that answer at once, and here all are worked out; say 'style: "
          + "answer', set 'worked', or say 'errors: wrong_answer'")
    }
    if style == .answer, errors == .wrongAnswer, let place = positions["errors"] {
      sink.report(
        place, "'errors: wrong_answer' is for traces that are worked out; say 'accuracy: 0'")
    }
  }
}

/// How a language model writes traces. The defaults are the paper's (section 2 and its sampler).
package struct TeacherSampling: ParameterSet {
  /// Divides the logits; 0 takes the likeliest token.
  package var temperature = 0.6
  /// The least probability mass to sample from.
  package var topP = 0.95
  /// The most tokens to sample from; 0 means all.
  package var topK = 40
  /// The longest completion, in tokens.
  package var maxTokens = 8192
  /// Where a completion ends; what stops it is not part of it.
  package var stop = ["</answer>", "User:", "Assistant:"]
  /// What is written behind a completion that was not cut off, unless it stands there already.
  package var ending = "</answer>"

  /// The paper's values.
  package init() {}

  package static var fields: [Field<TeacherSampling>] {
    [
      Field("temperature", \.temperature, range: 0...10, "divides the logits; 0 is greedy"),
      Field("top_p", \.topP, range: 0.000_001...1, "least probability mass to sample from"),
      Field("top_k", \.topK, range: .atLeast(0), "most tokens to sample from; 0 is all"),
      Field("max_tokens", \.maxTokens, range: .atLeast(1), "longest completion, in tokens"),
      Field("stop", \.stop, "strings that end a completion, themselves left out"),
      Field("ending", \.ending, "written behind completions that were not cut off"),
    ]
  }
}

/// Which completions of a language model become accepted traces.
package enum TraceAcceptance: String, ParameterChoice {
  /// All that were not cut off.
  case any
  /// Those in the format that training asks for, right or wrong, as in the paper.
  case format
  /// Those with the right answer.
  case correct
  /// Those in the format with a wrong answer: a control.
  case wrong
}
