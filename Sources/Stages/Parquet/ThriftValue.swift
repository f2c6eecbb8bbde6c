/// A value in Thrift's compact protocol, in which Parquet writes its own descriptions.
///
/// Source: Apache Thrift, "Thrift Compact protocol encoding".
enum ThriftValue {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case bytes(ArraySlice<UInt8>)
  case list([ThriftValue])
  case structure(ThriftStructure)
}

/// A structure: values under the numbers of its fields.
struct ThriftStructure {
  private let fields: [Int: ThriftValue]
  /// What the structure is, for errors.
  private let name: String

  init(_ fields: [Int: ThriftValue], name: String = "a description") {
    self.fields = fields
    self.name = name
  }

  /// The same structure under another name.
  func named(_ name: String) -> ThriftStructure { ThriftStructure(fields, name: name) }

  /// Whether a field is set.
  func has(_ field: Int) -> Bool { fields[field] != nil }

  /// A field's integer, nil where it is not set.
  func integerIfSet(_ field: Int) throws -> Int? {
    guard let value = fields[field] else { return nil }
    guard case .integer(let integer) = value else { throw wrong(field) }
    return integer
  }

  func integer(_ field: Int) throws -> Int {
    guard let value = try integerIfSet(field) else { throw wrong(field) }
    return value
  }

  /// A field's integer that counts something.
  func count(_ field: Int) throws -> Int {
    let value = try integer(field)
    guard value >= 0 else { throw wrong(field) }
    return value
  }

  func boolean(_ field: Int, default standard: Bool) throws -> Bool {
    guard let value = fields[field] else { return standard }
    guard case .boolean(let boolean) = value else { throw wrong(field) }
    return boolean
  }

  func text(_ field: Int) throws -> String {
    guard let text = try Self.text(fields[field]) else { throw wrong(field) }
    return text
  }

  func texts(_ field: Int) throws -> [String] {
    try list(field).map {
      guard let text = try Self.text($0) else { throw wrong(field) }
      return text
    }
  }

  func structures(_ field: Int, name: String) throws -> [ThriftStructure] {
    try list(field).map {
      guard case .structure(let structure) = $0 else { throw wrong(field) }
      return structure.named(name)
    }
  }

  /// A field's structure, nil where it is not set.
  func structureIfSet(_ field: Int, name: String) throws -> ThriftStructure? {
    guard let value = fields[field] else { return nil }
    guard case .structure(let structure) = value else { throw wrong(field) }
    return structure.named(name)
  }

  func structure(_ field: Int, name: String) throws -> ThriftStructure {
    guard let structure = try structureIfSet(field, name: name) else { throw wrong(field) }
    return structure
  }

  private func list(_ field: Int) throws -> [ThriftValue] {
    guard case .list(let values)? = fields[field] else { throw wrong(field) }
    return values
  }

  private static func text(_ value: ThriftValue?) throws -> String? {
    guard case .bytes(let bytes)? = value else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private func wrong(_ field: Int) -> ParquetFault {
    .damaged("field \(field) of \(name) is missing or of another type")
  }
}
