/// What a dataset or an attribute says of its elements (HDF5 File Format Specification Version 3.0,
/// IV.A.2.b and d).
struct HDF5Elements {
  let type: HDF5ElementType
  /// The size of an element in the file, in bytes.
  let size: Int
  /// The length of each dimension; empty for a single value.
  let shape: [Int]
  let count: Int

  /// - Throws: `HDF5Fault`, also for shapes that no file can hold.
  init(type: inout HDF5Cursor, space: inout HDF5Cursor) throws {
    (self.type, size) = try Self.type(&type)
    shape = try Self.shape(&space)
    let count = shape.reduce(1 as Int?) { product, length in
      guard let product else { return nil }
      let (value, overflows) = product.multipliedReportingOverflow(by: length)
      return overflows ? nil : value
    }
    guard let count, count <= 1 << 48 else {
      throw HDF5Fault("the shape \(shape) is larger than any file")
    }
    self.count = count
  }

  /// The bytes that the elements take in the file. No overflow: a type's size has 32 bits, and those
  /// of other types than ours are never asked for.
  var bytes: Int { count * min(size, 16) }

  private static func shape(_ space: inout HDF5Cursor) throws -> [Int] {
    let version = try space.number(1)
    let rank = try space.number(1)
    try space.skip(1)
    let kind = try space.number(1)
    if version == 1 { try space.skip(4) }
    guard version == 1 || version == 2 && kind < 2, rank <= 32 else {
      throw HDF5Fault("a dataset's shape is damaged")
    }
    return try (0..<rank).map { _ in try space.length() }
  }

  /// The types that this program writes; every other one is `other`.
  private static func type(_ cursor: inout HDF5Cursor) throws -> (HDF5ElementType, Int) {
    let first = try cursor.number(1)
    let bits = try cursor.number(3)
    let size = try cursor.number(4)
    let rest = try cursor.take(cursor.remaining)
    switch (first & 15, size) {
    case (0, 8) where bits == 8 && rest.starts(with: [0, 0, 64, 0]): return (.int64, 8)
    case (0, 4) where bits == 8 && rest.starts(with: [0, 0, 32, 0]): return (.int32, 4)
    case (0, 1) where bits == 0 && rest.starts(with: [0, 0, 8, 0]): return (.uint8, 1)
    case (1, 4)
    where bits == 0x1F20 && rest.starts(with: [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]):
      return (.float32, 4)
    case (1, 8)
    where bits == 0x3F20 && rest.starts(with: [0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0]):
      return (.float64, 8)
    // Variable-length text of bytes: a length, and where the bytes are.
    case (9, 16) where bits & 15 == 1 && isByte(rest): return (.string, 16)
    default: return (.other, size)
    }
  }

  /// Whether a variable-length type's base is of one byte: a character or an 8-bit integer.
  private static func isByte(_ base: ArraySlice<UInt8>) -> Bool {
    guard base.count >= 8, let first = base.first else { return false }
    return [0, 3].contains(first & 15) && base.dropFirst(4).starts(with: [1, 0, 0, 0])
  }
}

/// A dataset, and where its elements lie.
struct HDF5Layout {
  enum Storage {
    /// Nothing was written, as there are no elements.
    case nothing
    case contiguous(address: Int)
    /// Blocks of so many elements of one dimension, found through the B-tree at an address.
    case chunks(index: Int?, length: Int)
  }

  let elements: HDF5Elements
  let storage: Storage
  let isDeflated: Bool

  var description: HDF5DatasetDescription { .init(type: elements.type, shape: elements.shape) }

  /// The most bytes of a chunk. What this program writes has half of that.
  private static let greatestChunk = 1 << 22

  /// - Throws: `HDF5Fault`, also for what this program never writes: data in other files, virtual
  ///   datasets, filters other than deflate.
  init(_ object: HDF5Object, in file: HDF5Structure) throws {
    guard object.isDataset, var type = try object.only(.datatype),
      var space = try object.only(.dataspace), var layout = try object.only(.layout)
    else { throw HDF5Fault("it is not a dataset") }
    if try object.only(.externalFiles) != nil {
      throw HDF5Fault("its data lie in another file, which is not read")
    }
    elements = try HDF5Elements(type: &type, space: &space)
    isDeflated = try Self.isDeflated(object)
    storage = try Self.storage(&layout, elements, isDeflated: isDeflated, in: file)
  }

  private static func storage(
    _ layout: inout HDF5Cursor, _ elements: HDF5Elements, isDeflated: Bool, in file: HDF5Structure
  ) throws -> Storage {
    let version = try layout.number(1)
    let kind = try layout.number(1)
    if version == 4, kind == 3 {
      throw HDF5Fault("it is a virtual dataset, made up of others, which are not read")
    }
    guard version == 3, kind == 1 || kind == 2 else {
      throw HDF5Fault("its elements are kept in a form that this program does not read")
    }
    if kind == 2 { return try chunks(&layout, elements) }
    guard !isDeflated else { throw HDF5Fault("a dataset's description is damaged") }
    let address = try layout.address()
    let bytes = try layout.length()
    if elements.count == 0 { return .nothing }
    guard let address else {
      throw HDF5Fault("it claims \(elements.count) elements, of which none was written")
    }
    guard elements.type == .other || bytes == elements.bytes, address <= file.size,
      bytes <= file.size - address
    else {
      throw HDF5Fault("it claims \(elements.count) elements, more than the file holds")
    }
    return .contiguous(address: address)
  }

  private static func chunks(
    _ layout: inout HDF5Cursor, _ elements: HDF5Elements
  ) throws -> Storage {
    let dimensions = try layout.number(1)
    let index = try layout.address()
    guard dimensions == 2, elements.shape.count == 1, elements.type.numberSize == elements.size
    else {
      throw HDF5Fault("its chunks are not those of a list of numbers")
    }
    let length = try layout.number(4)
    guard try layout.number(4) == elements.size,
      (1...greatestChunk).contains(length * elements.size)
    else { throw HDF5Fault("its chunks are larger than this program writes") }
    return .chunks(index: index, length: length)
  }

  private static func isDeflated(_ object: HDF5Object) throws -> Bool {
    guard var filters = try object.only(.filters) else { return false }
    let version = try filters.number(1)
    let count = try filters.number(1)
    if version == 1 { try filters.skip(6) }
    if count == 0 { return false }
    guard count == 1, try filters.number(2) == 1 else {
      throw HDF5Fault("it is kept through filters other than deflate, which are not run")
    }
    return true
  }
}

extension HDF5ElementType {
  /// The bytes of a number; nil for other elements.
  var numberSize: Int? {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .uint8: 1
    case .string, .other: nil
    }
  }
}
