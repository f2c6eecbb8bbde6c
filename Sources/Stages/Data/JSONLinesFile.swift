import Foundation
import Runner

/// A file with one JSON object a line, gzipped or not.
enum JSONLinesFile {
  /// Reads all rows. Only the byte 0x0A ends a line; blank lines are skipped.
  /// - Throws: `DatasetError.malformed` with the line, or `DataSourceError.damaged`.
  static func rows(of stored: Data, path: String) throws -> [DatasetFile.Row] {
    let isGzip = stored.starts(with: [0x1F, 0x8B])
    let data = isGzip ? try Inflation.gunzip(stored, path: path) : stored
    var rows: [DatasetFile.Row] = []
    for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      guard let fields = try? JSONValue(parsing: Data(line)).object else {
        throw DatasetError.malformed(path: path, line: index + 1)
      }
      rows.append(DatasetFile.Row(number: index + 1, fields: fields))
    }
    return rows
  }
}
