import Runner

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

  /// What a recipe may set.
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

/// An OpenAI-compatible server that writes traces.
package struct ServerParameters: ParameterSet {
  /// How prompts are sent.
  package enum Interface: String, ParameterChoice {
    /// As they are, to `/completions`.
    case completions
    /// As a user's message, to `/chat/completions`.
    case chat
  }

  /// The address up to and with the version, such as `http://localhost:8000/v1`.
  package var url = ""
  /// The name that the server gives the model.
  package var model = ""
  /// How prompts are sent.
  package var interface = Interface.completions
  /// Numbers that the server is sent besides, such as `min_p: 0`.
  package var extra: [String: Double] = [:]
  /// The environment variable that holds the key, where the server wants one.
  package var keyVariable: String?
  /// How many requests are on their way at a time.
  package var concurrency = 8
  /// How often a request is tried.
  package var attempts = 8
  /// Seconds until a request counts as lost.
  package var timeout = 600.0
  /// Seconds before the second attempt; twice as long before each further one.
  package var backoff = 1.0

  /// No server.
  package init() {}

  /// What a recipe may set.
  package static var fields: [Field<ServerParameters>] {
    [
      Field("url", \.url, identity: false, "address, such as http://localhost:8000/v1"),
      Field("model", \.model, "the model's name on the server"),
      Field("interface", \.interface, "prompts as they are, or as chat messages"),
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
}

/// Which completions of a language model become accepted traces.
package enum TraceAcceptance: String, ParameterChoice {
  /// All that were not cut off.
  case any
  /// Those in the format that training asks for, right or wrong, as in the paper.
  case format
  /// Those with the right answer.
  case correct
}
