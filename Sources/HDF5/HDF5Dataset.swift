import CHDF5

/// What a dataset holds and how large it is.
package struct HDF5DatasetDescription: Sendable, Equatable {
  package let type: HDF5ElementType
  /// The length of each dimension; empty for a single value.
  package let shape: [Int]

  package init(type: HDF5ElementType, shape: [Int]) {
    self.type = type
    self.shape = shape
  }

  package var count: Int { shape.reduce(1, *) }
}

/// A block of a dataset: where it begins and how far it reaches in each dimension.
package struct HDF5Block: Sendable, Equatable {
  /// The index of its first element in each dimension.
  package let start: [Int]
  /// Its length in each dimension.
  package let shape: [Int]

  package init(start: [Int], shape: [Int]) {
    self.start = start
    self.shape = shape
  }

  package var count: Int { shape.reduce(1, *) }
}

extension HDF5File {
  /// Writes a new dataset, row-major; the groups above it are made.
  /// - Parameter shape: the length of each dimension; one dimension when it is left out.
  package func write<Element: HDF5Element>(
    _ values: [Element], to path: String, shape: [Int]? = nil
  ) throws {
    try values.withUnsafeBufferPointer { try write($0, to: path, shape: shape) }
  }

  /// Writes a new dataset from memory that somebody else owns, without copying it.
  /// - Parameter isCompressed: whether it lies compressed by deflate, of which readers see nothing.
  package func write<Element: HDF5Element>(
    _ values: UnsafeBufferPointer<Element>, to path: String, shape: [Int]? = nil,
    isCompressed: Bool = false
  ) throws {
    try perform("write '\(path)' to") { file, operation in
      guard let types = Element.elementType.numberTypes else {
        throw operation.failure("\(Element.self) is not a type for a dataset")
      }
      let shape = shape ?? [values.count]
      try checkShape(shape, count: values.count, operation)
      let isCompressed = isCompressed && !values.isEmpty
      try makeDataset(path, in: file, types.disk, shape, isCompressed: isCompressed, operation) {
        dataset in
        guard let start = values.baseAddress, !values.isEmpty else { return }
        try operation.check(
          H5Dwrite(
            dataset, types.memory, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), start))
      }
    }
  }
}

/// Lends a data space; no dimensions at all mean a single value.
func usingSpace<Result>(
  _ shape: [Int], _ operation: Operation, _ body: (hid_t) throws -> Result
) throws -> Result {
  let lengths = shape.map { hsize_t($0) }
  let space =
    lengths.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), lengths, nil)
  return try operation.using(space, H5Sclose, body)
}

func checkShape(_ shape: [Int], count: Int, _ operation: Operation) throws {
  guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == count else {
    throw operation.failure("\(count) values do not fill the shape \(shape)")
  }
}

/// Makes a dataset without time stamps and lends it to a closure. It is contiguous, or in compressed
/// chunks of at most 2^18 elements in each dimension.
func makeDataset(
  _ path: String, in file: hid_t, _ type: hid_t, _ shape: [Int], isCompressed: Bool = false,
  _ operation: Operation, _ body: (hid_t) throws -> Void
) throws {
  try makeGroups(path.split(separator: "/").dropLast(), in: file, operation)
  try usingSpace(shape, operation) { space in
    try operation.usingCreation(chdf5_dataset_creation()) { creation in
      if isCompressed {
        let chunk = shape.map { hsize_t(min($0, 1 << 18)) }
        try operation.check(H5Pset_chunk(creation, Int32(chunk.count), chunk))
        try operation.check(H5Pset_deflate(creation, 6))
      }
      try operation.usingNames(chdf5_link_creation()) { names in
        let dataset = H5Dcreate2(file, path, type, space, names, creation, hid_t(H5P_DEFAULT))
        try operation.using(dataset, H5Dclose, body)
      }
    }
  }
}

package enum HDF5ElementType: String, Sendable, CustomStringConvertible {
  case float32
  case float64
  case int64
  case int32
  case uint8
  /// Variable-length strings.
  case string
  /// Anything else, which this wrapper does not read.
  case other

  package var description: String { rawValue }
}

/// A number that datasets hold. Only the types named here conform.
package protocol HDF5Element: Sendable, BitwiseCopyable {
  /// What datasets of it hold.
  static var elementType: HDF5ElementType { get }
  static var zero: Self { get }
}

extension Float: HDF5Element {
  package static var elementType: HDF5ElementType { .float32 }
}

extension Double: HDF5Element {
  package static var elementType: HDF5ElementType { .float64 }
}

extension Int: HDF5Element {
  package static var elementType: HDF5ElementType { .int64 }
}

extension Int64: HDF5Element {
  package static var elementType: HDF5ElementType { .int64 }
}

extension Int32: HDF5Element {
  package static var elementType: HDF5ElementType { .int32 }
}

extension UInt8: HDF5Element {
  package static var elementType: HDF5ElementType { .uint8 }
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
