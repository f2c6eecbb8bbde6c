/// A place in a recipe file. Lines and columns count from 1.
public struct SourcePosition: Hashable, Sendable, Comparable {
  /// The line, from 1.
  public let line: Int
  /// The column in characters, from 1.
  public let column: Int
  /// The file, where it is not the recipe itself (an override on the command line, a base recipe).
  public let file: String?

  /// Names a place.
  public init(line: Int, column: Int, file: String? = nil) {
    self.line = line
    self.column = column
    self.file = file
  }

  /// Orders by file, then line, then column.
  public static func < (a: SourcePosition, b: SourcePosition) -> Bool {
    (a.file ?? "", a.line, a.column) < (b.file ?? "", b.line, b.column)
  }
}

/// A YAML value with its place, after the YAML 1.2 core schema has given scalars a type.
public struct RecipeNode: Sendable {
  /// The value.
  public let value: RecipeValue
  /// Where it begins.
  public let position: SourcePosition

  /// Pairs a value with its place.
  public init(_ value: RecipeValue, at position: SourcePosition) {
    self.value = value
    self.position = position
  }
}

/// One `key: value` pair of a mapping, with the place of the key.
public struct RecipeEntry: Sendable {
  /// The key, NFC-normalised.
  public let key: String
  /// Where the key stands.
  public let keyPosition: SourcePosition
  /// The value.
  public let node: RecipeNode

  /// Makes a pair.
  public init(key: String, keyPosition: SourcePosition, node: RecipeNode) {
    self.key = key
    self.keyPosition = keyPosition
    self.node = node
  }
}

/// The value of a YAML node. Mappings keep their order and hold no duplicate key.
public indirect enum RecipeValue: Sendable {
  /// `null`, `~` or nothing.
  case null
  /// `true` or `false`.
  case boolean(Bool)
  /// A decimal, `0x` or `0o` integer.
  case integer(Int)
  /// A number with a point or an exponent.
  case number(Double)
  /// Everything else, and whatever is quoted.
  case string(String)
  /// A sequence.
  case list([RecipeNode])
  /// A mapping.
  case map([RecipeEntry])

  /// What the value is called in an error message.
  public var typeName: String {
    switch self {
    case .null: "nothing"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .map: "a mapping"
    }
  }
}
