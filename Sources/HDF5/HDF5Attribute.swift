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
