import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Files that a recipe names or that lie beside it. Devices, pipes and sockets are refused: reading
/// them may never end.
package enum RegularFile {
  /// Makes sure that a path leads to a regular file or folder, if to anything; links are followed.
  /// - Throws: `SpecialFileError`.
  package static func check(_ file: URL) throws(SpecialFileError) {
    if let sort = sort(of: file), sort != folder {
      throw SpecialFileError(path: file.path, sort: sort)
    }
  }

  /// Makes sure that a path does not lead to a folder either.
  /// - Throws: `SpecialFileError`.
  package static func checkIsFile(_ file: URL) throws(SpecialFileError) {
    if let sort = sort(of: file) { throw SpecialFileError(path: file.path, sort: sort) }
  }

  private static let folder = "a folder"

  /// What something is that is no regular file; nil for one, and where there is nothing.
  private static func sort(of file: URL) -> String? {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return nil }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: folder
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// The bytes of a file.
  /// - Throws: `SpecialFileError`, or what reading throws.
  package static func contents(
    of file: URL, options: Data.ReadingOptions = []
  ) throws -> Data {
    try check(file)
    return try Data(contentsOf: file, options: options)
  }
}

/// Something that is no file was to be read.
package struct SpecialFileError: Error, CustomStringConvertible {
  let path: String
  /// Such as `a pipe`.
  package let sort: String

  package var description: String {
    "\(path.visible) is \(sort); only regular files are read, so name one"
  }
}
