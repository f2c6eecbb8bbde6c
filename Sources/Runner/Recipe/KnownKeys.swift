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

  /// The entry of a key.
  subscript(key: String) -> RecipeEntry? { entries[key] }
}

extension RecipeNode {
  /// The entries of a mapping; nothing counts as an empty one.
  /// - Returns: nil when something was reported.
  func entries(expected: String, into sink: inout DiagnosticSink) -> [RecipeEntry]? {
    switch value {
    case .map(let entries): return entries
    case .null: return []
    default:
      sink.report(position, "expected \(expected), found \(value.typeName)")
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
