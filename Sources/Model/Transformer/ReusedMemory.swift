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

  /// The workers' matrices.
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
