import Dispatch
import Foundation
import OrderedCollections
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Files and folders that are written and in their places, and may not be on the disk yet.
///
/// To wait for the disk takes milliseconds for each of them, and little more for sixteen at once.
package final class DeferredSync: Sendable {
  private static let width = 16

  private let waiting = Mutex<OrderedSet<String>>([])

  package init() {}

  package func add(_ places: [URL]) {
    waiting.withLock { waiting in for place in places { waiting.append(place.path) } }
  }

  /// Waits until all that was added is on the disk. What has been moved away meanwhile is passed over.
  /// - Throws: `FileError` for the first that cannot be; all of them then wait further.
  package func flush() throws {
    let paths = waiting.withLock { Array($0) }
    if paths.isEmpty { return }
    let work = SyncWork(paths)
    for _ in 1..<max(1, min(Self.width, paths.count)) {
      DispatchQueue.global().async { work.help() }
    }
    try work.finish()
    waiting.withLock { $0.subtract(paths) }
  }
}

/// Paths that several threads sync, each taking the next one. Whoever waits takes part, so that it ends
/// where there is no memory for another thread, for which Dispatch would wait for ever.
private final class SyncWork: Sendable {
  private let paths: [String]
  private let next = Atomic<Int>(0)
  private let failures = Mutex<[Int: any Error]>([:])
  private let done = DispatchSemaphore(value: 0)

  init(_ paths: [String]) { self.paths = paths }

  func help() {
    while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < paths.count {
      do {
        try AtomicFile.sync(URL(fileURLWithPath: paths[index]))
      } catch let error as FileError where error.code == ENOENT {
        // It has been moved away.
      } catch {
        failures.withLock { $0[index] = error }
      }
      done.signal()
    }
  }

  /// - Throws: `FileError` for the first that cannot be synced.
  func finish() throws {
    help()
    for _ in paths { done.wait() }
    if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
  }
}
