import Base
import Foundation

/// Who is at work on a cache: any number of runs, or one removal of what nothing refers to.
///
/// A run holds a file of its own under `locks/` and then looks whether anybody removes; who removes
/// holds `locks/gc.lock` and then looks for runs. So one of the two always sees the other.
extension Cache {
  private static let removal = "gc"

  /// Says that a run is at work, until the lock is released. Waits while results are being removed.
  /// - Throws: `FileError` or `LockError` where the cache cannot be written, `InterruptedError`.
  package func enter(
    _ interruption: Interruption = Interruption(), waiting: (String) -> Void = { _ in }
  ) throws -> KeyLock {
    try Folder.make(folder.appending(path: "locks"))
    // Those of runs that were killed go.
    for name in try lockNames() where name.hasPrefix("run-") {
      if case .taken(let left) = try attemptLock(name, isLeased: true) { left.release() }
    }
    let own = try lock(
      "run-\(UUID().uuidString)", isLeased: true, interruption: interruption, waiting: waiting)
    try lock(Self.removal, isLeased: true, interruption: interruption, waiting: waiting).release()
    return own
  }

  /// Keeps runs from beginning, until the lock is released.
  /// - Throws: `CacheInUseError` where somebody is at work; `FileError` or `LockError`.
  func enterAlone() throws -> KeyLock {
    try Folder.make(folder.appending(path: "locks"))
    let gate = try takeAlone(Self.removal)
    // What a killed run left goes with this.
    for name in try lockNames() where name != Self.removal { try takeAlone(name).release() }
    return gate
  }

  private func takeAlone(_ name: String) throws -> KeyLock {
    switch try attemptLock(name, isLeased: true) {
    case .taken(let lock): return lock
    case .held(let holder): throw CacheInUseError(folder: folder, holder: holder)
    }
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
