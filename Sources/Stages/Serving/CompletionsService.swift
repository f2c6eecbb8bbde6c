import Base
import Foundation
import Model
import Synchronization

/// OpenAI's interface over HTTP for one model: `/v1/models` and `/v1/completions`.
package struct CompletionsService: Sendable {
  private let model: ModelServer
  /// Whether only this machine may ask.
  private let isLocal: Bool
  private let started = Int(Date().timeIntervalSince1970)
  private let number = RequestNumber()

  package init(_ model: ModelServer, isLocal: Bool) {
    self.model = model
    self.isLocal = isLocal
  }

  /// Answers a request.
  package func answer(_ request: HTTPRequest, _ connection: HTTPConnection) {
    do throws(HTTPFault) {
      try check(request)
      switch (request.method, request.path) {
      case ("GET", "/v1/models"): connection.send(HTTPResponse(models))
      case ("GET", "/health"): connection.send(HTTPResponse(["status": "ok"]))
      case ("POST", "/v1/completions"): try complete(request, connection)
      case (_, "/v1/models"), (_, "/v1/completions"), (_, "/health"):
        throw HTTPFault(405, "\(request.method) is not the method of \(request.path)")
      default:
        throw HTTPFault(404, "there is no \(request.path); ask /v1/completions or /v1/models")
      }
    } catch { connection.send(error.response) }
  }

  /// A page in a browser must not make use of a model on its reader's machine, also where it has its own
  /// name stand for it.
  private func check(_ request: HTTPRequest) throws(HTTPFault) {
    guard request.headers["origin"] == nil else {
      throw HTTPFault(403, "requests from pages in a browser are not answered")
    }
    if isLocal { try request.requireLoopback() }
  }

  private var models: JSONValue {
    [
      "object": "list",
      "data": [
        [
          "id": .string(model.name), "object": "model", "created": .integer(started),
          "owned_by": "warmup",
          "max_model_len": .integer(model.vocabulary.configuration.contextLength),
        ]
      ],
    ]
  }

  private func complete(
    _ request: HTTPRequest, _ connection: HTTPConnection
  ) throws(HTTPFault) {
    guard let json = try? JSONValue(parsing: request.body) else {
      throw HTTPFault(400, "the body is not valid JSON")
    }
    let call = try CompletionsCall(json, name: model.name, model.vocabulary)
    let id = "cmpl-\(number.next())"
    if call.isStreamed { return try stream(call, id: id, connection) }
    let completions = try model.completions(of: call.request()) { connection.isClosed }
    let choices = completions.enumerated().map { choice($1, index: $0, of: call) }
    connection.send(
      HTTPResponse(body(id, choices, usage: usage(call, completions))))
  }

  /// Sends a completion as it grows, as server-sent events.
  private func stream(
    _ call: CompletionsCall, id: String, _ connection: HTTPConnection
  ) throws(HTTPFault) {
    let growing = Mutex(GrowingText(stopStrings: call.stopStrings))
    let hasBegun = Mutex(false)
    @Sendable func send(_ choice: JSONValue, usage: JSONValue? = nil) -> Bool {
      let isFirst = hasBegun.withLock { begun in
        defer { begun = true }
        return !begun
      }
      if isFirst, !connection.beginEvents() { return false }
      return connection.sendEvent(body(id, [choice], usage: usage).text)
    }
    let request = call.request { [tokenizer = model.vocabulary.tokenizer] tokens in
      let piece = growing.withLock {
        $0.addition(tokenizer.decode(tokens, isContinuation: true))
      }
      return piece.isEmpty || send(["index": 0, "text": .string(piece), "finish_reason": .null])
    }
    let completion: SampledText
    do {
      guard
        let only = try model.completions(of: request, isAbandoned: { connection.isClosed }).first
      else { return }
      completion = only
    } catch {
      guard hasBegun.withLock({ $0 }) else { throw error }
      connection.sendEvent(error.json.text)
      return
    }
    var last = choice(completion, index: 0, of: call).object ?? [:]
    last["text"] = .string(growing.withLock { $0.rest(completion.text) })
    _ = send(.object(last), usage: usage(call, [completion]))
    connection.sendEvent("[DONE]")
  }

  private func body(_ id: String, _ choices: [JSONValue], usage: JSONValue?) -> JSONValue {
    [
      "id": .string(id), "object": "text_completion",
      "created": .integer(Int(Date().timeIntervalSince1970)), "model": .string(model.name),
      "choices": .array(choices), "usage": usage ?? .null,
    ]
  }

  private func choice(_ completion: SampledText, index: Int, of call: CompletionsCall) -> JSONValue
  {
    var fields: [String: JSONValue] = [
      "index": .integer(index), "text": .string(completion.text),
      "finish_reason": completion.isTruncated ? "length" : "stop", "logprobs": .null,
    ]
    if call.wantsLogProbabilities {
      let tokenizer = model.vocabulary.tokenizer
      fields["logprobs"] = [
        "tokens": .array(completion.tokens.map { .string(tokenizer.decode([$0])) }),
        "token_logprobs": .array(completion.logProbabilities.map { .number(Double($0)) }),
        "top_logprobs": .null,
      ]
    }
    if call.wantsTokens {
      fields["token_ids"] = .array(completion.tokens.map { .integer(Int($0)) })
      fields["prompt_token_ids"] = .array(call.prompt.map { .integer(Int($0)) })
    }
    return .object(fields)
  }

  private func usage(_ call: CompletionsCall, _ completions: [SampledText]) -> JSONValue {
    let sampled = completions.reduce(0) { $0 + $1.tokens.count }
    return [
      "prompt_tokens": .integer(call.prompt.count), "completion_tokens": .integer(sampled),
      "total_tokens": .integer(call.prompt.count + sampled),
    ]
  }
}

/// Counts requests, for their names.
private final class RequestNumber: Sendable {
  private let count = Atomic<Int>(0)

  func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
