import Base
import Foundation
import Tasks

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Asks an OpenAI-compatible server for completions, again and again where it fails.
struct CompletionClient: Sendable {
  private let server: ServerParameters
  private let policy: RetryPolicy
  private let address: ServerAddress
  private let key: String?
  private let redaction: KeyRedaction
  private let connection: ServerConnection

  /// - Parameters:
  ///   - maxTokens: how long a completion may be, which bounds an answer.
  ///   - bytesPerToken: the most that a token takes in an answer; more where ids and log p come along.
  /// - Throws: `ServerError.address`, `ServerError.unprotected`, `ServerKeyError`.
  init(
    _ server: ServerParameters, keys: ServerKeys, maxTokens: Int, bytesPerToken: Int = 64
  ) throws {
    self.server = server
    (address, key) = try server.access(keys)
    redaction = KeyRedaction(key)
    policy = RetryPolicy(attempts: server.attempts, backoff: server.backoff)
    connection = ServerConnection(
      concurrency: server.concurrency,
      // Far more than its tokens need, each of their characters escaped.
      limit: (1 << 20) + bytesPerToken * min(maxTokens, 1 << 20))
  }

  private enum AttemptOutcome {
    case done(ServerCompletion)
    case failed(because: String, retryAfter: Double?)
  }

  /// One completion.
  /// - Throws: `ServerError`, or `CancellationError`.
  func completion(_ request: CompletionRequest) async throws -> ServerCompletion {
    var random = NumpyRandom(seed: 0, stream: "wait " + request.digest)
    var last = "it was never tried"
    for attempt in 0..<policy.attempts {
      try Task.checkCancellation()
      switch try await attemptOnce(request) {
      case .done(let completion): return completion
      case .failed(let reason, let retryAfter):
        last = reason
        guard attempt + 1 < policy.attempts else { break }
        let seconds = policy.wait(
          after: attempt, retryAfter: retryAfter, share: random.uniform())
        try await Task.sleep(for: .seconds(seconds))
      }
    }
    throw ServerError.exhausted(id: request.id, attempts: policy.attempts, last: last)
  }

  /// What the server says of its models; null where it says nothing.
  func models() async -> JSONValue {
    guard let answer = try? await answer(to: Call(path: "models")),
      let models = try? JSONValue(parsing: answer.data)["data"]
    else { return .null }
    return redaction.value(models)
  }

  /// The names of the models that the server offers.
  /// - Throws: `ServerError.exhausted`, or `CancellationError`.
  func modelNames() async throws -> [String] {
    for attempt in 0..<policy.attempts {
      if let models = await models().array { return models.compactMap { $0["id"]?.string } }
      try await Task.sleep(for: .seconds(policy.wait(after: attempt, retryAfter: nil, share: 0)))
    }
    throw ServerError.exhausted(
      id: "models", attempts: policy.attempts, last: "the server did not list its models")
  }

  /// What the server says of itself, for the record.
  func description() async -> JSONValue {
    let models = await models()
    return [
      "model": .string(server.model), "url": .string(server.url),
      "models": .array(
        (models.array ?? []).map { model in
          ["id": model["id"] ?? .null, "owned_by": model["owned_by"] ?? .null]
        }),
    ]
  }

  private func attemptOnce(_ request: CompletionRequest) async throws -> AttemptOutcome {
    let call = Call(
      path: request.path, body: Data(request.body.text.utf8), digest: request.digest)
    let answer: Answer
    do {
      answer = try await self.answer(to: call)
    } catch let error as ServerError {
      throw error
    } catch {
      try Task.checkCancellation()
      return .failed(because: redaction.message(Self.sentence(error)), retryAfter: nil)
    }
    guard answer.status == 200 else { return try failure(answer) }
    guard let json = try? JSONValue(parsing: answer.data),
      let completion = ServerCompletion(answer: redaction.value(json))
    else { return .failed(because: "the answer was no completion in JSON", retryAfter: nil) }
    return try judged(completion, of: request)
  }

