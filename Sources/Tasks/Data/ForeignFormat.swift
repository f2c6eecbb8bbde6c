import Base
import Foundation

/// A format that holds no rows for this program, or that it does not read.
package struct ForeignFormat: Sendable, Equatable {
  /// Such as `an Arrow file`.
  let name: String
  /// What to do instead.
  let advice: String

  /// Recognises a format by how its files begin; nil for what may be rows.
  init?(of content: Data) {
    let start = Array(content.prefix(1024))
    if let known = Self.marks.first(where: { start.dropFirst($0.offset).starts(with: $0.mark) }) {
      (name, advice) = (known.name, known.advice)
    } else if Self.isUTF16(start) {
      (name, advice) = ("a text in UTF-16", "save it as UTF-8")
    } else if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
      name = "a Python pickle"
      advice = "pickles can run programs and are never opened; " + Self.rewrite
    } else if let text = Self.page(start) {
      (name, advice) = text
    } else {
      return nil
    }
  }

  private struct Mark: Sendable {
    let offset: Int
    let mark: [UInt8]
    let name: String
    let advice: String

    init(_ mark: [UInt8], at offset: Int = 0, _ name: String, _ advice: String) {
      self.mark = mark
      self.offset = offset
      self.name = name
      self.advice = advice
    }

    init(_ mark: String, at offset: Int = 0, _ name: String, _ advice: String) {
      self.init(Array(mark.utf8), at: offset, name, advice)
    }
  }

  private static let rewrite = "write its rows as Parquet or JSON Lines"
  private static let arrow =
    "write it as Parquet, for example with `to_parquet` of Hugging Face's datasets"
  private static let unpack = "unpack it and name the file that it holds"
  private static let model = "models are read by the kind 'pretrained_model'"

  private static let marks: [Mark] = [
    Mark("ARROW1", "an Arrow file", arrow),
    Mark([0xFF, 0xFF, 0xFF, 0xFF], "an Arrow stream", arrow),
    Mark("FEA1", "a Feather file", arrow),
    Mark(
      "version https://git-lfs", "a Git LFS pointer",
      "it stands for a file that is elsewhere: fetch that with `git lfs pull`, or download it"),
    Mark("SQLite format 3\0", "an SQLite database", "export its table as CSV"),
    Mark("PK\u{3}\u{4}", "a zip archive", unpack),
    Mark([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "packed by xz", unpack),
    Mark("BZh", "packed by bzip2", unpack),
    Mark([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", unpack),
    Mark("Rar!", "a RAR archive", unpack),
    Mark([0x04, 0x22, 0x4D, 0x18], "packed by LZ4", unpack),
    Mark("ustar", at: 257, "a tar archive", unpack),
    Mark([0x1F, 0x8B], "packed by gzip twice", unpack),
    Mark([0x28, 0xB5, 0x2F, 0xFD], "packed by Zstandard twice", unpack),
    Mark("GGUF", "a GGUF model", model),
    Mark([0x89, 0x48, 0x44, 0x46], "an HDF5 file", rewrite),
    Mark([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a numpy array", rewrite),
    Mark("Obj\u{1}", "an Avro file", rewrite),
    Mark("ORC", "an ORC file", rewrite),
    Mark("%PDF", "a PDF document", rewrite),
    Mark([0xD0, 0xCF, 0x11, 0xE0], "an old Excel file", "save it as CSV"),
    Mark([0xFF, 0xFE, 0, 0], "a text in UTF-32", "save it as UTF-8"),
    Mark([0, 0, 0xFE, 0xFF], "a text in UTF-32", "save it as UTF-8"),
    Mark([0xFF, 0xFE], "a text in UTF-16", "save it as UTF-8"),
    Mark([0xFE, 0xFF], "a text in UTF-16", "save it as UTF-8"),
  ]

  /// Without a mark, ASCII shows by its zeros.
  private static func isUTF16(_ start: [UInt8]) -> Bool {
    guard start.count >= 8 else { return false }
    let (even, odd) = (stride(from: 0, to: 8, by: 2), stride(from: 1, to: 8, by: 2))
    return even.allSatisfy { start[$0] == 0 } && odd.allSatisfy { start[$0] != 0 }
      || even.allSatisfy { start[$0] != 0 } && odd.allSatisfy { start[$0] == 0 }
  }

  private static func page(_ start: [UInt8]) -> (String, String)? {
    let text = String(decoding: start, as: UTF8.self).lowercased()
      .trimmingCharacters(in: .whitespacesAndNewlines.union(["\u{FEFF}"]))
    if ["<!doctype html", "<html", "<head", "<!--"].contains(where: text.hasPrefix) {
      return (
        "a web page",
        "servers send one where one must log in or has followed a wrong link. Download the file itself; on "
          + "Hugging Face its address has 'resolve' where the page's has "
          + "'blob'"
      )
    }
    return text.hasPrefix("<?xml") || text.hasPrefix("<") ? ("XML or a web page", rewrite) : nil
  }
}
