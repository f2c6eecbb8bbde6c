import CHDF5
import Foundation

/// What all HDF5 calls go through.
///
/// HDF5 keeps its error stack and the switch that prints it for each thread apart, and it locks
/// single calls only. So every group of calls holds one lock, with the printing switched off.
package enum HDF5Library {
  /// The version of the library in use, such as `1.10.8`.
  package static var version: String {
    var numbers: (UInt32, UInt32, UInt32) = (0, 0, 0)
    locked { _ = H5get_libversion(&numbers.0, &numbers.1, &numbers.2) }
    return "\(numbers.0).\(numbers.1).\(numbers.2)"
  }

  private static let lock = NSRecursiveLock()

  /// Left to itself, the library crashes at exit when a disk was full.
  private static let isPrepared: Bool = H5dont_atexit() >= 0

  static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    try lock.withLock {
      _ = isPrepared
      H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
      return try body()
    }
  }
}

/// What was being done to which file, for the errors of a group of calls.
struct Operation {
  let action: String
  let path: String

  /// The error of the call that has just failed.
  var error: HDF5Error { failure(innermostMessage()) }

  func failure(_ reason: String) -> HDF5Error {
    HDF5Error(action: action, path: path, reason: reason)
  }

  func check(_ status: Int32) throws {
    if status < 0 { throw error }
  }

  /// Lends an identifier to a closure and closes it, reporting also that closing failed: data may
  /// only reach the disk then.
  func using<Result>(
    _ identifier: hid_t, _ close: (hid_t) -> herr_t, _ body: (hid_t) throws -> Result
  ) throws -> Result {
    if identifier < 0 { throw error }
    let result: Result
    do {
      result = try body(identifier)
    } catch {
      _ = close(identifier)
      throw error
    }
    try check(close(identifier))
    return result
  }

  /// Lends a property list for making files, groups or datasets that bear no time stamps.
  func usingCreation<Result>(_ kind: hid_t, _ body: (hid_t) throws -> Result) throws -> Result {
    try using(H5Pcreate(kind), H5Pclose) { list in
      try check(H5Pset_obj_track_times(list, false))
      return try body(list)
    }
  }

  /// Lends a property list for links or attributes whose names are UTF-8.
  func usingNames<Result>(_ kind: hid_t, _ body: (hid_t) throws -> Result) throws -> Result {
    try using(H5Pcreate(kind), H5Pclose) { list in
      try check(H5Pset_char_encoding(list, H5T_CSET_UTF8))
      return try body(list)
    }
  }

  /// Lends a property list for writing strings. HDF5 clears the buffer in which it converts them, and
  /// takes one of 1 MiB where nobody says that less will do.
  func usingStringTransfer<Result>(count: Int, _ body: (hid_t) throws -> Result) throws -> Result {
    try using(H5Pcreate(chdf5_dataset_transfer()), H5Pclose) { list in
      // An element takes 16 bytes in the file.
      try check(H5Pset_buffer(list, min(1 << 20, max(1 << 10, count * 16)), nil, nil))
      return try body(list)
    }
  }

  /// Lends the type of variable-length UTF-8 strings.
  func usingStringType<Result>(_ body: (hid_t) throws -> Result) throws -> Result {
    try using(H5Tcopy(chdf5_c_string()), H5Tclose) { type in
      try check(H5Tset_size(type, chdf5_variable_length()))
      try check(H5Tset_cset(type, H5T_CSET_UTF8))
      return try body(type)
    }
  }
}

/// HDF5 could not do something.
package struct HDF5Error: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was to be done, such as `read '/model/lm_head.weight' of`.
  package let action: String
  package let path: String
  package let reason: String

  package var description: String { "could not \(action) \(path): \(reason)" }
}

/// The message of the innermost entry of this thread's error stack, where the cause stands.
func innermostMessage() -> String {
  var message = ""
  withUnsafeMutablePointer(to: &message) { pointer in
    _ = H5Ewalk2(
      hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
      { index, entry, target in
        if index == 0, let text = entry?.pointee.desc {
          target?.assumingMemoryBound(to: String.self).pointee = String(cString: text)
        }
        return 0
      }, pointer)
  }
  return message.isEmpty ? "unknown reason" : systemMessage(within: message) ?? message
}

/// The operating system's words out of `…, errno = 28, error message = 'No space left on device', …`.
private func systemMessage(within message: String) -> String? {
  guard let start = message.range(of: "error message = '") else { return nil }
  let rest = message[start.upperBound...]
  guard let end = rest.firstIndex(of: "'") else { return nil }
  return String(rest[..<end])
}
