/// Why bytes cannot be read as Parquet.
enum ParquetFault: Error, CustomStringConvertible {
  /// They are not what the format demands.
  case damaged(String)
  /// They use a part of the format that this reader leaves out.
  case unsupported(String)

  /// A clause for people.
  var description: String {
    switch self {
    case .damaged(let problem): "\(problem); fetch it again"
    case .unsupported(let part):
      "it has \(part), which is not read here; write it again with pyarrow's defaults, or as "
        + "JSON Lines"
    }
  }
}
