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

  /// - Throws: `ServerError.address`, `ServerError.noKey`.
  init(_ server: ServerParameters, environment: [String: String]) throws {
    guard let base = URL(string: server.url), ["http", "https"].contains(base.scheme),
      base.host()?.isEmpty == false
    else { throw ServerError.address(server.url) }
    self.server = server
    self.base = base
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
    let request = urlRequest("models")
    guard let (data, _) = try? await data(for: request),
      let models = try? JSONValue(parsing: data)["data"]
    else { return .null }
    return models
  }

  private func attemptOnce(_ request: CompletionRequest) async throws -> Outcome {
    var post = urlRequest(request.path)
    post.httpMethod = "POST"
    post.setValue("application/json", forHTTPHeaderField: "Content-Type")
    post.setValue(request.digest, forHTTPHeaderField: "Idempotency-Key")
    post.httpBody = Data(request.body.text.utf8)
    let (data, response): (Data, HTTPURLResponse)
    do {
      (data, response) = try await self.data(for: post)
    } catch {
      try Task.checkCancellation()
      return .failed(because: Self.sentence(error), retryAfter: nil)
    }
    if response.statusCode == 200 {
      guard let answer = try? JSONValue(parsing: data), let done = ServerCompletion(answer: answer)
      else { return .failed(because: "the answer was no completion in JSON", retryAfter: nil) }
      return .done(done)
    }
    return try failure(data, response)
  }

  private func failure(_ data: Data, _ response: HTTPURLResponse) throws -> Outcome {
    let status = response.statusCode
    let message = String(decoding: data.prefix(300), as: UTF8.self)
    if RetryPolicy.isTransient(status) {
      let header = response.value(forHTTPHeaderField: "Retry-After")
      return .failed(
        because: "the server answered with status \(status)",
        retryAfter: RetryPolicy.seconds(retryAfter: header))
    }
    if [400, 413, 422].contains(status) {
      throw ServerError.refused(status: status, message: message)
    }
    throw ServerError.denied(url: server.url, status: status, message: message)
  }

  /// Sends a request, but waits no longer than the time-out.
  private func data(for request: URLRequest) async throws -> (Data, HTTPURLResponse) {
    try await withThrowingTaskGroup(of: (Data, HTTPURLResponse).self) { group in
      group.addTask {
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw NoAnswer() }
        return (data, response)
      }
      group.addTask { [timeout = server.timeout] in
        try await Task.sleep(for: .seconds(timeout))
        throw NoAnswer()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw NoAnswer() }
      return first
    }
  }

  private func urlRequest(_ path: String) -> URLRequest {
    var request = URLRequest(url: base.appending(path: path))
    request.timeoutInterval = server.timeout
    request.cachePolicy = .reloadIgnoringLocalCacheData
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    return request
  }

  private struct NoAnswer: Error {}

  private static func sentence(_ error: any Error) -> String {
    error is NoAnswer
      ? "no answer came in time" : "the connection failed (\(error.localizedDescription))"
  }
}
