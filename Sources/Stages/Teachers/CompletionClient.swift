import Foundation
import Runner

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Asks an OpenAI-compatible server for completions, again and again where it fails.
struct CompletionClient: Sendable {
  private let server: ServerParameters
  private let policy: RetryPolicy
  private let base: URL
  private let key: String?
  private let session: URLSession

  /// - Throws: `ServerError.address`, `ServerError.noKey`.
  init(_ server: ServerParameters, environment: [String: String]) throws {
    guard let base = URL(string: server.url), ["http", "https"].contains(base.scheme),
      base.host()?.isEmpty == false
    else { throw ServerError.address(server.url) }
    self.server = server
    self.base = base
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = server.concurrency
    session = URLSession(configuration: configuration)
    policy = RetryPolicy(attempts: server.attempts, backoff: server.backoff)
    key = try server.keyVariable.map { variable in
      guard let key = environment[variable], !key.isEmpty else {
        throw ServerError.noKey(variable: variable)
      }
      return key
    }
  }

  /// How one attempt ended.
  private enum Outcome {
    case done(ServerCompletion)
    case failed(because: String, retryAfter: Double?)
  }

  /// One completion.
  /// - Throws: `ServerError`, or `CancellationError`.
  func completion(_ request: CompletionRequest) async throws -> ServerCompletion {
    var random = NumpyRandom(seed: request.seed, stream: "wait " + request.id)
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
    return models
  }

  private func attemptOnce(_ request: CompletionRequest) async throws -> Outcome {
    let call = Call(
      path: request.path, body: Data(request.body.text.utf8), digest: request.digest)
    let answer: Answer
    do {
      answer = try await self.answer(to: call)
    } catch {
      try Task.checkCancellation()
      return .failed(because: Self.sentence(error), retryAfter: nil)
    }
    guard answer.status == 200 else { return try failure(answer) }
    guard let json = try? JSONValue(parsing: answer.data),
      let completion = ServerCompletion(answer: json)
    else { return .failed(because: "the answer was no completion in JSON", retryAfter: nil) }
    return .done(completion)
  }

  private func failure(_ answer: Answer) throws -> Outcome {
    let message = String(decoding: answer.data.prefix(300), as: UTF8.self)
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

  private static func sentence(_ error: any Error) -> String {
    error is NoAnswer
      ? "no answer came in time" : "the connection failed (\(error.localizedDescription))"
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
}

/// Nothing came back in time, or nothing that is HTTP.
private struct NoAnswer: Error {}

extension CompletionClient {
  /// Sends a request, but waits no longer than the time-out.
  private func answer(to call: Call) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      group.addTask { try await send(call) }
      group.addTask {
        try await Task.sleep(for: .seconds(server.timeout))
        throw NoAnswer()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw NoAnswer() }
      return first
    }
  }

  private func send(_ call: Call) async throws -> Answer {
    var request = URLRequest(url: base.appending(path: call.path))
    request.timeoutInterval = server.timeout
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
    let (data, response) = try await CancellableTransfer.data(for: request, in: session)
    guard let response = response as? HTTPURLResponse else { throw NoAnswer() }
    return Answer(
      data: data, status: response.statusCode,
      retryAfter: response.value(forHTTPHeaderField: "Retry-After"))
  }
}
