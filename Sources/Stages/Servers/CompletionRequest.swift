import Base
import Foundation
import Tasks

/// One completion to be asked of a server, with everything that can change it.
struct CompletionRequest: Sendable {
  /// Names problem and sample in messages.
  let id: String
  /// Below the server's address.
  let path: String
  /// What is sent. Every field of the sampling is, since servers have defaults of their own.
  let body: JSONValue
  /// Tells requests apart whose answers may differ; the server's address is not part of it.
  let digest: String
  /// How many tokens the prompt has, where ids are sent.
  let promptTokens: Int?

  /// - Parameter identity: what of the body can change the answer; all of it where nil.
  init(
    id: String, path: String, body: JSONValue, identity: JSONValue? = nil, promptTokens: Int? = nil
  ) {
    self.id = id
    self.path = path
    self.body = body
    self.promptTokens = promptTokens
    digest = SHA256Digest.hex(of: Data("\(path)\n\((identity ?? body).text)".utf8))
  }

  /// A completion of tokens by a model of the recipe, whatever it is called on the server.
  /// - Parameter fields: how it is sampled, `ServerDialect.fields`.
  init(
    id: String, prompt: [Int32], seed: Int, _ fields: [String: JSONValue],
    _ server: ServerParameters
  ) {
    var identity = fields
    for (name, value) in server.extra { identity[name] = .number(value) }
    identity["prompt"] = .array(prompt.map { .integer(Int($0)) })
    identity["seed"] = .integer(seed)
    var body = identity
    body["model"] = .string(server.model)
    self.init(
      id: id, path: "completions", body: .object(body), identity: .object(identity),
      promptTokens: prompt.count)
  }

  /// The seed that the server is sent belongs to the recipe's seed, the problem and the sample.
  static func seed(_ seed: Int, id: String) -> Int {
    var random = NumpyRandom(seed: seed, stream: "server " + id)
    return random.integer(in: 0..<1 << 31)
  }
}

struct ServerCompletion: Sendable, Equatable {
  let text: String
  /// Whether the completion ran into `max_tokens`.
  let isTruncated: Bool
  /// The tokens, where the server sends their ids.
  var tokens: [Int32]?
  /// How many there are, where it says so.
  var tokenCount: Int?
  /// log p of each, where it was asked for.
  var logProbabilities: [Double]?
  /// Why it ended, in the server's words.
  var finish: String?
  /// How many tokens the server has taken the prompt for, where it says so.
  var promptTokens: Int?

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
    finish = choice["finish_reason"]?.string
    isTruncated = finish == "length"
    // llama.cpp has ids and log p in the shape of the chat interface.
    let pieces = choice["logprobs"]?["content"]?.array
    tokens = Self.ids(choice["token_ids"]?.array ?? pieces?.compactMap { $0["id"] })
    logProbabilities = Self.numbers(
      choice["logprobs"]?["token_logprobs"]?.array ?? pieces?.compactMap { $0["logprob"] })
    let usage = answer["usage"]
    tokenCount = tokens?.count ?? usage?["completion_tokens"]?.integer
    promptTokens =
      choice["prompt_token_ids"]?.array?.count ?? usage?["prompt_tokens"]?.integer
  }

  private static func ids(_ values: [JSONValue]?) -> [Int32]? {
    guard let values else { return nil }
    let ids = values.compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
    return ids.count == values.count ? ids : nil
  }

  private static func numbers(_ values: [JSONValue]?) -> [Double]? {
    guard let values else { return nil }
    let numbers = values.compactMap(\.number)
    return numbers.count == values.count ? numbers : nil
  }
}

extension ServerCompletion {
  /// What is kept of it.
  func row(of request: CompletionRequest) -> JSONValue {
    var row: [String: JSONValue] = [
      "id": .string(request.id), "request": request.body, "text": .string(text),
      "truncated": .boolean(isTruncated),
    ]
    if let tokens { row["token_ids"] = .array(tokens.map { .integer(Int($0)) }) }
    if let tokenCount { row["tokens"] = .integer(tokenCount) }
    return .object(row)
  }

  /// Reads what was kept; nil where it is not whole.
  init?(row: JSONValue) {
    guard let text = row["text"]?.string, let isTruncated = row["truncated"]?.boolean else {
      return nil
    }
    self.init(text: text, isTruncated: isTruncated)
    tokens = Self.ids(row["token_ids"]?.array)
    tokenCount = row["tokens"]?.integer
  }
}
