import Foundation
import Runner

/// A file with one JSON object a line, gzipped or not.
enum JSONLinesFile {
  /// A row with its line, which counts from 1.
  struct Row {
    let line: Int
    let fields: [String: JSONValue]
  }

  /// Reads all rows. Only the byte 0x0A ends a line; blank lines are skipped.
  /// - Throws: `DatasetError` with the line, or `DataSourceError.damaged`.
  static func rows(of file: URL) throws -> [Row] {
    let stored = try Data(contentsOf: file, options: .mappedIfSafe)
    let isGzip = stored.starts(with: [0x1F, 0x8B])
    let data = isGzip ? try Inflation.gunzip(stored, path: file.path) : stored
    var rows: [Row] = []
    for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      guard let fields = try? JSONValue(parsing: Data(line)).object else {
        throw DatasetError.malformed(path: file.path, line: index + 1)
      }
      rows.append(Row(line: index + 1, fields: fields))
    }
    guard !rows.isEmpty else { throw DatasetError.empty(path: file.path) }
    return rows
  }
}
