import CHDF5

extension HDF5File {
  /// Writes a new dataset of UTF-8 variable-length strings; the groups above it are made.
  /// - Throws: `HDF5Error`, also for strings that hold the character NUL, which HDF5 would cut off.
  public func write(strings: [String], to path: String, shape: [Int]? = nil) throws {
    try perform("write '\(path)' to") { file, operation in
      let shape = shape ?? [strings.count]
      try checkShape(shape, count: strings.count, operation)
      try operation.usingStringType { type in
        try makeDataset(path, in: file, type, shape, operation) { dataset in
          if strings.isEmpty { return }
          try withCStrings(strings, operation) { pointers in
            try operation.check(
              H5Dwrite(
                dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), pointers))
          }
        }
      }
    }
  }

  /// Reads a dataset of variable-length strings, row-major.
  public func readStrings(_ path: String) throws -> [String] {
    try perform("read '\(path)' of") { file, operation in
      try operation.using(H5Dopen2(file, path, hid_t(H5P_DEFAULT)), H5Dclose) { dataset in
        let whole = try description(of: dataset, operation)
        guard whole.type == .string else {
          throw operation.failure("it holds \(whole.type), not strings")
        }
        if whole.count == 0 { return [] }
        return try operation.using(H5Dget_space(dataset), H5Sclose) { space in
          try receiveStrings(whole.count, space, operation) { type, target in
            H5Dread(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), target)
          }
        }
      }
    }
  }
}

/// Lends the strings as C strings that lie one after the other.
func withCStrings<Result>(
  _ strings: [String], _ operation: Operation,
  _ body: ([UnsafePointer<UInt8>?]) throws -> Result
) throws -> Result {
  var bytes: [UInt8] = []
  var starts: [Int] = []
  for (index, string) in strings.enumerated() {
    guard !string.utf8.contains(0) else {
      throw operation.failure("string \(index) holds the character NUL, which HDF5 cannot keep")
    }
    starts.append(bytes.count)
    bytes.append(contentsOf: string.utf8)
    bytes.append(0)
  }
  return try bytes.withUnsafeBufferPointer { buffer in
    try body(starts.map { start in buffer.baseAddress.map { $0 + start } })
  }
}

/// Lets HDF5 allocate strings, copies them and gives their memory back.
func receiveStrings(
  _ count: Int, _ space: hid_t, _ operation: Operation,
  _ receive: (hid_t, UnsafeMutableRawPointer) -> herr_t
) throws -> [String] {
  try operation.usingStringType { type in
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    try operation.check(receive(type, &pointers))
    let strings = pointers.map { $0.map { String(cString: $0) } ?? "" }
    try operation.check(H5Dvlen_reclaim(type, space, hid_t(H5P_DEFAULT), &pointers))
    return strings
  }
}
