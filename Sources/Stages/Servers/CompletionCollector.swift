import Base
import Foundation
import Runner
import Synchronization
import Tasks

/// Has a server answer requests, several at a time, and keeps each answer as it comes.
struct CompletionCollector: Sendable {
  let client: CompletionClient
  let store: CompletionStore
  let concurrency: Int

  /// What came of a request: a completion, or why the server refused it.
  typealias Answer = Result<ServerCompletion, ServerError>

  /// The answers to requests, in their order. Requests that were answered before are not sent.
  /// - Throws: `ServerError` where the server cannot be used, `InterruptedError`, or what
  ///   keeping a completion throws.
  func answers(
    to requests: [CompletionRequest], _ interruption: Interruption, progress: any ProgressSink
  ) throws -> [Answer] {
    try BlockingTask.run(interruption) { try await answers(to: requests, progress: progress) }
  }

  /// The same, from a Swift task.
  func answers(
    to requests: [CompletionRequest], progress: any ProgressSink
  ) async throws -> [Answer] {
    var answers = requests.map { store.completion(for: $0.digest).map { Answer.success($0) } }
    let missing = requests.indices.filter { answers[$0] == nil }
    let meter = CollectionMeter(
      done: requests.count - missing.count, total: requests.count, progress: progress)
    let fresh = try await fetch(missing.map { requests[$0] }, meter)
    for (place, answer) in zip(missing, fresh) { answers[place] = answer }
    return answers.compactMap { $0 }
  }

  private func fetch(
    _ requests: [CompletionRequest], _ meter: CollectionMeter
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      var answers = [Answer?](repeating: nil, count: requests.count)
      var sent = 0
      var received = 0
      while received < requests.count {
        while sent < requests.count, sent - received < concurrency {
          let index = sent
          group.addTask { (index, try await fetch(requests[index])) }
          sent += 1
        }
        guard let (index, answer) = try await group.next() else { break }
        answers[index] = answer
        received += 1
        meter.count(answer)
      }
      return answers.compactMap { $0 }
    }
  }

  private func fetch(_ request: CompletionRequest) async throws -> Answer {
    do {
      let completion = try await client.completion(request)
      try store.keep(completion, for: request)
      return .success(completion)
    } catch let error as ServerError {
      guard case .refused = error else { throw error }
      return .failure(error)
    }
  }
}

/// Says how many completions have come, and how many tokens a second.
private final class CollectionMeter: Sendable {
  private let total: Int
  private let progress: any ProgressSink
  private let start = ContinuousClock.now
  private let counts: Mutex<(done: Int, tokens: Int)>

  init(done: Int, total: Int, progress: any ProgressSink) {
    self.total = total
    self.progress = progress
    counts = Mutex((done, 0))
    progress.update(StageProgress(done, of: total, "completions"))
  }

  func count(_ answer: CompletionCollector.Answer) {
    let tokens = (try? answer.get())?.tokenCount ?? 0
    let (done, sum) = counts.withLock { counts in
      counts.done += 1
      counts.tokens += tokens
      return counts
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let remark = sum > 0 ? "\(Int((Double(sum) / max(seconds, 0.001)).rounded())) tokens/s" : ""
    progress.update(StageProgress(done, of: total, "completions", remark: remark))
  }
}

/// Completions that servers have sent, one file each.
///
/// A completion is on the disk before it counts as received, so that no request which was answered
/// is ever sent again.
struct CompletionStore: Sendable {
  let folder: URL

  /// What was once answered to a request, if anything.
  func completion(for digest: String) -> ServerCompletion? {
    guard let data = try? Data(contentsOf: file(digest)) else { return nil }
    return (try? JSONValue(parsing: data)).flatMap(ServerCompletion.init(row:))
  }

  func keep(_ completion: ServerCompletion, for request: CompletionRequest) throws {
    let file = file(request.digest)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(completion.row(of: request).text + "\n", to: file)
  }

  func remove(_ digest: String) throws {
    try FileManager.default.removeItem(at: file(digest))
  }

  private func file(_ digest: String) -> URL {
    folder.appending(path: "\(digest.prefix(2))/\(digest).json")
  }
}
