import CHDF5
import Foundation

/// An HDF5 file that is written, through the C library; `HDF5Reader` reads. Safe to use from several
/// threads.
///
/// Files are made for h5py and for bit-equal results: old format bounds, no time stamps, contiguous
/// and uncompressed datasets, UTF-8 names. Equal calls in equal order give equal bytes.
/// Paths inside the file begin at the root, such as `/model/lm_head.weight`.
package final class HDF5File: @unchecked Sendable {
  package let url: URL
  /// The identifier, nil once closed; touched under the library's lock only.
  private var identifier: hid_t?

  private init(_ url: URL, _ identifier: hid_t) {
    self.url = url
    self.identifier = identifier
  }

  deinit {
    HDF5Library.locked {
      if let identifier { _ = H5Fclose(identifier) }
    }
  }

  /// Makes a file, replacing one that is there.
  ///
  /// Nothing is sure to be written before `close` has returned, and nothing is synced to the disk.
  /// - Parameter userBlock: how many bytes at the beginning are left to others: none, or a power
  ///   of two from 512.
  package static func create(_ url: URL, userBlock: Int = 0) throws -> HDF5File {
    let operation = Operation(action: "create", path: url.path)
    return try HDF5Library.locked {
      try operation.usingCreation(chdf5_file_creation()) { creation in
        try operation.check(H5Pset_userblock(creation, hsize_t(userBlock)))
        return try withAccess(operation) { access in
          let mode = chdf5_access_truncate()
          let identifier = H5Fcreate(url.path, mode, creation, access)
          if identifier < 0 { throw operation.error }
          return HDF5File(url, identifier)
        }
      }
    }
  }

  /// Makes a file, lends it to a closure and closes it.
  package static func create<Result>(
    _ url: URL, userBlock: Int = 0, _ body: (HDF5File) throws -> Result
  ) throws -> Result {
    let file = try create(url, userBlock: userBlock)
    let result = try body(file)
    try file.close()
    return result
  }

  /// Closes the file; harmless when it is closed already.
  /// - Throws: `HDF5Error` when what was written did not reach the file, as on a full disk.
  package func close() throws {
    try HDF5Library.locked {
      guard let open = identifier else { return }
      identifier = nil
      try Operation(action: "finish writing", path: url.path).check(H5Fclose(open))
    }
  }

  /// Files that are being written lie beside their final place, so HDF5's own locks, which fail on
  /// some network file systems, are not needed.
  private static func withAccess<Result>(
    _ operation: Operation, _ body: (hid_t) throws -> Result
  ) throws -> Result {
    try operation.using(H5Pcreate(chdf5_file_access()), H5Pclose) { access in
      try operation.check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110))
      try operation.check(H5Pset_file_locking(access, false, true))
      try operation.check(H5Pset_fclose_degree(access, H5F_CLOSE_SEMI))
      return try body(access)
    }
  }

  /// Runs a group of calls on the open file.
  func perform<Result>(
    _ action: String, _ body: (hid_t, Operation) throws -> Result
  ) throws -> Result {
    let operation = Operation(action: action, path: url.path)
    return try HDF5Library.locked {
      guard let identifier else { throw operation.failure("the file is closed") }
      return try body(identifier, operation)
    }
  }
}

extension HDF5File {
  /// Makes a group and those above it; harmless where it is there already.
  package func createGroup(_ path: String) throws {
    try perform("make the group '\(path)' in") { file, operation in
      try makeGroups(path.split(separator: "/"), in: file, operation)
    }
  }
}

/// Makes the groups of a path one by one, because those that HDF5 makes of itself bear time stamps.
func makeGroups(_ parts: [Substring], in file: hid_t, _ operation: Operation) throws {
  var reached = ""
  for part in parts {
    reached += "/" + part
    let found = H5Lexists(file, reached, hid_t(H5P_DEFAULT))
    try operation.check(found)
    if found > 0 { continue }
    try operation.usingCreation(chdf5_group_creation()) { creation in
      try operation.usingNames(chdf5_link_creation()) { names in
        let group = H5Gcreate2(file, reached, names, creation, hid_t(H5P_DEFAULT))
        try operation.using(group, H5Gclose) { _ in }
      }
    }
  }
}

extension HDF5File {
  /// Writes a new dataset of UTF-8 variable-length strings; the groups above it are made.
  /// - Throws: `HDF5Error`, also for strings that hold the character NUL, which HDF5 would cut off.
  package func write(strings: [String], to path: String, shape: [Int]? = nil) throws {
    try perform("write '\(path)' to") { file, operation in
      let shape = shape ?? [strings.count]
      try checkShape(shape, count: strings.count, operation)
      try operation.usingStringType { type in
        try makeDataset(path, in: file, type, shape, operation) { dataset in
          if strings.isEmpty { return }
          try withCStrings(strings, operation) { pointers in
            try operation.usingStringTransfer(count: strings.count) { transfer in
              try operation.check(
                H5Dwrite(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), transfer, pointers))
            }
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
