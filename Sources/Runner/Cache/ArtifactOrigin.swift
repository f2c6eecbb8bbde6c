import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// That a result of the cache was not made here, but taken over from a packed file: `origin.json`
/// beside its record.
package struct ArtifactOrigin: Sendable, Hashable {
  /// The packed file's name.
  package let file: String
  /// SHA-256 of the packed file behind its header.
  package let sha256: String
  /// The machine that made it, as the packed file says.
  package let host: String
  /// The part that was taken over, such as `completions`, where the rest was made here.
  package let part: String?

  package init(file: String, sha256: String, host: String, part: String? = nil) {
    self.file = file
    self.sha256 = sha256
    self.host = host
    self.part = part
  }

  static let fileName = "origin.json"

  /// In words that follow what it is about.
  package var words: String {
    (part.map { "its \($0) are " } ?? "")
      + "from the packed file '\(file)' (\(sha256.prefix(12))…), "
      + "which says that \(host) made it"
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "file": .string(file), "sha256": .string(sha256), "host": .string(host),
    ]
    members["part"] = part.map { .string($0) }
    return .object(members)
  }

  /// Reads the origin of what lies in a folder; nil where it was made here.
  init?(of folder: String) {
    let file = "\(folder)/\(Self.fileName)"
    // Most have none, and Foundation takes long to say so.
    guard access(file, F_OK) == 0, let data = try? Data(contentsOf: URL(filePath: file)) else {
      return nil
    }
    // What was changed says nothing.
    let json = Self.damage(in: data) == nil ? try? JSONValue(parsing: data) : nil
    self.init(
      file: json?["file"]?.string ?? "unknown", sha256: json?["sha256"]?.string ?? "unknown",
      host: json?["host"]?.string ?? "an unknown machine", part: json?["part"]?.string)
  }

  /// A digest covers it, as one covers the record.
  func write(to folder: URL) throws {
    try Data(RecordSeal.sealed(json).utf8).write(to: folder.appending(path: Self.fileName))
  }

  /// What is wrong with the origin of what lies in a folder, in words; nil where nothing is, or where
  /// it was made here. Those of older versions have no digest, and count if they can be read.
  static func damage(of folder: URL) -> String? {
    (try? Data(contentsOf: folder.appending(path: fileName))).flatMap(damage)
  }

  private static func damage(in data: Data) -> String? {
    guard let json = try? JSONValue(parsing: data), json.object != nil else {
      return "it is not valid JSON"
    }
    let isWhole = json[RecordSeal.name] == nil || RecordSeal.isWhole(data, json)
    return isWhole ? nil : "it was changed after it was written"
  }
}
