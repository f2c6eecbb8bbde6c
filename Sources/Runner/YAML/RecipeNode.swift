import Base

/// A place in a recipe file. Lines and columns count from 1.
package struct SourcePosition: Hashable, Sendable, Comparable {
  /// The line, from 1.
  package let line: Int
  /// The column in characters, from 1.
  package let column: Int
  /// The file, where it is not the recipe itself (an override on the command line, a base recipe).
  package let file: String?

  package init(line: Int, column: Int, file: String? = nil) {
    self.line = line
    self.column = column
    self.file = file
  }

  /// Orders by file, then line, then column.
  package static func < (a: SourcePosition, b: SourcePosition) -> Bool {
    (a.file ?? "", a.line, a.column) < (b.file ?? "", b.line, b.column)
  }
}

/// A YAML value with its place, after the YAML 1.2 core schema has given scalars a type.
package struct RecipeNode: Sendable {
  package let value: RecipeValue
  package let position: SourcePosition

  package init(_ value: RecipeValue, at position: SourcePosition) {
    self.value = value
    self.position = position
  }
}

/// One `key: value` pair of a mapping, with the place of the key.
package struct RecipeEntry: Sendable {
  /// The key, NFC-normalised.
  package let key: String
  package let keyPosition: SourcePosition
  package let node: RecipeNode

  package init(key: String, keyPosition: SourcePosition, node: RecipeNode) {
    self.key = key
    self.keyPosition = keyPosition
    self.node = node
  }
}

/// The value of a YAML node. Mappings keep their order and hold no duplicate key.
package indirect enum RecipeValue: Sendable {
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
  case list([RecipeNode])
  case map([RecipeEntry])

  /// What the value is called in an error message.
  package var typeName: String {
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

extension RecipeValue {
  /// What an error message says was found: a short value itself, else what it is called.
  package var found: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text) where !text.isEmpty && text.count <= 40: "'\(text)'"
    default: typeName
    }
  }
}

/// The entries of a mapping whose keys are fixed.
struct KnownKeys {
  private let entries: [RecipeEntry]

  /// Reads a mapping, reporting unknown keys. `owner` ends the messages, as in ` in 'warmed'`.
  /// - Returns: nil when the node is no mapping; nothing counts as an empty one.
  init?(
    _ node: RecipeNode, among keys: [String], owner: String = "", into sink: inout DiagnosticSink
  ) {
    guard let entries = node.entries(expected: "a mapping", into: &sink) else { return nil }
    for entry in entries where !keys.contains(entry.key) {
      let hint = suggestion(for: entry.key, among: keys)
      sink.report(entry.keyPosition, "unknown key '\(entry.key)'\(owner)\(hint)")
    }
    self.entries = entries
  }

  subscript(key: String) -> RecipeEntry? { entries[key] }
}

extension RecipeNode {
  /// A value that this program wrote, as recipes have them; its place says nothing.
  package init(json: JSONValue) {
    let place = SourcePosition(line: 1, column: 1)
    let value: RecipeValue =
      switch json {
      case .array(let values): .list(values.map { RecipeNode(json: $0) })
      case .object: .map([RecipeEntry](json: json))
      default: RecipeValue(scalar: json)
      }
    self.init(value, at: place)
  }

  /// The value without places, to be compared.
  var json: JSONValue {
    switch value {
    case .list(let nodes): .array(nodes.map(\.json))
    case .map(let entries):
      .object(Dictionary(entries.map { ($0.key, $0.node.json) }) { $1 })
    default: value.scalar ?? .null
    }
  }

  /// The entries of a mapping; nothing counts as an empty one.
  /// - Returns: nil when something was reported.
  func entries(expected: String, into sink: inout DiagnosticSink) -> [RecipeEntry]? {
    switch value {
    case .map(let entries): return entries
    case .null: return []
    default:
      sink.report(position, "expected \(expected), found \(value.found)")
      return nil
    }
  }
}

extension RecipeEntry {
  /// The characters of names that a recipe gives: they end up in file names and references.
  static let nameRule = "lower-case letters, digits, '_' and '-'"

  /// Reports a name with characters other than `[a-z0-9_-]`.
  /// - Parameter what: what is called so, as in `a stage`.
  func checkName(of what: String, into sink: inout DiagnosticSink) {
    if Self.isName(key) { return }
    sink.report(keyPosition, "the name of \(what) is made of \(Self.nameRule), not '\(key)'")
  }

  /// Whether a text matches `[a-z0-9_-]+`.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2D
      }
  }
}

extension [RecipeEntry] {
  /// The members of an object that this program wrote, by name; none where it is no object.
  package init(json: JSONValue) {
    let members = (json.object ?? [:]).sorted { $0.key < $1.key }
    self = members.map { name, value in
      RecipeEntry(
        key: name, keyPosition: SourcePosition(line: 1, column: 1), node: RecipeNode(json: value))
    }
  }

  subscript(key: String) -> RecipeEntry? { first { $0.key == key } }
}
