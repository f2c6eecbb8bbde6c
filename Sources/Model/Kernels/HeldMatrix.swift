import CKernels

/// Frozen weights in bfloat16, the upper halves of float32: two bytes each.
final class Bfloat16Buffer: @unchecked Sendable {
  let count: Int
  let base: UnsafeMutablePointer<UInt16>
  private let memory: FloatBuffer

  /// Zeros.
  init(count: Int) {
    self.count = count
    memory = FloatBuffer(count: (count + 1) / 2)
    base = UnsafeMutableRawPointer(memory.base).bindMemory(
      to: UInt16.self, capacity: 2 * memory.count)
  }

  /// The numbers of a range as float32.
  func floats(_ range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return [Float](unsafeUninitializedCapacity: range.count) { buffer, initialised in
      initialised = range.count
      guard let output = buffer.baseAddress else { return }
      decode(base + range.lowerBound, into: output, count: range.count)
    }
  }

  /// Rounds numbers to the nearest, from an index on.
  /// - Returns: how many of them bfloat16 does not have.
  func store(_ values: UnsafeMutableBufferPointer<Float>, at start: Int) -> Int {
    precondition(start >= 0 && start + values.count <= count)
    var changed = 0
    for (index, value) in values.enumerated() {
      let rounded = ck_rounded_to_bfloat16(value)
      if rounded.bitPattern != value.bitPattern { changed += 1 }
      base[start + index] = UInt16(truncatingIfNeeded: rounded.bitPattern >> 16)
    }
    return changed
  }
}

/// The float32 numbers whose upper halves are given.
func decode(
  _ halves: UnsafePointer<UInt16>, into output: UnsafeMutablePointer<Float>, count: Int
) {
  ck_widen(PanelFactor.instructionSet, halves, output, count)
}

/// A weight [rows, columns] as it is held: in float32, or in bfloat16 where it is frozen.
enum HeldMatrix {
  case float32(Matrix)
  case bfloat16(UnsafePointer<UInt16>, rows: Int, columns: Int)

  var rowCount: Int {
    switch self {
    case .float32(let matrix): matrix.rowCount
    case .bfloat16(_, let rows, _): rows
    }
  }

  var columnCount: Int {
    switch self {
    case .float32(let matrix): matrix.columnCount
    case .bfloat16(_, _, let columns): columns
    }
  }

  /// The matrix of a weight that is trained, or of a gradient: these are float32.
  var floats: Matrix {
    guard case .float32(let matrix) = self else {
      preconditionFailure("weights that are held in bfloat16 are frozen")
    }
    return matrix
  }

  /// Writes some rows and columns to a matrix of their size.
  func copy(rows: Range<Int>, columns: Range<Int>, into tile: Matrix) {
    switch self {
    case .float32(let matrix): tile.copy(from: matrix.rows(rows).columns(columns))
    case .bfloat16(let base, _, let stride):
      for (index, row) in rows.enumerated() {
        decode(
          base + row * stride + columns.lowerBound, into: tile.row(index), count: columns.count)
      }
    }
  }
}
