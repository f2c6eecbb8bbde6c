import CKernels

#if canImport(Glibc)
  import Glibc
#endif

/// Float32 storage with a fixed, 64-byte aligned address, for weights, gradients and moments.
///
/// Whoever shares a buffer between threads sees to it that nobody writes what another one reads.
package final class FloatBuffer: @unchecked Sendable {
  package let count: Int
  let base: UnsafeMutablePointer<Float>

  private static let hugePage = 2 << 20

  /// Zeros.
  package init(count: Int) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Float>.stride
    var memory: UnsafeMutableRawPointer?
    let isLarge = bytes >= 2 * Self.hugePage
    guard posix_memalign(&memory, isLarge ? Self.hugePage : 64, bytes) == 0, let raw = memory else {
      ck_out_of_memory(bytes)
    }
    #if os(Linux)
      // Whoever reads all of a model's weights for each token would miss the address cache at every page
      // of 4 KiB. Where the system has no larger ones, it ignores this.
      if isLarge { _ = madvise(raw, bytes, MADV_HUGEPAGE) }
    #endif
    base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    base.initialize(repeating: 0, count: max(1, count))
  }

  deinit { free(base) }

  /// The elements of a range, copied.
  package subscript(range: Range<Int>) -> [Float] {
    get {
      precondition(range.lowerBound >= 0 && range.upperBound <= count)
      return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
    set {
      precondition(range.lowerBound >= 0 && range.upperBound <= count)
      precondition(newValue.count == range.count)
      newValue.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress else { return }
        (base + range.lowerBound).update(from: start, count: source.count)
      }
    }
  }

  /// Lends the elements of a range to a closure, without copying.
  package func withElements<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return try body(UnsafeMutableBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Copies all elements of another buffer of the same length.
  package func copy(from other: FloatBuffer) {
    precondition(other.count == count)
    base.update(from: other.base, count: count)
  }
}

/// Memory for matrices that is used again and grows when more is asked for.
struct ReusedBuffer {
  private var buffer = FloatBuffer(count: 0)

  /// A matrix at the start of the buffer; its contents are whatever was there.
  mutating func matrix(rows: Int, columns: Int) -> Matrix {
    if buffer.count < rows * columns { buffer = FloatBuffer(count: rows * columns) }
    return Matrix(buffer.base, rows: rows, columns: columns)
  }
}

/// Memory that each worker of a pool has for itself, reused from loop to loop.
struct WorkerScratch {
  private var buffer = ReusedBuffer()
  private let workers: Int

  init(_ pool: WorkerPool) { workers = pool.threadCount }

  /// Makes room for a matrix of `rows` times `columns` for each worker.
  mutating func prepare(rows: Int, columns: Int) -> Shares {
    Shares(all: buffer.matrix(rows: rows * workers, columns: columns), rows: rows)
  }

  struct Shares {
    fileprivate let all: Matrix
    fileprivate let rows: Int

    /// The first `count` rows of a worker's matrix.
    func rows(_ count: Int, of worker: Int) -> Matrix {
      precondition(count <= rows)
      return all.rows(worker * rows..<worker * rows + count)
    }
  }
}

/// Sums over rows which tasks compute in parts, added up in the order of the tasks.
struct PartialSums {
  private var buffer = ReusedBuffer()
  private(set) var parts: Matrix

  init() { parts = Matrix(FloatBuffer.empty.base, rows: 0, columns: 0) }

  /// Makes room for one zeroed part a task.
  mutating func prepare(tasks: Int, columns: Int) {
    parts = buffer.matrix(rows: tasks, columns: columns)
    parts.fill(with: 0)
  }

  /// Adds all parts of some columns to a vector, where there is one.
  func add(_ columns: Range<Int>, to vector: UnsafeMutablePointer<Float>?) {
    guard let vector else { return }
    for index in 0..<parts.rowCount {
      Model.add(parts.row(index) + columns.lowerBound, to: vector, count: columns.count)
    }
  }
}

extension FloatBuffer {
  /// A buffer without elements, for views that are set later.
  static let empty = FloatBuffer(count: 0)
}
