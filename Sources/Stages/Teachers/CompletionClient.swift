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

  /// - Parameter maxTokens: how long a completion may be, which bounds an answer.
  /// - Throws: `ServerError.address`, `ServerError.unprotected`, `ServerKeyError`.
  init(_ server: ServerParameters, keys: ServerKeys, maxTokens: Int) throws {
    self.server = server
    (address, key) = try server.access(keys)
    redaction = KeyRedaction(key)
    policy = RetryPolicy(attempts: server.attempts, backoff: server.backoff)
    connection = ServerConnection(
      concurrency: server.concurrency, limit: Self.answerLimit(maxTokens: maxTokens))
  }

  /// The most bytes of an answer: far more than its tokens need, each of their characters escaped.
  static func answerLimit(maxTokens: Int) -> Int { (1 << 20) + 64 * min(maxTokens, 1 << 20) }

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
    return redaction.value(models)
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
  /// Where a redirect leads, as an origin.
  let redirectOrigin: String?
}

/// Nothing came back in time.
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
    var request = URLRequest(url: address.url.appending(path: call.path))
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
    let answer = try await connection.send(request)
    return Answer(
      data: answer.data, status: answer.response.statusCode,
      retryAfter: answer.response.value(forHTTPHeaderField: "Retry-After"),
      redirectOrigin: answer.redirect?.origin)
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