  /// Of a prompt of token ids the answer must be whole, and by tokens.
  private func judged(
    _ completion: ServerCompletion, of request: CompletionRequest
  ) throws -> AttemptOutcome {
    guard let sent = request.promptTokens else { return .done(completion) }
    if let taken = completion.promptTokens, taken != sent {
      throw ServerError.promptChanged(id: request.id, sent: sent, taken: taken)
    }
    guard ["stop", "length"].contains(completion.finish) else {
      let reason = completion.finish.map { "ended with '\($0.prefix(40))'" } ?? "has no end"
      return .failed(because: "the completion \(reason)", retryAfter: nil)
    }
    guard completion.tokenCount != nil else { throw ServerError.lengthUnknown(id: request.id) }
    return .done(completion)
  }

  private func failure(_ answer: Answer) throws -> AttemptOutcome {
    let message = message(of: answer.data)
    if (300...399).contains(answer.status) {
      throw ServerError.redirected(
        url: server.url, status: answer.status, to: answer.redirectOrigin.map(redaction.message))
    }
    if RetryPolicy.isTransient(answer.status) {
      return .failed(
        because: "the server answered with status \(answer.status)",
        retryAfter: RetryPolicy.seconds(retryAfter: answer.retryAfter))
    }
    if [400, 413, 422].contains(answer.status) {
      throw ServerError.refused(status: answer.status, message: message)
    }
    throw ServerError.denied(url: server.url, status: answer.status, message: message)
  }

  /// The beginning of what a server says of a failure, without the key, however it is escaped.
  private func message(of data: Data) -> String {
    let text = (try? JSONValue(parsing: data)).map { redaction.everywhere(in: $0).text }
    let plain = text ?? String(decoding: data.prefix(1 << 16), as: UTF8.self)
    return String(redaction.message(plain).prefix(300)).visible
  }

  private static func sentence(_ error: any Error) -> String {
    error is NoAnswerError || (error as? URLError)?.code == .timedOut
      ? "no answer came in time" : "the connection failed (\(reason(for: error)))"
  }
}

/// What is sent to a server.
private struct Call: Sendable {
  let path: String
  var body: Data?
  var digest: String?
}

/// What a server sent back.
private struct Answer: Sendable {
  let data: Data
  let status: Int
  let retryAfter: String?
  /// Where a redirect leads, as an origin.
  let redirectOrigin: String?
}

/// Nothing came back in time.
private struct NoAnswerError: Error {}

extension CompletionClient {
  /// How long the session waits for something to come, in seconds: it counts whole ones.
  private var patience: Double { max(1, server.timeout.rounded(.up)) }

  /// Sends a request, but waits little longer than the time-out. The session itself ends a request of which
  /// nothing comes; what comes drop by drop is cancelled, and not at the same moment: FoundationNetworking
  /// traps where a request that is just ending is cancelled.
  private func answer(to call: Call) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      group.addTask { try await send(call) }
      group.addTask {
        try await Task.sleep(for: .seconds(patience + 1))
        throw NoAnswerError()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw NoAnswerError() }
      return first
    }
  }

  private func send(_ call: Call) async throws -> Answer {
    var request = URLRequest(url: address.url.appending(path: call.path))
    request.timeoutInterval = patience
    request.cachePolicy = .reloadIgnoringLocalCacheData
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    if let digest = call.digest {
      request.setValue(digest, forHTTPHeaderField: "Idempotency-Key")
    }
    if let body = call.body {
      request.httpMethod = "POST"
      request.httpBody = body
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    let answer = try await connection.send(request)
    return Answer(
      data: answer.data, status: answer.response.statusCode,
      retryAfter: answer.response.value(forHTTPHeaderField: "Retry-After"),
      redirectOrigin: answer.redirect?.origin)
  }
}
