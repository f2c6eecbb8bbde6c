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
    let failures = SyncFailures()
    SharedWork.run(paths.count, width: Self.width) { index in
      do {
        try AtomicFile.sync(URL(fileURLWithPath: paths[index]))
      } catch let error as FileError where error.code == ENOENT {
        // It has been moved away.
      } catch {
        failures.note(error, at: index)
      }
    }
    if let first = failures.first { throw first }
    waiting.withLock { $0.subtract(paths) }
  }
}

private final class SyncFailures: Sendable {
  private let all = Mutex<[Int: any Error]>([:])

  var first: (any Error)? { all.withLock { $0.min { $0.key < $1.key }?.value } }

  func note(_ error: any Error, at index: Int) { all.withLock { $0[index] = error } }
}
