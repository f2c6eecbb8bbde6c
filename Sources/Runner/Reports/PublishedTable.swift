import Foundation

/// Numbers that somebody else published for the cells of a table, in the unit that the table shows.
///
/// A JSON file: `{"source": "Doe et al. 2025, table 9", "rows": {"warmed": {"accuracy": {"mean":
/// 54.0, "std": 1.4}}}}`. Or a CSV file with the columns `row`, `column`, `mean` and `std`.
public struct PublishedTable: Sendable, Equatable {
  /// One number.
  public struct Value: Sendable, Equatable {
    /// The mean, or the only value.
    public let mean: Double
    /// The standard deviation, where there is one.
    public let deviation: Double?

    /// Describes a published number.
    public init(mean: Double, deviation: Double?) {
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// Where the numbers are from, for people.
  public let source: String
  /// The numbers by the label of the row, then of the column.
  public let rows: [String: [String: Value]]

  /// Reads a file.
  /// - Throws: `ReportError.unreadablePublished`.
  public init(contentsOf file: URL) throws {
    do {
      let data = try Data(contentsOf: file)
      switch file.pathExtension {
      case "json": try self.init(json: JSONValue(parsing: data), name: file.lastPathComponent)
      case "csv": try self.init(csv: data, name: file.lastPathComponent)
      default: throw PublishedTableError("write it as .json or .csv")
      }
    } catch let error as PublishedTableError {
      throw ReportError.unreadablePublished(path: file.path, reason: error.description)
    } catch let error as JSONError {
      throw ReportError.unreadablePublished(path: file.path, reason: error.description)
    } catch {
      throw ReportError.unreadablePublished(
        path: file.path, reason: "the file is missing or may not be read")
    }
  }

  private init(json: JSONValue, name: String) throws {
    guard let rows = json["rows"]?.object else {
      throw PublishedTableError("it has no object 'rows'")
    }
    source = json["source"]?.string ?? name
    self.rows = try rows.mapValues { row in
      try (row.object ?? [:]).mapValues { cell in
        guard let mean = cell["mean"]?.number ?? cell.number else {
          throw PublishedTableError("a cell must have a number 'mean'")
        }
        return Value(mean: mean, deviation: cell["std"]?.number)
      }
    }
  }

  private init(csv data: Data, name: String) throws {
    var lines = CSV.parse(data)
    guard !lines.isEmpty else { throw PublishedTableError("it is empty") }
    let header = lines.removeFirst()
    let places = ["row", "column", "mean"].map { header.firstIndex(of: $0) }
    guard let row = places[0], let column = places[1], let mean = places[2] else {
      throw PublishedTableError("its first line must name the columns row, column, mean and std")
    }
    let deviation = header.firstIndex(of: "std")
    var rows: [String: [String: Value]] = [:]
    for line in lines where line != [""] {
      guard line.count == header.count, let number = Double(line[mean]) else {
        throw PublishedTableError("'\(line.joined(separator: ","))' does not fit the first line")
      }
      let spread = deviation.flatMap { Double(line[$0]) }
      rows[line[row], default: [:]][line[column]] = Value(mean: number, deviation: spread)
    }
    source = name
    self.rows = rows
  }
}

/// What is wrong inside a file of published values.
private struct PublishedTableError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
