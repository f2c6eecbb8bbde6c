import Foundation
import OrderedCollections

/// Rows with named, typed columns, kept in an HDF5 file as one 1-D dataset a column.
public struct RowTable: Sendable, Equatable {
  /// One column. All columns of a table have the same length.
  public enum Column: Sendable, Equatable {
    /// Texts, as UTF-8 variable-length strings.
    case strings([String])
    /// Integers, as 64-bit.
    case integers([Int])
    /// Numbers, as 64-bit floats; NaN where a row has none.
    case numbers([Double])
    /// Booleans, as 8-bit integers with the attribute `type = "boolean"`.
    case booleans([Bool])
    /// Lists, objects and mixtures, as JSON text with the attribute `type = "json"`.
    case json([JSONValue])
  }

  /// The columns, in order.
  public private(set) var columns: OrderedDictionary<String, Column>
  /// How many rows there are.
  public let count: Int
  /// Facts about the whole table, kept as string attributes of the file's root group.
  public var attributes: [String: String] = [:]

  /// Makes a table from columns of equal length.
  public init(
    columns: OrderedDictionary<String, Column>, attributes: [String: String] = [:]
  ) throws {
    try self.init(columns: columns, attributes: attributes, count: nil)
  }

  /// `count` tells how many rows there are where no column does.
  init(
    columns: OrderedDictionary<String, Column>, attributes: [String: String], count: Int?
  ) throws {
    let counts = Set(columns.values.map(\.count))
    guard counts.count <= 1 else { throw RowTableError.unequalColumns }
    self.columns = columns
    self.attributes = attributes
    self.count = counts.first ?? count ?? 0
  }

  /// Makes a table from rows. A column's type follows from its values: all strings, all integers,
  /// all numbers (missing ones become NaN), all booleans, or else JSON.
  /// - Parameter order: the columns that come first; the others follow sorted by name.
  public init(
    rows: [[String: JSONValue]], order: [String] = [], attributes: [String: String] = [:]
  ) {
    let names = Set(rows.flatMap(\.keys))
    let ordered = order.filter(names.contains) + names.subtracting(order).sorted()
    columns = [:]
    for name in ordered { columns[name] = Column(rows.map { $0[name] ?? .null }) }
    self.attributes = attributes
    count = rows.count
  }

  /// One row.
  public func row(_ index: Int) -> [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: columns.map { ($0.key, $0.value[index]) })
  }

  /// All rows.
  public var rows: [[String: JSONValue]] { (0..<count).map(row) }

  /// The texts of a column.
  public func strings(_ name: String) throws -> [String] {
    if case .strings(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "texts")
  }

  /// The integers of a column.
  public func integers(_ name: String) throws -> [Int] {
    if case .integers(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "integers")
  }

  /// The numbers of a column, integers among them.
  public func numbers(_ name: String) throws -> [Double] {
    switch columns[name] {
    case .numbers(let values): return values
    case .integers(let values): return values.map(Double.init)
    default: throw RowTableError.noColumn(name, "numbers")
    }
  }

  /// The booleans of a column.
  public func booleans(_ name: String) throws -> [Bool] {
    if case .booleans(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "booleans")
  }
}

extension RowTable.Column {
  /// Chooses the narrowest type that holds all values.
  public init(_ values: [JSONValue]) {
    let present = values.filter { $0 != .null }
    let strings = values.compactMap(\.string)
    let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
    let booleans = values.compactMap(\.boolean)
    if strings.count == values.count {
      self = .strings(strings)
    } else if integers.count == values.count {
      self = .integers(integers)
    } else if booleans.count == values.count {
      self = .booleans(booleans)
    } else if !present.isEmpty, present.allSatisfy(\.isExactNumber) {
      self = .numbers(values.map { $0.number ?? .nan })
    } else {
      self = .json(values)
    }
  }

  /// How many values there are.
  public var count: Int {
    switch self {
    case .strings(let values): values.count
    case .integers(let values): values.count
    case .numbers(let values): values.count
    case .booleans(let values): values.count
    case .json(let values): values.count
    }
  }

  /// One value. NaN reads as `null`.
  public subscript(index: Int) -> JSONValue {
    switch self {
    case .strings(let values): .string(values[index])
    case .integers(let values): .integer(values[index])
    case .numbers(let values): values[index].isNaN ? .null : .number(values[index])
    case .booleans(let values): .boolean(values[index])
    case .json(let values): values[index]
    }
  }
}

extension JSONValue {
  /// Whether this is a number that a 64-bit float holds exactly.
  fileprivate var isExactNumber: Bool {
    switch self {
    case .integer(let value): Int(exactly: Double(value)) == value
    case .number: true
    default: false
    }
  }
}

/// What can be wrong with a table of rows.
public enum RowTableError: Error, CustomStringConvertible {
  /// The columns differ in length.
  case unequalColumns
  /// A column is missing or of another type.
  case noColumn(String, String)
  /// The file is no table.
  case unreadable(String, String)
  /// The table cannot be kept in a file as it is.
  case unwritable(String, String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unequalColumns: "the columns of a table must have the same length"
    case .noColumn(let name, let type): "the table has no column '\(name)' that holds \(type)"
    case .unreadable(let path, let reason): "\(path) cannot be read as a table: \(reason)"
    case .unwritable(let path, let reason): "could not write the table \(path): \(reason)"
    }
  }
}
