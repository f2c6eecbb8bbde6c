import Foundation
import Runner

/// Has a server write completions, several at a time, and keeps each as it comes.
struct ServerTeacher {
  let client: CompletionClient
  let store: CompletionStore
  let concurrency: Int

  /// What came of a request: a completion, or why the server refused it.
  typealias Answer = Result<ServerCompletion, ServerError>

  /// The answers to requests, in their order. Requests that were answered before are not sent.
  /// - Throws: `ServerError` where the server cannot be used, `StageError.interrupted`, or what
  ///   keeping a completion throws.
  func answers(
    to requests: [CompletionRequest], _ interruption: Interruption, progress: any ProgressSink
  ) throws -> [Answer] {
    let known = requests.map { store.completion(for: $0.digest) }
    let missing = requests.indices.filter { known[$0] == nil }
    let done = requests.count - missing.count
    let fresh = try BlockingTask.run(interruption) {
      try await fetch(missing.map { requests[$0] }) { count in
        progress.update(Progress(done + count, of: requests.count, "completions"))
      }
    }
    var answers = known.map { $0.map { Answer.success($0) } }
    for (place, answer) in zip(missing, fresh) { answers[place] = answer }
    return answers.compactMap { $0 }
  }

  private func fetch(
    _ requests: [CompletionRequest], counted: @escaping @Sendable (Int) -> Void
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
        counted(received)
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
