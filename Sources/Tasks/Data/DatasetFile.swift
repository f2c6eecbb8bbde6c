import Base
import Foundation

/// A file of rows: Parquet, JSON Lines, a JSON list or CSV, packed or not. The content says which;
/// only CSV goes by the file's name, or by a declared separator.
package struct DatasetFile: Sendable {
  /// A row with its place, which counts from 1: the line of a text, else the row.
  package struct Row: Sendable {
    package let path: String
    package let number: Int
    package var fields: [String: JSONValue]
    /// Whether all values are texts, whatever they mean, as in CSV.
    package let isUntyped: Bool

    init(path: String, number: Int, fields: [String: JSONValue], isUntyped: Bool = false) {
      self.path = path
      self.number = number
      self.fields = fields
      self.isUntyped = isUntyped
    }
  }

  /// The rows of all files, one file after the other.
  package private(set) var rows: [Row] = []
  /// Why columns could not be read, under their names.
  package private(set) var leftOut: [String: String] = [:]

  /// Reads all rows of files whose rows stand for one set.
  /// - Parameter separator: what stands between the fields of CSV; nil to go by the file's name.
  /// - Throws: `DatasetError`, or `DataSourceError`.
  package init(_ files: [URL], separator: String? = nil) throws {
    for file in files { try read(file, separator: separator) }
    guard files.count > 1 else { return }
    // What is left out of one file, the others may hold.
    for name in leftOut.keys.sorted() {
      for index in rows.indices { rows[index].fields[name] = nil }
    }
  }

  /// All rows of a file.
  /// - Throws: `DatasetError`, or `DataSourceError`.
  package static func rows(of file: URL) throws -> [Row] { try DatasetFile([file]).rows }

  private mutating func read(_ file: URL, separator: String?) throws {
    let stored = try RegularFile.contents(of: file, options: .mappedIfSafe)
    let content = try Self.unpacked(stored, path: file.path)
    if let format = ForeignFormat(of: content) {
      throw DatasetError.foreign(path: file.path, format)
    }
    let before = rows.count
    if ParquetFile.isParquet(content) {
      try readParquet(content, path: file.path)
    } else {
      rows += try TextRows(content, file: file, separator: separator).rows()
    }
    guard rows.count > before else { throw DatasetError.empty(path: file.path) }
  }

  private mutating func readParquet(_ stored: Data, path: String) throws {
    do {
      let file = try ParquetFile(of: Array(stored))
      rows += file.rows.enumerated().map { Row(path: path, number: $0 + 1, fields: $1) }
      leftOut.merge(file.leftOut) { first, _ in first }
    } catch let error as ParquetError {
      throw DatasetError.parquet(path: path, problem: error.description)
    }
  }

  /// The bytes of a file that gzip or Zstandard may have packed.
  private static func unpacked(_ stored: Data, path: String) throws -> Data {
    if stored.starts(with: [0x1F, 0x8B]) { return try Inflation.gunzip(stored, path: path) }
    guard Zstandard.begins(stored) else { return stored }
    let limit = min(
      Inflation.free + Inflation.greatestRatio * stored.count, Inflation.greatestInMemory)
    do {
      return try Zstandard.decompress(stored, limit: limit)
    } catch let error as ZstandardError {
      throw DataSourceError.damaged(path: path, problem: error.description)
    }
  }
}

/// The rows of a text in UTF-8.
private struct TextRows {
  private let text: Data
  private let path: String
  /// What stands between fields, where the file is CSV.
  private let separator: String?

  init(_ content: Data, file: URL, separator: String?) {
    let hasMark = content.starts(with: [0xEF, 0xBB, 0xBF])
    text = hasMark ? content.dropFirst(3) : content
    path = file.path
    self.separator = separator ?? Self.separator(of: file)
  }

  /// What a name says, without the endings of packed files.
  private static func separator(of file: URL) -> String? {
    var file = file
    while ["gz", "zst"].contains(file.pathExtension.lowercased()) { file.deletePathExtension() }
    // One separator for one content: the key knows the content, not the name.
    return file.pathExtension.lowercased() == "csv" ? "," : nil
  }

  func rows() throws -> [DatasetFile.Row] {
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch first {
    case nil: return []
    case UInt8(ascii: "["): return try list()
    case UInt8(ascii: "{"): return try lines()
    default:
      guard let separator else {
        if looksLikeCSV { throw DatasetError.unnamedCSV(path: path) }
        return try lines()
      }
      return try CSVFile.rows(of: text, separator: separator, path: path)
    }
  }

  /// One object a line. Only the byte 0x0A ends a line, or 0x0D where there is no other; blank lines
  /// are skipped.
  private func lines() throws -> [DatasetFile.Row] {
    let end: UInt8 = text.contains(0x0A) ? 0x0A : 0x0D
    var rows: [DatasetFile.Row] = []
    for (index, line) in text.split(separator: end, omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      guard let fields = Self.value(line)?.object else {
        throw problem(line, number: index + 1, isFirst: rows.isEmpty)
      }
      rows.append(DatasetFile.Row(path: path, number: index + 1, fields: fields))
    }
    return rows
  }

  private func problem(_ line: Data, number: Int, isFirst: Bool) -> DatasetError {
    if String(validating: line, as: UTF8.self) == nil {
      return .notUnicode(path: path, line: number)
    }
    if isFirst, let fields = Self.value(text)?.object {
      let lists = fields.filter { $0.value.array?.first?.object != nil }.keys.sorted()
      return .oneObject(path: path, lists: lists)
    }
    return .malformed(path: path, line: number)
  }

  /// A list of objects.
  private func list() throws -> [DatasetFile.Row] {
    guard let elements = Self.value(text)?.array else { throw DatasetError.brokenList(path: path) }
    return try elements.enumerated().map { index, element in
      guard let fields = element.object else {
        throw DatasetError.noObject(path: path, element: index + 1)
      }
      return DatasetFile.Row(path: path, number: index + 1, fields: fields)
    }
  }

  /// NaN and infinities, which Python writes, stand for no number.
  private static func value(_ text: Data) -> JSONValue? {
    try? JSONValue(parsing: Data(text), acceptingNonFinite: true)
  }

  private var looksLikeCSV: Bool {
    let line = text.prefix { $0 != 0x0A && $0 != 0x0D }
    return line.count < 10_000 && line.contains { [0x2C, 0x3B, 0x09].contains($0) }
      && String(validating: line, as: UTF8.self) != nil
  }
}
