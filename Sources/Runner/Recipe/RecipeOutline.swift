import OrderedCollections

/// The parts of a recipe, each one read by itself.
struct RecipeOutline {
  /// The recipe's name.
  let name: String
  /// What it is about.
  let summary: String
  /// The axes with their points.
  let axes: AxisSpace
  /// The stages in the recipe's order.
  let stages: [StageDeclaration]
  /// The tables as written.
  let tables: [RecipeEntry]
  /// The figures as written.
  let figures: [RecipeEntry]

  private static let keys = [
    "version", "name", "summary", "extends", "axes", "include", "exclude", "stages", "tables",
    "figures",
  ]

  /// Reads the parts, reporting what is wrong with them.
  /// - Returns: nil when the root is no mapping.
  init?(_ root: RecipeNode, registry: KindRegistry, into sink: inout DiagnosticSink) {
    guard let keys = KnownKeys(root, among: Self.keys, into: &sink) else { return nil }
    Self.checkVersion(keys["version"], at: root.position, into: &sink)
    name = Self.name(keys["name"], at: root.position, into: &sink)
    summary = keys["summary"].flatMap { String.decode($0.node, into: &sink) } ?? ""
    axes = AxisSpace.read(keys, into: &sink)
    tables = keys["tables"]?.node.entries(expected: "tables by name", into: &sink) ?? []
    figures = keys["figures"]?.node.entries(expected: "figures by name", into: &sink) ?? []
    let entries = keys["stages"]?.node.entries(expected: "stages by name", into: &sink)
    var stages: [StageDeclaration] = []
    for entry in entries ?? [] {
      stages.append(StageDeclaration(entry, axes: axes, registry: registry, into: &sink))
    }
    self.stages = stages
    if keys["stages"] == nil {
      sink.report(root.position, "missing key 'stages': what to run")
    } else if entries?.isEmpty == true, let position = keys["stages"]?.keyPosition {
      sink.report(position, "there are no stages")
    }
    checkAxesAreUsed(keys["axes"], into: &sink)
  }

  private static func checkVersion(
    _ entry: RecipeEntry?, at position: SourcePosition, into sink: inout DiagnosticSink
  ) {
    guard let entry else {
      sink.report(position, "missing key 'version'; begin the recipe with 'version: 1'")
      return
    }
    if case .integer(1) = entry.node.value { return }
    sink.report(entry.node.position, "this program reads recipes of version 1 only")
  }

  private static func name(
    _ entry: RecipeEntry?, at position: SourcePosition, into sink: inout DiagnosticSink
  ) -> String {
    guard let entry else {
      sink.report(position, "missing key 'name': results are kept under it")
      return ""
    }
    guard let name = String.decode(entry.node, into: &sink) else { return "" }
    if !RecipeEntry.isName(name) {
      let message = "the name is made of \(RecipeEntry.nameRule), not '\(name)'"
      sink.report(entry.node.position, message)
    }
    return name
  }

  private func checkAxesAreUsed(_ entry: RecipeEntry?, into sink: inout DiagnosticSink) {
    guard case .map(let entries)? = entry?.node.value,
      !stages.contains(where: \.hasUnreadableAxes)
    else { return }
    let used: Set<String> = stages.reduce(into: []) { $0.formUnion($1.ownAxes) }
    for entry in entries where !used.contains(entry.key) {
      sink.report(
        entry.keyPosition,
        "nothing uses axis '\(entry.key)'; write ${\(entry.key)} in a parameter or an input, "
          + "or remove the axis")
    }
  }
}
