import Foundation
import HDF5
import OrderedCollections

extension RowTable {
  /// The root group's attributes that keep the table's form.
  private static let columnsAttribute = "columns"
  private static let rowsAttribute = "rows"
  /// The attribute of a dataset that tells what its elements mean.
  private static let typeAttribute = "type"

  /// Reads a table from an HDF5 file.
  ///
  /// Files of others are read too: 1-D datasets in the root group, sorted by name.
  /// - Parameter wanted: the columns to read, where not all are; what the file lacks is left out.
  /// - Throws: `RowTableError.unreadable`.
  public init(contentsOf file: URL, columns wanted: [String]? = nil) throws {
    do {
      let source = try HDF5File.open(file)
      var columns: OrderedDictionary<String, Column> = [:]
      for name in try Self.columnNames(of: source) where wanted?.contains(name) != false {
        columns[name] = try Self.readColumn(name, of: source)
      }
      var attributes: [String: String] = [:]
      for name in try source.attributeNames() where name != Self.columnsAttribute {
        attributes[name] = try source.attribute(name)?.string
      }
      let rows = try source.attribute(Self.rowsAttribute)?.integer
      try self.init(columns: columns, attributes: attributes, count: rows)
    } catch {
      let reason = (error as? HDF5Error)?.reason ?? "\(error)"
      throw RowTableError.unreadable(file.path, reason)
    }
  }

  /// Writes the table as an HDF5 file; equal tables give equal bytes.
  ///
  /// A column is a 1-D dataset of its name; a name such as `reward/mean` becomes a dataset in a
  /// group. The root attribute `columns` keeps the order, as a JSON array.
  public func write(to file: URL) throws {
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

  private static func columnNames(of file: HDF5File) throws -> [String] {
    guard let text = try file.attribute(columnsAttribute)?.string else { return try file.members() }
    return try JSONValue(parsing: Data(text.utf8)).array?.compactMap(\.string) ?? []
  }

  private static func readColumn(_ name: String, of file: HDF5File) throws -> Column {
    let type = try file.attribute(typeAttribute, of: name)?.string
    switch (try file.describe(name).type, type) {
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

  private static func readJSON(_ name: String, of file: HDF5File) throws -> [JSONValue] {
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
