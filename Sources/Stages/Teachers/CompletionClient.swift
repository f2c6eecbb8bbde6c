import Base
import Dispatch
import Foundation
import Synchronization
import Tasks

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

  private enum AttemptOutcome {
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

  private func attemptOnce(_ request: CompletionRequest) async throws -> AttemptOutcome {
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

  private func failure(_ answer: Answer) throws -> AttemptOutcome {
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
    error is NoAnswerError
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
}

/// Nothing came back in time, or nothing that is HTTP.
private struct NoAnswerError: Error {}

extension CompletionClient {
  /// Sends a request, but waits no longer than the time-out.
  private func answer(to call: Call) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      group.addTask { try await send(call) }
      group.addTask {
        try await Task.sleep(for: .seconds(server.timeout))
        throw NoAnswerError()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw NoAnswerError() }
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
    guard let response = response as? HTTPURLResponse else { throw NoAnswerError() }
    return Answer(
      data: data, status: response.statusCode,
      retryAfter: response.value(forHTTPHeaderField: "Retry-After"))
  }
}

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

/// When a request is tried again, and after how long.
package struct RetryPolicy: Sendable {
  /// How often a request is tried in all.
  package let attempts: Int
  /// Seconds before the second attempt.
  package let backoff: Double

  package init(attempts: Int, backoff: Double) {
    self.attempts = attempts
    self.backoff = backoff
  }

  /// No wait is longer, whatever a server asks for.
  package static let longestWait = 300.0

  /// Whether an answer with this status may be followed by a better one.
  package static func isTransient(_ status: Int) -> Bool {
    [408, 409, 425, 429].contains(status) || (500...599).contains(status)
  }

  /// Seconds to wait after a failed attempt, which counts from 0: twice as long each time, longer
  /// where the server asks for it.
  /// - Parameter share: a random number in [0, 1), so that not all requests come back at once.
  package func wait(after attempt: Int, retryAfter: Double?, share: Double) -> Double {
    let doubled = backoff * pow(2, Double(min(attempt, 30))) * (1 + share / 2)
    return min(max(doubled, retryAfter ?? 0), Self.longestWait)
  }

  /// Reads the header `Retry-After`: seconds, or a date.
  package static func seconds(retryAfter value: String?, now: Date = Date()) -> Double? {
    guard let value = value?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = Double(value) { return seconds.isFinite ? max(0, seconds) : nil }
    let reader = DateFormatter()
    reader.locale = Locale(identifier: "en_US_POSIX")
    reader.timeZone = TimeZone(secondsFromGMT: 0)
    reader.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return reader.date(from: value).map { max(0, $0.timeIntervalSince(now)) }
  }
}

/// Why a server's completion cannot be had.
enum ServerError: Error, CustomStringConvertible {
  case address(String)
  /// The key's environment variable is not set.
  case noKey(variable: String)
  /// The server refuses this one request; another one may go through.
  case refused(status: Int, message: String)
  /// The server refuses all requests.
  case denied(url: String, status: Int, message: String)
  case exhausted(id: String, attempts: Int, last: String)

  var description: String {
    switch self {
    case .address(let url):
      "'\(url)' is no address of a server; write 'url' like http://localhost:8000/v1"
    case .noKey(let variable):
      "the environment variable \(variable), which 'key_variable' names, is not set"
    case .refused(let status, let message):
      "the server refused the request with status \(status): \(message)"
    case .denied(let url, let status, let message):
      "\(url) answers with status \(status): \(message); check 'url', 'model' and 'key_variable'"
    case .exhausted(let id, let attempts, let last):
      "no completion of '\(id)' came in \(attempts) attempts, the last of which failed because "
        + "\(last); what has come is kept, so run again to go on"
    }
  }
}

/// A request that may be cancelled at any moment.
///
/// `URLSession.data(for:)` may not, on Linux: it cancels its transfer while the runtime holds the
/// lock of the Swift task, the transfer waits for the session's queue, and if the answer comes just
/// then, that queue waits for the lock. Here the transfer is cancelled on another thread.
final class CancellableTransfer: Sendable {
  private enum State {
    case new
    case running(URLSessionTask)
    case cancelled
  }

  private let state = Mutex(State.new)

  /// Sends a request and waits for the whole answer.
  /// - Throws: `URLError`; `.cancelled` where the Swift task is cancelled.
  static func data(
    for request: URLRequest, in session: URLSession
  ) async throws -> (Data, URLResponse) {
    let transfer = CancellableTransfer()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let task = session.dataTask(with: request) { data, response, error in
          if let data, let response {
            continuation.resume(returning: (data, response))
          } else {
            continuation.resume(throwing: error ?? URLError(.unknown))
          }
        }
        transfer.begin(task)
      }
    } onCancel: {
      transfer.cancel()
    }
  }

  private func begin(_ task: URLSessionTask) {
    let isCancelled = state.withLock { state in
      if case .cancelled = state { return true }
      state = .running(task)
      return false
    }
    task.resume()
    if isCancelled { task.cancel() }
  }

  private func cancel() {
    let task = state.withLock { state -> URLSessionTask? in
      defer { state = .cancelled }
      guard case .running(let task) = state else { return nil }
      return task
    }
    guard let task else { return }
    DispatchQueue.global().async { task.cancel() }
  }
}
