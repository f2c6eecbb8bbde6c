/// Float32 storage with a fixed, 64-byte aligned address, for weights, gradients and moments.
///
/// Whoever shares a buffer between threads sees to it that nobody writes what another one reads.
public final class FloatBuffer: @unchecked Sendable {
  /// How many elements there are.
  public let count: Int
  let base: UnsafeMutablePointer<Float>

  /// Zeros.
  public init(count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
    base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    base.initialize(repeating: 0, count: max(1, count))
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// The elements of a range, copied.
  public subscript(range: Range<Int>) -> [Float] {
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
  public func withElements<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return try body(UnsafeMutableBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Copies all elements of another buffer of the same length.
  public func copy(from other: FloatBuffer) {
    precondition(other.count == count)
    base.update(from: other.base, count: count)
  }
}
