import Foundation

/// The first 512 bytes of a packed file: plain text, which HDF5 passes over as a user block.
///
/// It tells a packed file from others, and a whole one from one that lost something, before HDF5
/// reads any of it.
struct PackHeader: Equatable {
  /// How long it is.
  static let size = 512
  /// Raised when older programs cannot read the file any more.
  static let currentFormat = 1

  private static let title = "warmup packed experiment\n"

  /// The format.
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
