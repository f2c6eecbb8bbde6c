import Foundation

/// Numbers that somebody else published for the cells of a table.
///
/// A YAML file names points of the table's axes; JSON and CSV files name its rows and columns by
/// their labels. `docs/statistics.md` describes all three.
public struct PublishedTable: Sendable, Equatable {
  /// One number.
  public struct Value: Sendable, Equatable {
    /// The mean, or the only value.
    public var mean: Double
    /// The standard deviation, where there is one.
    public var deviation: Double?
    /// How many problems it was measured on.
    public var problems: Int?
    /// What it was measured of, such as `Qwen2.5-3B`.
    public var model: String?
    /// What speaks against taking it at face value.
    public var caveat: String?

    /// Describes a published number.
    public init(
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
    func scaled(by factor: Double) -> Value {
      var scaled = self
      scaled.mean *= factor
      scaled.deviation = deviation.map { $0 * factor }
      return scaled
    }
  }

  /// Where a number belongs.
  public enum Place: Sendable, Equatable {
    /// The labels of a row and of a column.
    case labels(row: String, column: String)
    /// The values of axes, and which of the values that the table shows, where it shows several.
    case point([String: String], value: String?)
  }

  /// A number with its place.
  public struct Entry: Sendable, Equatable {
    /// Where it belongs.
    public let place: Place
    /// The number.
    public let value: Value
  }

  /// Where the numbers are from, for people.
  public let source: String
  /// Where to read on.
  public let url: String?
  /// What the numbers are in; nil for the unit that the table shows.
  public let unit: PublishedUnit?
  /// What the deviations were taken over, for people.
  public let spread: String?
  /// Over how many evaluation passes.
  public let passes: Int?
  /// The numbers, in the order of the file.
  public let entries: [Entry]

  /// Reads a file by its extension.
  /// - Throws: `ReportError.unreadablePublished`; for mistakes in a YAML file,
  ///   `ReportError.mistakenPublished` with all of them.
  public init(contentsOf file: URL) throws {
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
  static func file(_ path: String, beside folder: URL) -> URL {
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
public enum PublishedUnit: String, ParameterChoice {
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
