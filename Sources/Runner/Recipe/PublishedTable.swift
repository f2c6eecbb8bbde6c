import Base
import Foundation

/// Numbers that somebody else published for the cells of a table.
///
/// A YAML file names points of the table's axes; JSON and CSV files name its rows and columns by
/// their labels. `docs/statistics.md` describes all three.
package struct PublishedTable: Sendable, Equatable {
  /// One number.
  package struct Value: Sendable, Equatable {
    /// The mean, or the only value.
    package var mean: Double
    /// The standard deviation, where there is one.
    package var deviation: Double?
    /// How many problems it was measured on.
    package var problems: Int?
    /// What it was measured of, such as `Qwen2.5-3B`.
    package var model: String?
    /// What speaks against taking it at face value.
    package var caveat: String?

    /// Describes a published number.
    package init(
      mean: Double, deviation: Double?, problems: Int? = nil, model: String? = nil,
      caveat: String? = nil
    ) {
      self.mean = mean
      self.deviation = deviation
      self.problems = problems
      self.model = model
      self.caveat = caveat
    }

    /// The number in a unit `factor` times as small.
    package func scaled(by factor: Double) -> Value {
      var scaled = self
      scaled.mean *= factor
      scaled.deviation = deviation.map { $0 * factor }
      return scaled
    }
  }

  /// Where a number belongs.
  package enum Place: Sendable, Equatable {
    /// The labels of a row and of a column.
    case labels(row: String, column: String)
    /// The values of axes, and which of the values that the table shows, where it shows several.
    case point([String: String], value: String?)
  }

  /// A number with its place.
  package struct Entry: Sendable, Equatable {
    /// Where it belongs.
    package let place: Place
    /// The number.
    package let value: Value
  }

  /// Where the numbers are from, for people.
  package let source: String
  /// Where to read on.
  package let url: String?
  /// What the numbers are in; nil for the unit that the table shows.
  package let unit: PublishedUnit?
  /// What the deviations were taken over, for people.
  package let spread: String?
  /// Over how many evaluation passes.
  package let passes: Int?
  /// The numbers, in the order of the file.
  package let entries: [Entry]

  /// Reads a file by its extension.
  /// - Throws: `ReportError.unreadablePublished`; for mistakes in a YAML file,
  ///   `ReportError.mistakenPublished` with all of them.
  package init(contentsOf file: URL) throws {
    do {
      switch file.pathExtension {
      case "yaml", "yml": try self.init(yaml: RecipeText.read(file), file: file)
      case "json": try self.init(json: JSONValue(parsing: Self.bytes(of: file)), file: file)
      case "csv": try self.init(csv: Self.bytes(of: file), file: file)
      default: throw PublishedTableError("write it as .yaml, .json or .csv")
      }
    } catch let error as ReportError {
      throw error
    } catch {
      throw ReportError.unreadablePublished(path: file.relativePath, reason: "\(error)")
    }
  }

  /// The file that a recipe names, relative to its folder.
  package static func file(_ path: String, beside folder: URL) -> URL {
    path.hasPrefix("/") ? URL(filePath: path) : folder.appending(path: path)
  }

  private static func bytes(of file: URL) throws -> Data {
    guard let data = try? Data(contentsOf: file) else {
      throw PublishedTableError("the file is missing or may not be read")
    }
    return data
  }

  /// Takes numbers that are named by labels, in the table's unit.
  init(labelled entries: [Entry], source: String) {
    self.init(source: source, url: nil, unit: nil, spread: nil, passes: nil, entries: entries)
  }

  /// Takes everything.
  init(
    source: String, url: String?, unit: PublishedUnit?, spread: String?, passes: Int?,
    entries: [Entry]
  ) {
    self.source = source
    self.url = url
    self.unit = unit
    self.spread = spread
    self.passes = passes
    self.entries = entries
  }
}

/// What published numbers are in.
package enum PublishedUnit: String, ParameterChoice {
  /// Shares, of a hundred.
  case percent
  /// Lengths, in tokens.
  case tokens
  /// Anything else, as it is; shares of one.
  case number
}

/// What is wrong inside a file of published values.
struct PublishedTableError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Published values in YAML, which name points of the table's axes.
extension PublishedTable {
  /// Reads a file's text.
  /// - Throws: `ReportError.mistakenPublished` with every mistake and its place.
  init(yaml text: String, file: URL) throws {
    var sink = DiagnosticSink()
    guard let node = YAMLLoader.load(text, into: &sink),
      let found = PublishedFile.decode(node, into: &sink), sink.diagnostics.isEmpty
    else {
      var sources = RecipeSources(file: file.relativePath)
      sources.add(text, of: nil)
      throw ReportError.mistakenPublished("\(RecipeError(sink.diagnostics, sources: sources))")
    }
    self.init(
      source: found.source, url: found.url, unit: found.unit, spread: found.spread,
      passes: found.passes, entries: found.values.map { $0.entry(model: found.model) })
  }
}

/// What a file of published values may say.
private struct PublishedFile: ParameterSet {
  var source = ""
  var url: String?
  var unit: PublishedUnit?
  var spread: String?
  var passes: Int?
  var model: String?
  var values: [PublishedEntry] = []

  static var fields: [Field<Self>] {
    [
      Field("source", \.source, required: true, "where the numbers are from, for people"),
      Field("url", \.url, "where to read on"),
      Field("unit", \.unit, "what the numbers are in; else the unit that the table shows"),
      Field("spread", \.spread, "what the deviations were taken over, for people"),
      Field("passes", \.passes, range: 1...1e9, "over how many evaluation passes"),
      Field("model", \.model, "what the numbers were measured of"),
      Field("values", \.values, required: true, "the numbers"),
    ]
  }

  func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let place = positions["values"] ?? position
    var seen: Set<String> = []
    for entry in values where !seen.insert(entry.label).inserted {
      sink.report(place, "\(entry.label) has two numbers; keep one")
    }
    // Gains may be negative.
    for entry in values where unit == .percent && !(-100...100).contains(entry.mean) {
      sink.report(place, "\(entry.label) is \(entry.mean), which is no percentage")
    }
  }
}

/// One number of the file.
private struct PublishedEntry: ParameterSet {
  var at: [String: AxisText] = [:]
  var value: String?
  var mean = 0.0
  var deviation: Double?
  var problems: Int?
  var model: String?
  var caveat: String?

  static var fields: [Field<Self>] {
    [
      Field("at", \.at, required: true, "the point of the table's axes, as axis: value"),
      Field("value", \.value, "which value, where the table shows several; as after the dot"),
      Field("mean", \.mean, required: true, "the number"),
      Field("deviation", \.deviation, range: 0...1e300, "its standard deviation"),
      Field("problems", \.problems, range: 1...1e12, "how many problems it was measured on"),
      Field("model", \.model, "what it was measured of, where not the file's model"),
      Field("caveat", \.caveat, "what speaks against taking it at face value"),
    ]
  }

  var label: String {
    let point = at.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
    return (point + [value].compactMap(\.self)).joined(separator: ", ")
  }

  func entry(model fileModel: String?) -> PublishedTable.Entry {
    PublishedTable.Entry(
      place: .point(at.mapValues(\.text), value: value),
      value: PublishedTable.Value(
        mean: mean, deviation: deviation, problems: problems, model: model ?? fileModel,
        caveat: caveat))
  }
}

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
