import Foundation

/// A value given on the command line: `--set stages.warmed.params.epochs=2`.
struct RecipeOverride {
  /// How positions in overrides begin.
  static let flag = "--set "

  private let name: String
  private let path: [String]
  private let value: RecipeNode

  /// Reads `PATH=VALUE`, reporting what is wrong with it.
  /// - Returns: nil when something was reported.
  init?(_ text: String, into sink: inout DiagnosticSink) {
    name = Self.flag + text
    guard let split = text.firstIndex(of: "=") else {
      sink.report(Self.place(in: name), "expected PATH=VALUE, such as axes.seed=[1, 2]")
      return nil
    }
    path = text[..<split].split(separator: ".", omittingEmptySubsequences: false)
      .map { String($0).precomposedStringWithCanonicalMapping }
    let prefix = Self.flag + text[...split]
    guard !path.contains("") else {
      sink.report(Self.place(in: name), "expected a path of keys with points between them")
      return nil
    }
    let literal = text[text.index(after: split)...]
    let begin = SourcePosition(line: 1, column: prefix.unicodeScalars.count + 1, file: name)
    if literal.allSatisfy(\.isWhitespace) {
      value = RecipeNode(.null, at: begin)
      return
    }
    // Blanks instead of the path, so that columns count from the beginning of the override.
    let blanks = String(repeating: " ", count: prefix.unicodeScalars.count)
    guard let node = YAMLLoader.load(blanks + literal, file: name, into: &sink) else { return nil }
    value = node
  }

  private static func place(in name: String) -> SourcePosition {
    SourcePosition(line: 1, column: flag.count + 1, file: name)
  }

  /// The column, from 1, where a component of the path begins.
  private func place(ofComponent index: Int) -> SourcePosition {
    let before = path[..<index].reduce(Self.flag.count) { $0 + $1.unicodeScalars.count + 1 }
    return SourcePosition(line: 1, column: before + 1, file: name)
  }

  /// The tree with the value put in its place.
  func apply(to root: RecipeNode, into sink: inout DiagnosticSink) -> RecipeNode {
    if path[0] == "extends" || path[0] == "version" {
      sink.report(place(ofComponent: 0), "'\(path[0])' cannot be overridden")
      return root
    }
    return set(0, in: root, into: &sink)
  }

  private func set(
    _ index: Int, in node: RecipeNode, into sink: inout DiagnosticSink
  ) -> RecipeNode {
    if index == path.count { return value }
    var entries: [RecipeEntry]
    switch node.value {
    case .map(let found): entries = found
    case .null: entries = []
    default:
      let owner = path[..<index].joined(separator: ".")
      sink.report(place(ofComponent: index), "'\(owner)' is \(node.value.typeName), not a mapping")
      return node
    }
    let key = path[index]
    let old = entries.firstIndex { $0.key == key }
    if old == nil, mustExist(index) {
      let hint = suggestion(for: key, among: entries.map(\.key))
      sink.report(place(ofComponent: index), "there is no '\(key)' in '\(path[0])'\(hint)")
      return node
    }
    let position = place(ofComponent: index)
    let below = old.map { entries[$0].node } ?? RecipeNode(.null, at: position)
    let keyPosition = old.map { entries[$0].keyPosition } ?? position
    let entry = RecipeEntry(
      key: key, keyPosition: index == path.count - 1 ? position : keyPosition,
      node: set(index + 1, in: below, into: &sink))
    if let old { entries[old] = entry } else { entries.append(entry) }
    return RecipeNode(.map(entries), at: node.position)
  }

  /// Overrides change the axes, stages, tables and figures that there are; they add none.
  private func mustExist(_ index: Int) -> Bool {
    index == 1 && ["axes", "stages", "tables", "figures"].contains(path[0])
  }
}
