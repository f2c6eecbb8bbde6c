import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Fetches a file from the web, and goes on where an earlier attempt or run broke off.
package struct WebDownload: Sendable {
  /// How often an attempt may bring nothing new.
  private static let greatestFailures = 5
  private static let greatestRedirects = 20
  let url: URL
  let progress: any ProgressSink
  let interruption: Interruption
  /// The pause after the first failure; it doubles with each.
  let pause: Duration
  let bounds: DownloadBounds

  package init(
    _ url: URL, progress: any ProgressSink = SilentProgress(),
    interruption: Interruption = Interruption(), pause: Duration = .seconds(1),
    bounds: DownloadBounds = DownloadBounds()
  ) {
    self.url = url
    self.progress = progress
    self.interruption = interruption
    self.pause = pause
    self.bounds = bounds
  }

  /// Fetches the file, checks it, and puts it in its place whole. What has come of it is kept beside
  /// it meanwhile, as `<name>.partial`.
  /// - Throws: `DataSourceError`, or `InterruptedError`.
  package func fetch(to file: URL, sha256: String) throws {
    let partial = file.appendingPathExtension("partial")
    let isContinued = size(of: partial) > 0
    defer { if size(of: partial) == 0 { try? FileManager.default.removeItem(at: partial) } }
    try fetch(into: partial)
    do {
      try ContentDigest.check(partial, sha256, shownAs: url.absoluteString)
    } catch {
      // An old beginning may belong to another version of the file; a new one gets no other chance.
      try FileManager.default.removeItem(at: partial)
      guard isContinued else { throw error }
      return try fetch(to: file, sha256: sha256)
    }
    try AtomicFile.sync(partial)
    guard rename(partial.path, file.path) == 0 else {
      throw failure(String(cString: strerror(errno)))
    }
    try AtomicFile.sync(file.deletingLastPathComponent())
  }

  private func fetch(into partial: URL) throws {
    var failures = 0
    var greatest = size(of: partial)
    while true {
      let reason: String
      switch try attempt(partial) {
      case .whole: return
      case .unwritable(let problem): throw failure("it cannot be written: \(problem)")
      case .tooLarge(let problem):
        try FileManager.default.removeItem(at: partial)
        throw DataSourceError.unbounded(url.absoluteString, reason: problem)
      case .refused(let status) where status < 500 && status != 408 && status != 429:
        throw failure("the server answered with status \(status)")
      case .redirected(let status, let target):
        throw failure(
          "the server answered with status \(status), a redirect to \(target.absoluteString) that "
            + "is not followed")
      case .refused(let status): reason = "the server answered with status \(status)"
      case .broken(let problem): reason = problem
      case .unfitting:
        try FileManager.default.removeItem(at: partial)
        reason = "the server's file is not the one whose beginning is here"
      }
      let size = size(of: partial)
      failures = size > greatest ? 1 : failures + 1
      greatest = max(greatest, size)
      guard failures < Self.greatestFailures else {
        throw failure("\(reason), \(failures) times; what has come is kept for another run")
      }
      try wait(pause * (1 << (failures - 1)))
    }
  }

  private func attempt(_ partial: URL) throws -> WebTransfer.Ending {
    try interruption.check()
    if !FileManager.default.fileExists(atPath: partial.path) { try Data().write(to: partial) }
    var address = url
    for _ in 0..<Self.greatestRedirects {
      let ending = try transfer(address, to: partial)
      // What comes is pinned, so that it may come from anywhere, but never by less than TLS.
      guard case .redirected(_, let target) = ending, let scheme = target.scheme?.lowercased(),
        scheme == "https" || (scheme == "http" && address.scheme?.lowercased() == "http")
      else { return ending }
      address = target
    }
    return .broken(reason: "it was redirected \(Self.greatestRedirects) times")
  }

  private func transfer(_ address: URL, to partial: URL) throws -> WebTransfer.Ending {
    let handle = try FileHandle(forWritingTo: partial)
    let offset = Int(try handle.seekToEnd())
    let progress = progress
    let room = bounds.room(beside: partial)
    let transfer = WebTransfer(to: handle, after: offset, bounds, room: room) { written, total in
      progress.update(StageProgress(written / 1000, of: max(written, total ?? 0) / 1000, "kB"))
    }
    guard let ending = transfer.run(address, until: { interruption.isRequested }) else {
      throw InterruptedError()
    }
    return ending
  }

  private func wait(_ pause: Duration) throws {
    let end = ContinuousClock.now + pause
    while ContinuousClock.now < end {
      try interruption.check()
      usleep(20_000)
    }
  }

  private func size(of file: URL) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }

  private func failure(_ reason: String) -> DataSourceError {
    .download(url.absoluteString, reason: reason)
  }
}
