import CHDF5

/// What the elements of a dataset are.
public enum HDF5ElementType: String, Sendable, CustomStringConvertible {
  /// 32-bit floats.
  case float32
  /// 64-bit floats.
  case float64
  /// Signed 64-bit integers.
  case int64
  /// Signed 32-bit integers.
  case int32
  /// Unsigned 8-bit integers.
  case uint8
  /// Variable-length strings.
  case string
  /// Anything else, which this wrapper does not read.
  case other

  /// The type's name.
  public var description: String { rawValue }

  init(_ type: hid_t) {
    let numbers: [(HDF5ElementType, hid_t)] = [
      (.float32, chdf5_float32()), (.float64, chdf5_float64()), (.int64, chdf5_int64()),
      (.int32, chdf5_int32()), (.uint8, chdf5_uint8()),
    ]
    if let match = numbers.first(where: { H5Tequal(type, $0.1) > 0 }) {
      self = match.0
    } else {
      self = H5Tis_variable_str(type) > 0 ? .string : .other
    }
  }
}

/// A number that datasets hold. Only the types named here conform.
public protocol HDF5Element: Sendable, BitwiseCopyable {
  /// What datasets of it hold.
  static var elementType: HDF5ElementType { get }
  /// The zero.
  static var zero: Self { get }
}

extension Float: HDF5Element {
  /// 32-bit floats.
  public static var elementType: HDF5ElementType { .float32 }
}

extension Double: HDF5Element {
  /// 64-bit floats.
  public static var elementType: HDF5ElementType { .float64 }
}

extension Int: HDF5Element {
  /// Signed 64-bit integers.
  public static var elementType: HDF5ElementType { .int64 }
}

extension Int64: HDF5Element {
  /// Signed 64-bit integers.
  public static var elementType: HDF5ElementType { .int64 }
}

extension Int32: HDF5Element {
  /// Signed 32-bit integers.
  public static var elementType: HDF5ElementType { .int32 }
}

extension UInt8: HDF5Element {
  /// Unsigned 8-bit integers.
  public static var elementType: HDF5ElementType { .uint8 }
}

extension HDF5ElementType {
  /// The type in memory and the type on disk, which is little-endian everywhere.
  var numberTypes: (memory: hid_t, disk: hid_t)? {
    switch self {
    case .float32: (chdf5_native_float(), chdf5_float32())
    case .float64: (chdf5_native_double(), chdf5_float64())
    case .int64: (chdf5_native_int64(), chdf5_int64())
    case .int32: (chdf5_native_int32(), chdf5_int32())
    case .uint8: (chdf5_native_uint8(), chdf5_uint8())
    case .string, .other: nil
    }
  }
}
