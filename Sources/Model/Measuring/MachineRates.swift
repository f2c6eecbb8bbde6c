import CKernels
import Foundation

/// What the machine can do at best: how fast it multiplies matrices and reads memory.
public struct MachineRates: Sendable {
  /// Floating-point operations a second in a large matrix product, on all threads of the pool.
  public let operations: Double
  /// Bytes a second read from memory, on all threads of the pool.
  public let bytes: Double

  /// Measures; takes about a second.
  /// - Parameter precision: What matrices are multiplied in, if the processor can.
  public init(pool: WorkerPool, precision: Precision = .float32) {
    operations = Self.operations(
      pool, inPairs: precision == .bfloat16 && Precision.hasInstructionsForBfloat16)
    bytes = Self.bytes(pool)
  }

  /// Products of the size that a feed-forward layer of a small model has, one for each thread.
  private static func operations(_ pool: WorkerPool, inPairs: Bool) -> Double {
    let (rows, columns, inner) = (512, 1536, 576)
    let share = rows * inner + columns * inner + rows * columns
    let memory = FloatBuffer(count: share * pool.threadCount)
    let repeats = 8
    let panels = PanelFactor(inner: inner, columns: columns, inPairs ? .bfloat16Pairs : .float32)
    let seconds = fastest(of: 5) {
      pool.parallel(pool.threadCount) { task, _ in
        let x = Matrix(memory.base + task * share, rows: rows, columns: inner)
        let w = Matrix(x.base + rows * inner, rows: columns, columns: inner)
        let y = Matrix(w.base + columns * inner, rows: rows, columns: columns)
        for _ in 0..<repeats {
          if inPairs {
            panels.multiply(x.plain, into: y)
          } else {
            y.setProduct(x.plain, w.transposed)
          }
        }
      }
    }
    return Double(2 * rows * columns * inner * repeats * pool.threadCount) / seconds
  }

  /// A sum over far more numbers than any cache holds.
  private static func bytes(_ pool: WorkerPool) -> Double {
    let memory = FloatBuffer(count: 1 << 26)
    let pieces = BatchPlan.split(memory.count, into: 64 * pool.threadCount)
    var sums = [Float](repeating: 0, count: pieces.count)
    let seconds = sums.withUnsafeMutableBufferPointer { sums in
      fastest(of: 5) {
        pool.parallel(pieces.count) { task, _ in
          sums[task] = sum(memory.base + pieces[task].lowerBound, count: pieces[task].count)
        }
      }
    }
    return Double(memory.count * MemoryLayout<Float>.stride) / seconds
  }

  private static func sum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var sums = (Vector.zero, Vector.zero)
    var index = 0
    while index + 32 <= count {
      sums.0 += x.vector(index, 16)
      sums.1 += x.vector(index + 16, 16)
      index += 32
    }
    return ck_sum_of_lanes(sums.0 + sums.1)
  }

  private static func fastest(of repeats: Int, _ body: () -> Void) -> Double {
    (0..<repeats).map { _ in Stopwatch.seconds(of: body) }.min() ?? .infinity
  }
}
