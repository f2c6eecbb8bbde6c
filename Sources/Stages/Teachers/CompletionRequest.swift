import Foundation
import Runner

/// One completion to be asked of a server, with everything that can change it.
struct CompletionRequest: Sendable {
  /// Names problem and sample in messages.
  let id: String
  let prompt: String
  let seed: Int
  let sampling: TeacherSampling
  let server: ServerParameters

  /// The seed that the server is sent belongs to the recipe's seed, the problem and the sample.
  static func seed(_ seed: Int, id: String) -> Int {
    var random = NumpyRandom(seed: seed, stream: "server " + id)
    return random.integer(in: 0..<1 << 31)
  }

  /// What is sent. Every field of the sampling is, since servers have defaults of their own.
  var body: JSONValue {
    var fields: [String: JSONValue] = [
      "model": .string(server.model), "max_tokens": .integer(sampling.maxTokens),
      "temperature": .number(sampling.temperature), "top_p": .number(sampling.topP),
      "top_k": .integer(sampling.topK), "presence_penalty": 0, "frequency_penalty": 0,
      "seed": .integer(seed), "n": 1, "stream": false,
    ]
    if !sampling.stop.isEmpty { fields["stop"] = .array(sampling.stop.map { .string($0) }) }
    for (name, value) in server.extra { fields[name] = .number(value) }
    switch server.interface {
    case .completions: fields["prompt"] = .string(prompt)
    case .chat: fields["messages"] = [["role": "user", "content": .string(prompt)]]
    }
    return .object(fields)
  }

  var path: String {
    switch server.interface {
    case .completions: "completions"
    case .chat: "chat/completions"
    }
  }

  /// Tells requests apart whose answers may differ; the server's address is not part of it.
  var digest: String { SHA256Digest.hex(of: Data("\(path)\n\(body.text)".utf8)) }
}

/// What a server answered.
struct ServerCompletion: Sendable, Equatable {
  let text: String
  /// Whether the completion ran into `max_tokens`.
  let isTruncated: Bool

  init(text: String, isTruncated: Bool) {
    self.text = text
    self.isTruncated = isTruncated
  }

  /// Reads the body of an answer, of either interface; nil where it is none.
  ///
  /// Servers that keep the thinking apart send it as `reasoning_content`.
  init?(answer: JSONValue) {
    guard let choice = answer["choices"]?.array?.first else { return nil }
    let message = choice["message"]
    guard let content = choice["text"]?.string ?? message?["content"]?.string else { return nil }
    if let thinking = message?["reasoning_content"]?.string, !thinking.isEmpty {
      text = "\(thinking)</think>\(content)"
    } else {
      text = content
    }
    isTruncated = choice["finish_reason"]?.string == "length"
  }
}
