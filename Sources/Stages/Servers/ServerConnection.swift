import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

#if canImport(Glibc)
  import Glibc
#endif

/// Sends requests to a server. It takes no more of an answer than a limit, and follows redirects
/// within the server's origin only: a prompt and a key go nowhere else.
final class ServerConnection: Sendable {
  struct Answer: Sendable {
    let data: Data
    let response: HTTPURLResponse
    /// Where it leads, if it is a redirect that was not followed.
    let redirect: URL?
  }

  private static let greatestRedirects = 5
  private let session: URLSession
  private let transfers: AnswerTransfers

  /// - Parameters:
  ///   - concurrency: how many requests may be on their way.
  ///   - limit: the most bytes of an answer.
  init(concurrency: Int, limit: Int) {
    transfers = AnswerTransfers(limit: limit)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = concurrency
    session = URLSession(configuration: configuration, delegate: transfers, delegateQueue: nil)
  }

  deinit { session.finishTasksAndInvalidate() }

  /// Sends a request and waits for the whole answer.
  /// - Throws: `URLError`, `.cancelled` where the Swift task is cancelled; `ServerError.oversized`.
  func send(_ request: URLRequest) async throws -> Answer {
    var request = request
    for _ in 0..<Self.greatestRedirects {
      let answer = try await sendOnce(request)
      guard let redirect = answer.redirect, answer.response.statusCode != 303,
        let origin = redirect.origin, origin == request.url?.origin
      else { return answer }
      request.url = redirect
    }
    return try await sendOnce(request)
  }

  private func sendOnce(_ request: URLRequest) async throws -> Answer {
    let cancellation = TransferCancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let task = session.dataTask(with: request)
        transfers.add(task, continuation)
        cancellation.begin(task)
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}

/// The answers that are on their way.
private final class AnswerTransfers: NSObject, URLSessionDataDelegate, Sendable {
  private struct Transfer {
    let continuation: CheckedContinuation<ServerConnection.Answer, any Error>
    var data = Data()
    var isOversized = false
  }

  private let limit: Int
  private let transfers = Mutex<[Int: Transfer]>([:])

  init(limit: Int) { self.limit = limit }

  func add(
    _ task: URLSessionTask, _ continuation: CheckedContinuation<ServerConnection.Answer, any Error>
  ) {
    transfers.withLock { $0[task.taskIdentifier] = Transfer(continuation: continuation) }
  }

  /// Ends the request here. The handler is never called: FoundationNetworking traps if it is when
  /// the request has meanwhile been cancelled.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    guard let transfer = transfers.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else {
      return
    }
    transfer.continuation.resume(
      returning: .init(data: Data(), response: response, redirect: request.url))
    DispatchQueue.global().async { task.cancel() }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooMuch = transfers.withLock { transfers in
      guard transfers[dataTask.taskIdentifier]?.isOversized == false else { return false }
      transfers[dataTask.taskIdentifier]?.data.append(data)
      guard let size = transfers[dataTask.taskIdentifier]?.data.count, size > limit else {
        return false
      }
      transfers[dataTask.taskIdentifier]?.data = Data()
      transfers[dataTask.taskIdentifier]?.isOversized = true
      return true
    }
    guard isTooMuch else { return }
    // A transfer that is flooded is cancelled only once the flood is over. Without its connection it
    // ends by itself, and FoundationNetworking traps where it is cancelled at that very moment.
    OpenConnections.shutDown(toPortOf: dataTask.originalRequest?.url)
    DispatchQueue.global().asyncAfter(deadline: .now() + 1) {
      if dataTask.state != .completed { dataTask.cancel() }
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    guard let transfer = transfers.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else {
      return
    }
    if transfer.isOversized {
      transfer.continuation.resume(throwing: ServerError.oversized(limit: limit))
    } else if let response = task.response as? HTTPURLResponse, error == nil {
      transfer.continuation.resume(
        returning: .init(data: transfer.data, response: response, redirect: nil))
    } else {
      transfer.continuation.resume(throwing: error ?? URLError(.unknown))
    }
  }
}

/// The connections of this process.
private enum OpenConnections {
  /// Ends all connections to the port of an address, so that nothing more of them is taken.
  static func shutDown(toPortOf url: URL?) {
    guard let url else { return }
    let port = url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in names.compactMap({ Int32($0) }) where peerPort(of: descriptor) == port {
      shutdown(descriptor, Int32(SHUT_RDWR))
    }
  }

  /// The port at the other end; nil for whatever is no connection over IP.
  private static func peerPort(of descriptor: Int32) -> Int? {
    var peer = sockaddr_in6()  // whose port lies where that of IPv4 does
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let status = withUnsafeMutablePointer(to: &peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
    }
    guard status == 0, [AF_INET, AF_INET6].contains(Int32(peer.sin6_family)) else { return nil }
    return Int(UInt16(bigEndian: peer.sin6_port))
  }
}

/// Cancels a request, at whatever moment.
///
/// The Swift runtime holds the lock of a task while it cancels it, a transfer that is cancelled waits
/// for the session's queue, and if the answer comes just then, that queue waits for the lock. So the
/// transfer is cancelled on another thread.
private final class TransferCancellation: Sendable {
  private enum State {
    case new
    case running(URLSessionTask)
    case cancelled
  }

  private let state = Mutex(State.new)

  func begin(_ task: URLSessionTask) {
    let isCancelled = state.withLock { state in
      if case .cancelled = state { return true }
      state = .running(task)
      return false
    }
    task.resume()
    if isCancelled { task.cancel() }
  }

  func cancel() {
    let task = state.withLock { state -> URLSessionTask? in
      defer { state = .cancelled }
      guard case .running(let task) = state else { return nil }
      return task
    }
    guard let task else { return }
    DispatchQueue.global().async { task.cancel() }
  }
}
