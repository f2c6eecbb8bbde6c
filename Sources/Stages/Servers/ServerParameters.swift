import Base
import Runner

/// Where completions are sampled.
package enum SamplingEngine: String, ParameterChoice {
  /// By this program.
  case native
  /// By a server that is running, or that the run starts.
  case server
}

/// An OpenAI-compatible server: one that writes traces, or that samples a model of the recipe.
package struct ServerParameters: ParameterSet {
  package enum Interface: String, ParameterChoice {
    /// As they are, to `/completions`.
    case completions
    /// As a user's message, to `/chat/completions`.
    case chat
  }

  /// The address up to and with the version, such as `http://localhost:8000/v1`.
  package var url = ""
  /// What the run starts instead: `warmup`, `vllm`, or a name of the site file.
  package var start: String?
  /// The model's name on the server.
  package var model = ""
  package var interface = Interface.completions
  /// What the server understands, where it samples a model of the recipe.
  package var dialect: ServerDialect?
  /// Numbers that the server is sent besides, such as `min_p: 0`.
  package var extra: [String: Double] = [:]
  /// The environment variable that holds the key, where the server wants one.
  package var keyVariable: String?
  /// How many requests are on their way at a time.
  package var concurrency = 8
  /// How often a request is tried.
  package var attempts = 8
  /// Seconds until a request counts as lost, and until a server that is started must be ready.
  package var timeout = 600.0
  /// Seconds before the second attempt; twice as long before each further one.
  package var backoff = 1.0

  package init() {}

  package static var fields: [Field<ServerParameters>] {
    [
      Field("url", \.url, identity: false, "address, such as http://localhost:8000/v1"),
      Field(
        "start", \.start, identity: false,
        "what to start instead, for 'engine: server': warmup, vllm, or a server of the site file"),
      Field("model", \.model, "the model's name on the server"),
      Field("interface", \.interface, "prompts as they are, or as chat messages"),
      Field(
        "dialect", \.dialect, later: true,
        "what the server understands, for 'engine: server'; known where 'start' names it"),
      Field("extra", \.extra, "more numbers to send, such as {min_p: 0, repetition_penalty: 1}"),
      Field(
        "key_variable", \.keyVariable, identity: false,
        "environment variable that holds the server's key"),
      Field(
        "concurrency", \.concurrency, range: 1...1024, identity: false,
        "requests on their way at a time"),
      Field("attempts", \.attempts, range: 1...100, identity: false, "tries for a request"),
      Field(
        "timeout", \.timeout, range: 0.1...86_400, identity: false,
        "seconds until a request counts as lost"),
      Field(
        "backoff", \.backoff, range: 0...3600, identity: false,
        "seconds before the second try, doubled before each further one"),
    ]
  }

  /// What the server understands; nil where nobody says it.
  var spoken: ServerDialect? { dialect ?? start.flatMap(ServerDialect.init) }

  /// What of a server that samples a model of the recipe can change a completion: neither where it
  /// is nor how the model is called there.
  var samplingIdentity: JSONValue {
    [
      "dialect": spoken?.json ?? .null,
      "extra": .object(extra.mapValues { .number($0) }),
    ]
  }
}

extension ServerParameters {
  /// Looks for what is wrong with the server of `engine: server`.
  /// - Returns: sentences.
  func mistakes(sampling topK: Int) -> [String] {
    var found: [String] = []
    if url.isEmpty == (start == nil) {
      found.append(
        "'engine: server' needs 'server' with either 'url', of one that is running, or 'start'")
    }
    if interface == .chat {
      found.append("'engine: server' sends token ids, which 'interface: chat' cannot; leave it out")
    }
    guard let spoken else {
      let names = ServerDialect.allCases.map(\.rawValue).joined(separator: ", ")
      return found + ["say what the server understands: 'dialect' is one of \(names)"]
    }
    if topK > 0, !spoken.hasTopK {
      found.append(
        "'dialect: \(spoken.rawValue)' has no top_k; say 'top_k: 0', or the server's own dialect")
    }
    let own = extra.keys.sorted().filter(spoken.isSent)
    if !own.isEmpty {
      found.append(
        "'extra' may not hold \(own.joined(separator: ", ")), which is sent anyway")
    }
    return found
  }
}

extension SamplingEngine {
  /// Looks for what is wrong with a server, or with a recipe that has one and does not use it.
  func check(
    _ server: ServerParameters, topK: Int, _ positions: [String: SourcePosition],
    at position: SourcePosition, into sink: inout DiagnosticSink
  ) {
    let place = positions["server"] ?? position
    switch self {
    case .native:
      // Whoever says 'engine: native' knows what becomes of the server.
      if positions["server"] != nil, positions["engine"] == nil {
        sink.report(place, "'server' is for 'engine: server'; say so, or leave it out")
      }
    case .server:
      for sentence in server.mistakes(sampling: topK) { sink.report(place, sentence) }
    }
  }
}

extension JSONValue {
  /// The identity of a stage that samples a model, with what of its server belongs to it.
  func naming(_ engine: SamplingEngine, _ server: ServerParameters) -> JSONValue {
    guard var fields = object, fields["server"] != nil else { return self }
    fields["server"] = engine == .server ? server.samplingIdentity : nil
    return .object(fields)
  }
}
