import Base
import Foundation

/// Reads comma-separated values with a header (RFC 4180).
///
/// Fields are texts; an empty one that is not quoted is null. Lines end with LF, CR LF or CR; blank
/// ones are skipped. A quotation mark inside a field that does not begin with one stands for itself,
/// as for Python's `csv`.
enum CSVFile {
  /// - Throws: `DatasetError.csv`.
  static func rows(
    of text: Data, separator: String, path: String
  ) throws -> [DatasetFile.Row] {
    guard let mark = separator.utf8.first, separator.utf8.count == 1 else {
      throw DatasetError.csv(
        path: path, line: 1, problem: "'separator' must be one ASCII character")
    }
    var reader = CSVReader(Array(text), mark, path)
    guard let header = try reader.record() else { return [] }
    let names = header.fields.map { $0 ?? "" }
    try check(names, mark, path, header.line)
    var rows: [DatasetFile.Row] = []
    while let record = try reader.record() {
      guard record.fields.count == names.count else {
        throw DatasetError.csv(
          path: path, line: record.line,
          problem: "the row has \(counted(record.fields.count, "field")), but the header has "
            + "\(names.count); quote fields that hold the separator")
      }
      var fields: [String: JSONValue] = [:]
      // pandas writes its row numbers into a column without a name.
      for (name, value) in zip(names, record.fields) where !name.isEmpty {
        fields[name] = value.map { .string($0) } ?? .null
      }
      rows.append(
        DatasetFile.Row(path: path, number: record.line, fields: fields, isUntyped: true))
    }
    return rows
  }

  private static func check(
    _ names: [String], _ mark: UInt8, _ path: String, _ line: Int
  ) throws {
    func problem(_ words: String) -> DatasetError {
      .csv(path: path, line: line, problem: words)
    }
    let named = names.filter { !$0.isEmpty }
    if let twice = named.first(where: { name in named.count { $0 == name } > 1 }) {
      throw problem("two columns are called '\(twice)'; rename one")
    }
    guard names.count == 1, let name = names.first else { return }
    for (other, words) in [(";", "';'"), ("\t", "\"\\t\""), (",", "','")]
    where other.utf8.first != mark && name.contains(other) {
      throw problem(
        "the header is one column, '\(name.visible)'; if its parts are columns, say 'separator: "
          + "\(words)'")
    }
  }
}

/// Cuts a text into records.
private struct CSVReader {
  private let bytes: [UInt8]
  private let separator: UInt8
  private let path: String
  private var position = 0
  private var line = 1

  private static let quote = UInt8(ascii: "\"")

  init(_ bytes: [UInt8], _ separator: UInt8, _ path: String) {
    self.bytes = bytes
    self.separator = separator
    self.path = path
  }

  /// The next record that is not blank, with the line on which it begins; nil at the end.
  mutating func record() throws -> (fields: [String?], line: Int)? {
    while position < bytes.count {
      let start = line
      var fields: [String?] = []
      repeat { fields.append(try field()) } while takeSeparator()
      endLine()
      if fields != [nil] { return (fields, start) }
    }
    return nil
  }

  private mutating func takeSeparator() -> Bool {
    guard position < bytes.count, bytes[position] == separator else { return false }
    position += 1
    return true
  }

  private mutating func endLine() {
    guard position < bytes.count else { return }
    if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A {
      position += 1
    }
    position += 1
    line += 1
  }

  /// Nil for an empty field that is not quoted.
  private mutating func field() throws -> String? {
    if position < bytes.count, bytes[position] == Self.quote { return try quoted() }
    let start = position
    while position < bytes.count, ![separator, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
    return start == position ? nil : try text(bytes[start..<position])
  }

  private mutating func quoted() throws -> String {
    let start = line
    var content: [UInt8] = []
    position += 1
    while true {
      guard position < bytes.count else { throw problem(start, "a quotation mark is never closed") }
      let byte = bytes[position]
      position += 1
      if byte == Self.quote {
        guard position < bytes.count, bytes[position] == Self.quote else { break }
        position += 1
      } else if byte == 0x0A
        || (byte == 0x0D && !(position < bytes.count && bytes[position] == 0x0A))
      {
        line += 1
      }
      content.append(byte)
    }
    guard position == bytes.count || [separator, 0x0A, 0x0D].contains(bytes[position]) else {
      throw problem(
        line, "something follows a closing quotation mark; double the marks inside a field")
    }
    return try text(content[...])
  }

  private func text(_ content: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw DatasetError.notUnicode(path: path, line: line)
    }
    return text
  }

  private func problem(_ line: Int, _ words: String) -> DatasetError {
    .csv(path: path, line: line, problem: words)
  }
}
