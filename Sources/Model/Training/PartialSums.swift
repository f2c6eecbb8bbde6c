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

  /// Adds all parts of some columns to a vector.
  func add(_ columns: Range<Int>, to vector: UnsafeMutablePointer<Float>) {
    for index in 0..<parts.rowCount {
      Model.add(parts.row(index) + columns.lowerBound, to: vector, count: columns.count)
    }
  }
}

extension FloatBuffer {
  /// A buffer without elements, for views that are set later.
  static let empty = FloatBuffer(count: 0)
}
