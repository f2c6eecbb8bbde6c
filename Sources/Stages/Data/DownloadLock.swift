import Foundation
import Runner

#if canImport(Glibc)
  import Glibc
#endif

/// Keeps other processes from fetching the same file at the same time.
struct DownloadLock {
  private let descriptor: Int32

  /// Waits until nobody else holds the lock. The lock of a process that died is free.
  /// - Throws: `DataSourceError.download`, or `StageError.interrupted`.
  init(beside file: URL, interruption: Interruption) throws {
    let path = file.path + ".lock"
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw DataSourceError.download(path, reason: String(cString: strerror(errno)))
    }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      guard code == EWOULDBLOCK || code == EINTR else {
        close(descriptor)
        throw DataSourceError.download(path, reason: String(cString: strerror(code)))
      }
      if interruption.isRequested {
        close(descriptor)
        throw StageError.interrupted
      }
      usleep(100_000)
    }
  }

  /// Lets others in.
  func release() { close(descriptor) }
}
