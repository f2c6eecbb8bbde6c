import Base
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

#if canImport(Glibc)
  import Glibc
#endif

/// How much a download may bring.
package struct DownloadBounds: Sendable {
  /// The most bytes of a file whose length the server says beforehand.
  var announced: Int
  /// The most bytes of one whose length it does not say.
  var unannounced: Int
  /// Bytes of the disk that stay free.
  var reserve: Int

  package init(announced: Int = 128 << 30, unannounced: Int = 4 << 30, reserve: Int = 256 << 20) {
    self.announced = announced
    self.unannounced = unannounced
    self.reserve = reserve
  }

  /// How many bytes there is room for where a file lies; nil where that is not known.
  func room(beside file: URL) -> Int? {
    var space = statvfs()
    guard statvfs(file.path, &space) == 0 else { return nil }
    return max(0, Int(space.f_bavail) * Int(space.f_frsize) - reserve)
  }
}

/// One request, whose body goes into a file as it comes.
final class WebTransfer: NSObject, URLSessionDataDelegate, Sendable {
  enum Ending: Sendable, Equatable {
    /// The file is whole, as far as the server says.
    case whole
    /// What was there before does not fit what the server has.
    case unfitting
    /// The server answered with a status that is no success.
    case refused(status: Int)
    /// The file is to be had elsewhere.
    case redirected(status: Int, to: URL)
    /// The connection was not made, or broke.
    case broken(reason: String)
    /// The disk took no more, or will not take what is to come.
    case unwritable(reason: String)
    /// It has more bytes than a download may have.
    case tooLarge(reason: String)
  }

  private struct State {
    var handle: FileHandle?
    var written: Int
    /// How long the whole file will be, where the server says so.
    var total: Int?
    /// How long it may become.
    var most = 0
    var ending: Ending?
  }

  private let state: Mutex<State>
  private let offset: Int
  private let bounds: DownloadBounds
  private let room: Int?
  private let isOver = DispatchSemaphore(value: 0)
  private let report: @Sendable (_ written: Int, _ total: Int?) -> Void

  /// Prepares to append to a file what comes after its first `offset` bytes.
  /// - Parameter room: how many bytes the disk takes; nil where that is not known.
  init(
    to handle: FileHandle, after offset: Int, _ bounds: DownloadBounds, room: Int?,
    report: @escaping @Sendable (_ written: Int, _ total: Int?) -> Void
  ) {
    state = Mutex(State(handle: handle, written: offset))
    self.offset = offset
    self.bounds = bounds
    self.room = room
    self.report = report
  }

  /// Carries the request out. Returns nil where `shouldStop` said so.
  func run(_ url: URL, until shouldStop: () -> Bool) -> Ending? {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 60
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.urlCache = nil
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    var request = URLRequest(url: url)
    // Sums are those of the bytes as they are stored, so nothing may be packed on the way.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
    let task = session.dataTask(with: request)
    task.resume()
    while isOver.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if shouldStop() {
        task.cancel()
        close()
        return nil
      }
    }
    close()
    return state.withLock { $0.ending }
  }

  /// No byte that comes later is written.
  private func close() {
    state.withLock {
      try? $0.handle?.close()
      $0.handle = nil
    }
  }

  /// Ends the request here. The handler is never called: FoundationNetworking traps if it is when
  /// the request has meanwhile been cancelled.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    state.withLock { state in
      if state.ending != nil { return }
      state.ending =
        request.url.map { .redirected(status: response.statusCode, to: $0) }
        ?? .refused(status: response.statusCode)
    }
    isOver.signal()
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    let ends = state.withLock { state in
      begin(&state, response)
      if state.ending == nil { bound(&state) }
      return state.ending != nil
    }
    completionHandler(.allow)
    // What a server sends beside a refusal may be long, too.
    if ends { isOver.signal() }
  }

  /// Sees to it before the first byte that neither the file nor the disk overflows.
  private func bound(_ state: inout State) {
    guard let total = state.total else {
      state.most = min(bounds.unannounced, state.written + (room ?? .max / 2))
      return
    }
    state.most = total
    if total > bounds.announced {
      state.ending = .tooLarge(
        reason: "it has \(Self.text(total)), and at most \(Self.text(bounds.announced)) are fetched"
      )
    } else if let room, total - state.written > room {
      state.ending = .unwritable(
        reason:
          "\(Self.text(total - state.written)) are to come, but only \(Self.text(room)) of the "
          + "disk may be used; free some space")
    }
  }

  private static func text(_ bytes: Int) -> String {
    bytes >= 10 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let news = state.withLock { state -> (Int, Int?)? in
      guard state.ending == nil, let handle = state.handle else { return nil }
      guard data.count <= state.most - state.written else {
        state.ending = .tooLarge(reason: excess(state))
        return nil
      }
      do {
        try handle.write(contentsOf: data)
        state.written += data.count
        return (state.written, state.total)
      } catch {
        state.ending = .unwritable(reason: Base.reason(for: error))
        return nil
      }
    }
    if let news { report(news.0, news.1) } else { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    state.withLock { state in
      guard state.ending == nil else { return }
      if let error {
        state.ending = .broken(reason: Base.reason(for: error))
      } else if let total = state.total, state.written != total {
        state.ending = .broken(reason: "\(state.written) of \(total) bytes came")
      } else {
        state.ending = .whole
      }
    }
    isOver.signal()
  }

  private func excess(_ state: State) -> String {
    state.total == nil
      ? "the server does not say how long it is, and \(Self.text(state.most)) have come"
      : "the server sends more than the \(Self.text(state.most)) that it has announced"
  }

  private func begin(_ state: inout State, _ response: URLResponse) {
    guard let http = response as? HTTPURLResponse else { return }
    let range = ContentRange(http.value(forHTTPHeaderField: "Content-Range") ?? "")
    switch http.statusCode {
    case 200:
      // The whole file comes, asked for or not.
      do {
        try state.handle?.truncate(atOffset: 0)
        state.written = 0
      } catch {
        state.ending = .unwritable(reason: Base.reason(for: error))
      }
      state.total = http.expectedContentLength < 0 ? nil : Int(http.expectedContentLength)
    case 206 where range?.start == offset: state.total = range?.total
    case 206: state.ending = .unfitting
    case 416: state.ending = range?.total == offset ? .whole : .unfitting
    case let status: state.ending = .refused(status: status)
    }
  }
}

/// What `Content-Range` says: `bytes 5-9/10`, or `bytes */10`.
struct ContentRange: Equatable {
  let start: Int?
  let total: Int?

  /// Nil where the text is something else.
  init?(_ text: String) {
    guard text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    start = parts[0].split(separator: "-").first.flatMap { Int($0) }
    total = Int(parts[1])
  }
}
