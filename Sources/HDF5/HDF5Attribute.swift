import CHDF5

/// A single value that hangs on a group or dataset.
package enum HDF5Attribute: Sendable, Equatable {
  case string(String)
  case integer(Int)
  case number(Double)

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The number, where this is one, or the integer.
  package var number: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .string: nil
    }
  }
}

extension HDF5File {
  /// Hangs a new attribute on a group or dataset, by default on the root group.
  package func setAttribute(_ name: String, _ value: HDF5Attribute, of path: String = "/") throws {
    try perform("write the attribute '\(name)' of '\(path)' to") { file, operation in
      switch value {
      case .integer(var number):
        try makeAttribute(name, of: path, in: file, chdf5_int64(), operation) {
          H5Awrite($0, chdf5_native_int64(), &number)
        }
      case .number(var number):
        try makeAttribute(name, of: path, in: file, chdf5_float64(), operation) {
          H5Awrite($0, chdf5_native_double(), &number)
        }
      case .string(let text):
        try operation.usingStringType { type in
          try withCStrings([text], operation) { pointers in
            try makeAttribute(name, of: path, in: file, type, operation) {
              H5Awrite($0, type, pointers)
            }
          }
        }
      }
    }
  }

  /// The value of an attribute; nil where there is none.
  package func attribute(_ name: String, of path: String = "/") throws -> HDF5Attribute? {
    try perform("read the attribute '\(name)' of '\(path)' of") { file, operation in
      try operation.using(H5Oopen(file, path, hid_t(H5P_DEFAULT)), H5Oclose) { object in
        let found = H5Aexists(object, name)
        try operation.check(found)
        if found == 0 { return nil }
        return try operation.using(H5Aopen(object, name, hid_t(H5P_DEFAULT)), H5Aclose) {
          try readAttribute($0, operation)
        }
      }
    }
  }

  /// The names of the attributes of a group or dataset, sorted by their bytes.
  package func attributeNames(of path: String = "/") throws -> [String] {
    try perform("list the attributes of '\(path)' of") { file, operation in
      try operation.using(H5Oopen(file, path, hid_t(H5P_DEFAULT)), H5Oclose) { object in
        let count = H5Aget_num_attrs(object)
        try operation.check(count)
        return try (0..<UInt64(count)).map { try attributeName($0, of: object, operation) }
      }
    }
  }
}

private func makeAttribute(
  _ name: String, of path: String, in file: hid_t, _ type: hid_t, _ operation: Operation,
  _ write: (hid_t) -> herr_t
) throws {
  try operation.using(H5Oopen(file, path, hid_t(H5P_DEFAULT)), H5Oclose) { object in
    try usingSpace([], operation) { space in
      try operation.usingNames(chdf5_attribute_creation()) { names in
        let attribute = H5Acreate2(object, name, type, space, names, hid_t(H5P_DEFAULT))
        try operation.using(attribute, H5Aclose) { try operation.check(write($0)) }
      }
    }
  }
}

private func readAttribute(_ attribute: hid_t, _ operation: Operation) throws -> HDF5Attribute {
  try operation.using(H5Aget_space(attribute), H5Sclose) { space in
    guard H5Sget_simple_extent_npoints(space) == 1 else {
      throw operation.failure("it is no single value")
    }
    switch try operation.using(H5Aget_type(attribute), H5Tclose, { HDF5ElementType($0) }) {
    case .int64, .int32, .uint8:
      var number = 0
      try operation.check(H5Aread(attribute, chdf5_native_int64(), &number))
      return .integer(number)
    case .float64, .float32:
      var number = 0.0
      try operation.check(H5Aread(attribute, chdf5_native_double(), &number))
      return .number(number)
    case .string:
      let strings = try receiveStrings(1, space, operation) { H5Aread(attribute, $0, $1) }
      return .string(strings[0])
    case .other:
      throw operation.failure("its type is not one that this program reads")
    }
  }
}

private func attributeName(
  _ index: UInt64, of object: hid_t, _ operation: Operation
) throws -> String {
  func name(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) throws -> Int {
    let length = H5Aget_name_by_idx(
      object, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, hid_t(H5P_DEFAULT))
    if length < 0 { throw operation.error }
    return length
  }
  let length = try name(nil, 0)
  var buffer = [CChar](repeating: 0, count: length + 1)
  _ = try name(&buffer, buffer.count)
  return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
