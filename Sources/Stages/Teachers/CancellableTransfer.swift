import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

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
