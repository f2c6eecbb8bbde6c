import Foundation

/// Published values in JSON and CSV, which name rows and columns by their labels.
extension PublishedTable {
  /// Reads `{"source": "Doe et al. 2025", "rows": {"warmed": {"accuracy": {"mean": 54.0, "std":
  /// 1.4}}}}`.
  init(json: JSONValue, file: URL) throws {
    guard let rows = json["rows"]?.object else {
      throw PublishedTableError("it has no object 'rows'")
    }
    let entries = try rows.sorted { $0.key < $1.key }.flatMap { row, cells in
      try (cells.object ?? [:]).sorted { $0.key < $1.key }.map { column, cell in
        guard let mean = cell["mean"]?.number ?? cell.number else {
          throw PublishedTableError("a cell must have a number 'mean'")
        }
        return Entry(
          place: .labels(row: row, column: column),
          value: Value(mean: mean, deviation: cell["std"]?.number))
      }
    }
    self.init(labelled: entries, source: json["source"]?.string ?? file.lastPathComponent)
  }

  /// Reads the columns `row`, `column`, `mean` and `std`.
  init(csv data: Data, file: URL) throws {
    var lines = CSV.parse(data)
    guard !lines.isEmpty else { throw PublishedTableError("it is empty") }
    let header = lines.removeFirst()
    let places = ["row", "column", "mean"].map { header.firstIndex(of: $0) }
    guard let row = places[0], let column = places[1], let mean = places[2] else {
      throw PublishedTableError("its first line must name the columns row, column, mean and std")
    }
    let deviation = header.firstIndex(of: "std")
    let entries = try lines.filter { $0 != [""] }.map { line in
      guard line.count == header.count, let number = Double(line[mean]), number.isFinite else {
        throw PublishedTableError("'\(line.joined(separator: ","))' does not fit the first line")
      }
      return Entry(
        place: .labels(row: line[row], column: line[column]),
        value: Value(mean: number, deviation: deviation.flatMap { Double(line[$0]) }))
    }
    self.init(labelled: entries, source: file.lastPathComponent)
  }
}
