import Foundation
import Runner

/// A file of rows: Parquet, or JSON Lines, gzipped or not. The content tells which.
package enum DatasetFile {
  /// A row with its place, which counts from 1: the line of JSON Lines, else the row.
  package struct Row {
    package let number: Int
    package let fields: [String: JSONValue]
  }

  /// Reads all rows.
  /// - Throws: `DatasetError`, or `DataSourceError.damaged`.
  package static func rows(of file: URL) throws -> [Row] {
    let stored = try Data(contentsOf: file, options: .mappedIfSafe)
    let rows =
      try ParquetFile.isParquet(stored)
      ? parquetRows(stored, path: file.path)
      : JSONLinesFile.rows(of: stored, path: file.path)
    guard !rows.isEmpty else { throw DatasetError.empty(path: file.path) }
    return rows
  }

  private static func parquetRows(_ stored: Data, path: String) throws -> [Row] {
    try ParquetFile.rows(of: Array(stored), path: path).enumerated().map {
      Row(number: $0 + 1, fields: $1)
    }
  }
}
