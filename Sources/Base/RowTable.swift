import Foundation
import HDF5
import OrderedCollections

/// Rows with named, typed columns, kept in an HDF5 file as one 1-D dataset per column.
package struct RowTable: Sendable, Equatable {
  /// One column. All columns of a table have the same length.
  package enum Column: Sendable, Equatable {
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

  package private(set) var columns: OrderedDictionary<String, Column>
  package let count: Int
  /// Facts about the whole table, kept as string attributes of the file's root group.
  package var attributes: [String: String] = [:]

  package init(
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
  package init(
    rows: [[String: JSONValue]], order: [String] = [], attributes: [String: String] = [:]
  ) {
    let names = Set(rows.flatMap(\.keys))
    let ordered = order.filter(names.contains) + names.subtracting(order).sorted()
    columns = [:]
    for name in ordered { columns[name] = Column(rows.map { $0[name] ?? .null }) }
    self.attributes = attributes
    count = rows.count
  }

  /// The columns' names, in their order.
  package var names: [String] { Array(columns.keys) }

  package func row(_ index: Int) -> [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: columns.map { ($0.key, $0.value[index]) })
  }

  package var rows: [[String: JSONValue]] { (0..<count).map(row) }

  package func strings(_ name: String) throws -> [String] {
    if case .strings(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "texts")
  }

  package func integers(_ name: String) throws -> [Int] {
    if case .integers(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "integers")
  }

  /// The numbers of a column, integers among them.
  package func numbers(_ name: String) throws -> [Double] {
    switch columns[name] {
    case .numbers(let values): return values
    case .integers(let values): return values.map(Double.init)
    default: throw RowTableError.noColumn(name, "numbers")
    }
  }

  package func booleans(_ name: String) throws -> [Bool] {
    if case .booleans(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "booleans")
  }

  /// A column of values that are no single numbers, words or truths, such as lists.
  package func json(_ name: String) throws -> [JSONValue] {
    if case .json(let values) = columns[name] { return values }
    throw RowTableError.noColumn(name, "lists")
  }
}

extension RowTable.Column {
  /// Chooses the narrowest type that holds all values.
  package init(_ values: [JSONValue]) {
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

  package var count: Int {
    switch self {
    case .strings(let values): values.count
    case .integers(let values): values.count
    case .numbers(let values): values.count
    case .booleans(let values): values.count
    case .json(let values): values.count
    }
  }

  /// One value. NaN reads as `null`.
  package subscript(index: Int) -> JSONValue {
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
package enum RowTableError: Error, CustomStringConvertible {
  case unequalColumns
  /// There are no columns, and so many rows.
  case impossibleCount(Int)
  /// A column is missing or of another type.
  case noColumn(String, String)
  /// The file is no table.
  case unreadable(String, String)
  /// The table cannot be kept in a file as it is.
  case unwritable(String, String)

  package var description: String {
    switch self {
    case .unequalColumns: "the columns of a table must have the same length"
    case .impossibleCount(let count): "there cannot be \(count) rows"
    case .noColumn(let name, let type): "the table has no column '\(name)' that holds \(type)"
    case .unreadable(let path, let reason): "\(path) cannot be read as a table: \(reason)"
    case .unwritable(let path, let reason): "could not write the table \(path): \(reason)"
    }
  }
}

extension RowTable {
  /// The root group's attributes that keep the table's form.
  private static let columnsAttribute = "columns"
  private static let rowsAttribute = "rows"
  /// The attribute of a dataset that tells what its elements mean.
  private static let typeAttribute = "type"

  /// Reads a table from an HDF5 file.
  ///
  /// Files of others are read too: 1-D datasets in the root group, sorted by name.
  /// - Parameter wanted: the columns to read, where not all are; those that the file lacks are left
  ///   out.
  /// - Throws: `RowTableError.unreadable`.
  package init(contentsOf file: URL, columns wanted: [String]? = nil) throws {
    do {
      let source = try HDF5Reader(file)
      var columns: OrderedDictionary<String, Column> = [:]
      for name in try Self.columnNames(of: source) where wanted?.contains(name) != false {
        columns[name] = try Self.readColumn(name, of: source)
      }
      var attributes: [String: String] = [:]
      for name in try source.attributeNames() where name != Self.columnsAttribute {
        attributes[name] = try source.attribute(name)?.string
      }
      let rows = try source.attribute(Self.rowsAttribute)?.integer
      guard (0...source.bytes).contains(rows ?? 0) else {
        throw RowTableError.impossibleCount(rows ?? 0)
      }
      try self.init(columns: columns, attributes: attributes, count: rows)
    } catch {
      throw RowTableError.unreadable(file.path, reason(for: error))
    }
  }

  /// Writes the table as an HDF5 file; equal tables give equal bytes.
  ///
  /// A column is a 1-D dataset of its name; a name such as `reward/mean` becomes a dataset in a
  /// group. The root attribute `columns` keeps the order, as a JSON array.
  package func write(to file: URL) throws {
    try checkNames(for: file)
    try HDF5File.create(file) { target in
      let names = columns.keys.map { JSONValue.string($0) }
      try target.setAttribute(Self.columnsAttribute, .string(JSONValue.array(names).text))
      try target.setAttribute(Self.rowsAttribute, .integer(count))
      let sorted = attributes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (name, value) in sorted { try target.setAttribute(name, .string(value)) }
      for (name, column) in columns { try Self.write(column, as: name, to: target) }
    }
  }

  private func checkNames(for file: URL) throws {
    for name in columns.keys {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      let isGroup = columns.keys.contains { $0.hasPrefix(name + "/") }
      if isGroup || name.utf8.contains(0) || parts.contains(where: { $0.isEmpty || $0 == "." }) {
        throw RowTableError.unwritable(file.path, "a column cannot be called '\(name)' there")
      }
    }
    for name in [Self.columnsAttribute, Self.rowsAttribute] where attributes[name] != nil {
      throw RowTableError.unwritable(file.path, "the attribute '\(name)' is the table's own")
    }
  }

  private static func columnNames(of file: HDF5Reader) throws -> [String] {
    guard let text = try file.attribute(columnsAttribute)?.string else { return try file.members() }
    return try JSONValue(parsing: Data(text.utf8)).array?.compactMap(\.string) ?? []
  }

  private static func readColumn(_ name: String, of file: HDF5Reader) throws -> Column {
    let type = try file.attribute(typeAttribute, of: name)?.string
    let description = try file.describe(name)
    guard description.shape.count == 1 else {
      throw RowTableError.noColumn(name, "one value a row")
    }
    switch (description.type, type) {
    case (.string, "json"): return .json(try readJSON(name, of: file))
    case (.string, "json_string"):
      return .strings(try readJSON(name, of: file).map { $0.string ?? "" })
    case (.string, _): return .strings(try file.readStrings(name))
    case (.uint8, "boolean"): return .booleans(try file.read(name, as: UInt8.self).map { $0 != 0 })
    case (.uint8, _): return .integers(try file.read(name, as: UInt8.self).map(Int.init))
    case (.int32, _): return .integers(try file.read(name, as: Int32.self).map(Int.init))
    case (.float32, _): return .numbers(try file.read(name, as: Float.self).map(Double.init))
    case (.float64, _): return .numbers(try file.read(name))
    default: return .integers(try file.read(name))
    }
  }

  private static func readJSON(_ name: String, of file: HDF5Reader) throws -> [JSONValue] {
    try file.readStrings(name).map { try JSONValue(parsing: Data($0.utf8)) }
  }

  private static func write(_ column: Column, as name: String, to file: HDF5File) throws {
    switch column {
    case .integers(let values): try file.write(values, to: name)
    case .numbers(let values): try file.write(values, to: name)
    case .booleans(let values):
      try file.write(values.map { $0 ? 1 : 0 } as [UInt8], to: name)
      try file.setAttribute(typeAttribute, .string("boolean"), of: name)
    case .json(let values):
      try file.write(strings: values.map(\.text), to: name)
      try file.setAttribute(typeAttribute, .string("json"), of: name)
    case .strings(let values) where values.contains { $0.utf8.contains(0) }:
      // HDF5 ends strings at the character NUL; as JSON texts, which escape it, nothing is lost.
      try file.write(strings: values.map { JSONValue.string($0).text }, to: name)
      try file.setAttribute(typeAttribute, .string("json_string"), of: name)
    case .strings(let values): try file.write(strings: values, to: name)
    }
  }
}

/// Rows appended to a JSON Lines file as they are made, so that a kill loses none of them.
///
/// A last line that a kill has cut off is dropped when the log is opened again.
package final class RowLog {
  private let handle: FileHandle
  /// The rows, those of earlier attempts first.
  package private(set) var rows: [[String: JSONValue]]

  /// Opens a log, making it where there is none.
  /// - Parameter keep: whether a row of an earlier attempt still counts.
  package init(file: URL, keep: ([String: JSONValue]) -> Bool = { _ in true }) throws {
    let found = (try? Data(contentsOf: file)) ?? Data()
    rows = found.split(separator: 0x0A).compactMap { try? JSONValue(parsing: $0).object }
      .filter(keep)
    try AtomicFile.write(rows.map { JSONValue.object($0).text + "\n" }.joined(), to: file)
    handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
  }

  /// Waits until the rows are on the disk.
  package func sync() throws { try handle.synchronize() }

  package func append(_ row: [String: JSONValue]) throws {
    rows.append(row)
    try handle.write(contentsOf: Data((JSONValue.object(row).text + "\n").utf8))
  }
}
