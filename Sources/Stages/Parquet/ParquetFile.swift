import Runner

/// Reads Parquet files into rows.
///
/// What it reads is what the makers of data sets write: texts, numbers and booleans in lists and
/// structs of any depth; plain and dictionary pages of both versions; Snappy, gzip or no packing.
/// All else is refused by name, and so are files of more than four million rows.
package enum ParquetFile {
  /// Whether bytes begin as Parquet does.
  package static func isParquet(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: "PAR1".utf8)
  }

  /// All rows of a file, each with all of its columns.
  /// - Throws: `DatasetError.parquet`; `path` names the file in it.
  package static func rows(of bytes: [UInt8], path: String) throws -> [[String: JSONValue]] {
    do {
      let metadata = try ParquetMetadata(of: bytes)
      return try metadata.groups.flatMap { group in
        let columns = try zip(group.chunks, metadata.schema.leaves).map { chunk, leaf in
          var reader = try ColumnReader(bytes, chunk, of: leaf)
          return try reader.read()
        }
        var assembler = RecordAssembler(metadata.schema, columns)
        return try assembler.rows(group.rowCount)
      }
    } catch let fault as ParquetFault {
      throw DatasetError.parquet(path: path, problem: fault.description)
    }
  }
}
