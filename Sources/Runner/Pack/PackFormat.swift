import Base
import Foundation
import HDF5

/// The first 512 bytes of a packed file: plain text, which HDF5 passes over as a user block.
///
/// It tells a packed file from others, and a whole one from one that lost something, before HDF5
/// reads any of it.
struct PackHeader: Equatable {
  static let size = 512
  /// Raised when older programs cannot read the file any more.
  static let currentFormat = 1

  private static let title = "warmup packed experiment\n"

  let format: Int
  /// How long the whole file is.
  let bytes: Int
  /// SHA-256 of all that follows the header.
  let sha256: String

  init(bytes: Int, sha256: String) {
    format = Self.currentFormat
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// Whether bytes begin like a packed file.
  static func begins(_ data: Data) -> Bool { data.starts(with: Data(title.utf8)) }

  /// Reads a header; nil where it is damaged.
  init?(_ data: Data) {
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    func word(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }
    guard Self.begins(data), let format = word("format").flatMap({ Int($0) }), format > 0,
      let bytes = word("bytes").flatMap({ Int($0) }), let sha256 = word("sha256")
    else { return nil }
    self.format = format
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// The header as it is written, filled up with blanks.
  var data: Data {
    let text =
      Self.title + "format \(format)\nbytes \(bytes)\nsha256 \(sha256)\n"
      + "This is an HDF5 file that begins after 512 bytes: h5py and h5dump open it as it is.\n"
      + "'warmup report FILE' writes the tables, figures and report of what it holds.\n"
    var data = Data(text.utf8)
    data.append(contentsOf: repeatElement(0x20, count: Self.size - 1 - data.count))
    data.append(0x0A)
    return data
  }
}

/// The names inside a packed file. docs/sharing.md describes them.
package enum PackLayout {
  /// Attributes of the root group.
  static let name = "recipe"
  static let summary = "summary"
  static let program = "warmup"
  static let planned = "planned"
  static let done = "done"
  static let models = "models"
  static let texts = "texts"
  /// What part of the recipe was packed, as `--only seed=1,2`; no such attribute where all of it was.
  static let part = "only"

  /// What `models` and `texts` may be.
  static let kept = "kept"
  static let leftOut = "left out"
  static let hashed = "hashed"

  /// Datasets of texts: the files of the recipe, the recipe itself first.
  static let recipePaths = "/recipe/path"
  static let recipeTexts = "/recipe/text"
  static let overrides = "/overrides"
  static let lock = "/lock"
  /// Instances that were asked for and not done.
  static let missing = "/missing"
  static let tables = "/tables"
  /// A group for each key; its datasets are the artifact's files, byte for byte.
  static let artifacts = "/artifacts"
  /// Attribute of such a group: the files that were left out, as a JSON array.
  static let leftOutFiles = "left_out"

  static func artifact(_ key: String) -> String { "\(artifacts)/\(key)" }

  static func file(_ name: String, of key: String) -> String { "\(artifacts)/\(key)/\(name)" }

  /// Whether a packed file is compressed as a whole, by its name: ends in `.h5.zst`.
  package static func isCompressed(_ url: URL) -> Bool {
    url.lastPathComponent.hasSuffix(".h5.zst")
  }

  /// The most bytes that a file may unpack to which is compressed as a whole. Many small results are
  /// packed to a twentieth or so.
  static func greatestSize(ofPacked bytes: Int) -> Int {
    max(64 << 20, HDF5Reader.greatestGrowth * bytes)
  }

  /// Whether a text is a key, and so a safe name.
  static func isKey(_ name: String) -> Bool {
    name.utf8.count == 64
      && name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// Whether a text names a file that an artifact may have. Nothing else is ever written.
  static func isFileName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}/) != nil
      && ![Artifact.recordName, ArtifactOrigin.fileName].contains(name)
  }

  /// A path that stands there twice, or in which another one is a folder; nil where none does.
  static func repeated(in paths: [String]) -> String? {
    var files: Set<String> = []
    var folders: Set<String> = []
    for path in paths {
      let parts = path.split(separator: "/")
      let above = (1..<max(1, parts.count)).map { parts.prefix($0).joined(separator: "/") }
      if folders.contains(path) || !files.isDisjoint(with: above) || !files.insert(path).inserted {
        return path
      }
      folders.formUnion(above)
    }
    return nil
  }

  /// Whether a text is a path that stays inside the folder that it is put in.
  static func isInnerPath(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.utf8.contains(0) && path.utf8.count <= 1000
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
  }
}

/// What can be wrong with a packed file, or with packing.
package enum PackError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(String, String)
  /// The file is something else.
  case notPacked(String)
  case newer(String, format: Int)
  /// It has another length than was written.
  case wrongLength(String, found: Int, expected: Int)
  /// It is compressed as a whole, and cannot be unpacked.
  case uncompressible(String, ZstandardError)
  /// It has the right length, but other bytes than were written.
  case damaged(String)
  /// What it holds does not fit together.
  case contradictory(String, String)
  /// The recipe or its results cannot be packed.
  case unpackable(String)
  /// There is something where the file is to be unpacked.
  case occupied(String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): return "\(path) cannot be read: \(reason)"
    case .notPacked(let path):
      return "\(path) is not a packed file; 'warmup pack RECIPE' writes one"
    case .newer(let path, let format):
      return "\(path) is packed in format \(format), and this program reads format "
        + "\(PackHeader.currentFormat); update warmup to read it"
    case .wrongLength(let path, let found, let expected):
      let fault = found < expected ? "is cut off: it has" : "has grown: it has"
      return "\(path) \(fault) \(found) bytes instead of \(expected); fetch it again"
    case .uncompressible(let path, let error):
      return "\(path) is damaged: \(error); fetch it again"
    case .damaged(let path):
      return "\(path) is damaged: its bytes are not those that were packed; fetch it again"
    case .contradictory(let path, let reason):
      return "\(path) cannot be trusted: \(reason); ask whoever packed it for another"
    case .unpackable(let reason): return "cannot pack: \(reason)"
    case .occupied(let path):
      return
        "\(path) exists already; choose another folder with -o, and name all packed files of a "
        + "recipe at once"
    }
  }
}
