import CHDF5
import Foundation

/// An HDF5 file. Safe to use from several threads.
///
/// Files are made for h5py and for bit-equal results: old format bounds, no time stamps, contiguous
/// and uncompressed datasets, UTF-8 names. Equal calls in equal order give equal bytes.
/// Paths inside the file begin at the root, such as `/model/lm_head.weight`.
public final class HDF5File: @unchecked Sendable {
  /// Where the file lies.
  public let url: URL
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
  public static func create(_ url: URL, userBlock: Int = 0) throws -> HDF5File {
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
  public static func create<Result>(
    _ url: URL, userBlock: Int = 0, _ body: (HDF5File) throws -> Result
  ) throws -> Result {
    let file = try create(url, userBlock: userBlock)
    let result = try body(file)
    try file.close()
    return result
  }

  /// Opens a file for reading.
  public static func open(_ url: URL) throws -> HDF5File {
    let operation = Operation(action: "open", path: url.path)
    return try HDF5Library.locked {
      try withAccess(operation) { access in
        let identifier = H5Fopen(url.path, chdf5_access_read_only(), access)
        if identifier < 0 { throw operation.error }
        return HDF5File(url, identifier)
      }
    }
  }

  /// Closes the file; harmless when it is closed already.
  /// - Throws: `HDF5Error` when what was written did not reach the file, as on a full disk.
  public func close() throws {
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
