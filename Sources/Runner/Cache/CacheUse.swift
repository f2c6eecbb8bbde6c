import Base
import Foundation

/// Who is at work on a cache: any number of runs, or one removal of what nothing refers to.
///
/// A run holds a file of its own under `locks/` and then looks whether anybody removes; who removes
/// holds `locks/gc.lock` and then looks for runs. So one of the two always sees the other.
extension Cache {
  private var removalLock: URL { folder.appending(path: "locks/gc.lock") }

  /// Says that a run is at work, until the lock is released. Waits while results are being removed.
  /// - Throws: `FileError` or `LockError` where the cache cannot be written, `InterruptedError`.
  package func enter(
    _ interruption: Interruption = Interruption(), waiting: (String) -> Void = { _ in }
  ) throws -> FileLock {
    let locks = folder.appending(path: "locks")
    try Folder.make(locks)
    // Those of runs that were killed go.
    for name in try FileManager.default.contentsOfDirectory(atPath: locks.path)
    where name.hasPrefix("run-") { try FileLock.attempt(locks.appending(path: name))?.release() }
    let own = try FileLock.acquire(locks.appending(path: "run-\(UUID().uuidString).lock"))
    try FileLock.acquire(removalLock, interruption: interruption, waiting: waiting).release()
    return own
  }

  /// Keeps runs from beginning, until the lock is released.
  /// - Throws: `CacheInUseError` where somebody is at work; `FileError` or `LockError`.
  func enterAlone() throws -> FileLock {
    let locks = folder.appending(path: "locks")
    try Folder.make(locks)
    guard let gate = try FileLock.attempt(removalLock) else {
      throw CacheInUseError(folder: folder, holder: FileLock.holder(of: removalLock))
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: locks.path).sorted() {
      let file = locks.appending(path: name)
      if name == removalLock.lastPathComponent || !name.hasSuffix(".lock") { continue }
      // What a killed run left goes with this.
      guard let left = try FileLock.attempt(file) else {
        throw CacheInUseError(folder: folder, holder: FileLock.holder(of: file))
      }
      left.release()
    }
    return gate
  }
}

/// Somebody is at work on a cache from which nothing must go meanwhile.
package struct CacheInUseError: Error, CustomStringConvertible {
  let folder: URL
  /// Who, in words.
  let holder: String

  package var description: String {
    "\(folder.relativePath) is in use: \(holder); nothing was removed. Try again when it has ended"
  }
}
