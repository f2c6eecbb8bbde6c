import CKernels
import COpenBLAS
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// OpenBLAS's working memory. Each thread that multiplies takes a buffer of 128 MB of address space
/// (less where it was built otherwise), and where the system gives it none, it asks for ever.
enum MatrixLibrary {
  private typealias Allocate = @convention(c) (Int32) -> UnsafeMutableRawPointer?
  private typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void

  private static let bufferBytes = 128 << 20
  /// How many threads it has been reserved for, and how many buffers it has; it keeps those that are
  /// free for the next product.
  private static let reserved = Mutex((threads: 0, buffers: 0))

  /// Makes sure that it has a buffer for each of some more threads, until they are released.
  /// - Throws: `MemoryShortageError` before it asks the system for what it would not get.
  static func reserve(threads: Int) throws(MemoryShortageError) {
    let shortage = reserved.withLock { reserved -> MemoryShortageError? in
      let total = reserved.threads + threads
      if total > reserved.buffers {
        // Those that others multiply in just now are not to be had.
        guard isThere(total - reserved.buffers + reserved.threads) else {
          return MemoryShortageError(bytes: total * bufferBytes, threads: total)
        }
        take(total)
        reserved.buffers = total
      }
      reserved.threads = total
      return nil
    }
    if let shortage { throw shortage }
  }

  /// Some threads multiply no more.
  static func release(threads: Int) { reserved.withLock { $0.threads -= threads } }

  /// Whether the system would give so many buffers, and a little for what else comes with them.
  private static func isThere(_ count: Int) -> Bool {
    let bytes = count * bufferBytes + 16 << 20
    let memory = mmap(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { return false }
    munmap(memory, bytes)
    return true
  }

  /// Takes buffers and gives them back, which leaves them to the library.
  private static func take(_ count: Int) {
    // No header names these two, but every build of the library has them.
    let program = dlopen(nil, RTLD_NOW)
    guard let allocate = dlsym(program, "blas_memory_alloc"),
      let free = dlsym(program, "blas_memory_free")
    else { return }
    let buffers = (0..<count).map { _ in unsafeBitCast(allocate, to: Allocate.self)(0) }
    for buffer in buffers { unsafeBitCast(free, to: Free.self)(buffer) }
  }
}

/// Allocations that fail where nobody can throw.
package enum FailedAllocations {
  /// Says that memory ran out before the process ends by it, where its memory is limited.
  package static func explain() { ck_explain_failed_allocations() }
}

/// There is no memory for the matrix library to work in.
package struct MemoryShortageError: Error, CustomStringConvertible {
  let bytes: Int
  let threads: Int

  package var description: String {
    "multiplying matrices takes \(bytes / 1_000_000) MB of address space for \(threads) threads, and "
      + "there is less left; raise the limit on memory ('ulimit -v') or take fewer --threads"
  }
}
