import CKernels

/// How numbers are stored or multiplied.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// IEEE single precision.
  case float32
  /// The upper half of a float32: its range, with 8 significant bits.
  case bfloat16

  /// Bytes of a number.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The nearest number that can be stored; of two equally near ones the even one.
  public func rounded(_ value: Float) -> Float {
    self == .float32 ? value : ck_rounded_to_bfloat16(value)
  }
}
