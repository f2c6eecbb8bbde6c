import Foundation
import Runner

/// SHA-256 of files and folders from outside.
enum ContentDigest {
  /// The digest of a file; of a folder, the digest of a list of its files' names and digests.
  static func hex(of url: URL) throws -> String {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    if !isFolder.boolValue { return try SHA256Digest.hex(ofFile: url) }
    let names = try FileManager.default.subpathsOfDirectory(atPath: url.path)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var list = ""
    for name in names {
      let file = url.appending(path: name)
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      if !isFolder.boolValue { list += "\(try SHA256Digest.hex(ofFile: file)) \(name)\n" }
    }
    return SHA256Digest.hex(of: Data(list.utf8))
  }

  /// Compares bytes with their pin.
  /// - Throws: `DataSourceError.digest`.
  static func check(_ url: URL, _ pin: String, shownAs name: String? = nil) throws {
    let found = try hex(of: url)
    guard found == pin else {
      throw DataSourceError.digest(path: name ?? url.path, expected: pin, found: found)
    }
  }

  /// Whether a text can be a SHA-256.
  static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }
}
