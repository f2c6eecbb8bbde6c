import Base
import Foundation
import OrderedCollections

/// An experiment: what to run, at which points of which axes, and what to show of it.
package struct Recipe: Sendable {
  package let file: URL
  package let sourceText: String
  /// SHA-256 of all that it was read from: its text, what it extends, and changes of them.
  package let sourceDigest: String
  /// What was changed on the command line, as `stages.warmed.params.epochs=2`.
  package let overrides: [String]
  /// What a command adds to it, written as overrides are, which may bring axes that the file lacks.
  package let additions: [String]
  /// The name, made of `[a-z0-9_-]`; results are kept under it.
  package let name: String
  /// What the experiment asks, for people.
  package let summary: String
  /// The values of each axis, in the recipe's order.
  package let axes: OrderedDictionary<String, [JSONValue]>
  /// The names of the stages, in the recipe's order.
  package let stageNames: [String]
  /// Every stage at every point of the axes that it depends on. Producers come first, and quick
  /// kinds as early as they can, then what gates need; apart from that the order is the recipe's,
  /// and the last axis varies fastest.
  package let instances: [Instance]
  /// The tables, in the recipe's order.
  package let tables: [(name: String, specification: TableSpecification)]
  /// The figures, in the recipe's order.
  package let figures: [(name: String, specification: FigureSpecification)]
  /// The claims, in the recipe's order.
  package let claims: [(name: String, specification: ClaimSpecification)]
  /// The gates by their stages, in the recipe's order.
  package let gates: OrderedDictionary<String, Gate>

  /// Reads and checks a recipe, so that it can be planned.
  /// - Parameters:
  ///   - file: a YAML file.
  ///   - overrides: changes such as `stages.warmed.params.epochs=2`, in the order of precedence.
  ///   - additions: what is changed after that, and may be an axis that the file lacks.
  ///   - registry: the kinds that stages may have.
  /// - Throws: `RecipeError`, which holds everything that is wrong.
  package static func load(
    _ file: URL, overrides: [String] = [], additions: [String] = [], registry: KindRegistry
  ) throws(RecipeError) -> Recipe {
    let text: String
    do {
      text = try RecipeText.read(file)
    } catch {
      let diagnostic = Diagnostic(SourcePosition(line: 1, column: 1), error.description)
      throw RecipeError([diagnostic], sources: RecipeSources(file: file.relativePath))
    }
    return try parse(
      text, file: file, overrides: overrides, additions: additions, registry: registry)
  }

  /// Checks a recipe's text. The file gives it a name and a place to look for what it extends.
  /// - Throws: `RecipeError`, which holds everything that is wrong.
  package static func parse(
    _ text: String, file: URL, overrides: [String] = [], additions: [String] = [],
    registry: KindRegistry
  ) throws(RecipeError) -> Recipe {
    var sources = RecipeSources(file: file.relativePath)
    var sink = DiagnosticSink()
    let tree = RecipeDocument.read(
      text, file: file, overrides: overrides, additions: additions, sources: &sources, into: &sink)
    let outline = tree.flatMap { RecipeOutline($0, registry: registry, into: &sink) }
    let folder = file.deletingLastPathComponent()
    guard let outline,
      let body = RecipeBody(
        outline, folder: folder, checksNames: registry.checksNames, into: &sink),
      sink.diagnostics.isEmpty
    else {
      throw RecipeError(sink.diagnostics, sources: sources)
    }
    return Recipe(
      outline, body, file: file, sourceText: text, sourceDigest: sources.digest,
      overrides: overrides, additions: additions)
  }

  private init(
    _ outline: RecipeOutline, _ body: RecipeBody, file: URL, sourceText: String,
    sourceDigest: String, overrides: [String], additions: [String]
  ) {
    self.file = file
    self.sourceText = sourceText
    self.sourceDigest = sourceDigest
    self.overrides = overrides
    self.additions = additions
    name = outline.name
    summary = outline.summary
    axes = outline.axes.values
    stageNames = outline.stages.map(\.name)
    instances = body.instances
    tables = body.tables
    figures = body.figures
    claims = body.claims
    gates = outline.gates
  }
}

/// What a recipe's parts come to when they are joined.
struct RecipeBody {
  /// The stages at their points, producers first.
  let instances: [Instance]
  let tables: [(name: String, specification: TableSpecification)]
  let figures: [(name: String, specification: FigureSpecification)]
  let claims: [(name: String, specification: ClaimSpecification)]

  /// Joins the parts, reporting what is wrong with them together.
  /// - Parameters:
  ///   - folder: where the recipe stands.
  ///   - checksNames: whether what tables and figures ask for must be declared.
  /// - Returns: nil when something was reported, now or before.
  init?(
    _ outline: RecipeOutline, folder: URL, checksNames: Bool, into sink: inout DiagnosticSink
  ) {
    let axes = outline.axes
    let own = outline.stages.map { ($0, $0.ownAxes) }
    guard Self.arePointsFew(own, in: axes, into: &sink) else { return nil }
    let graph = StageGraph(outline.stages, axes: axes, into: &sink)
    let all = graph.stages.map { ($0.declaration, $0.axes) }
    guard Self.arePointsFew(all, in: axes, into: &sink) else { return nil }
    var configurations: [[AxisPoint: ConfiguredStage]] = []
    for stage in outline.stages {
      let configured = stage.configure(in: axes, into: &sink)
      outline.keeps[stage.name]?.check(configured, into: &sink)
      configurations.append(configured)
    }
    Self.checkPointsRemain(graph, in: axes, into: &sink)
    let gates = outline.gates
    let checks = ReportChecks(
      graph: graph, axes: axes, folder: folder,
      configurations: checksNames ? configurations : nil)
    for stage in graph.stages { checks.gate(of: stage, into: &sink) }
    tables = outline.tables.compactMap { entry in
      checks.table(entry, into: &sink).map { (entry.key, $0) }
    }
    figures = outline.figures.compactMap { entry in
      checks.figure(entry, into: &sink).map { (entry.key, $0) }
    }
    claims = outline.claims.compactMap { entry in
      checks.claim(entry, into: &sink).map { (entry.key, $0) }
    }
    if !sink.diagnostics.isEmpty { return nil }
    let linked = graph.instances(in: axes, configurations: configurations, into: &sink)
    if !sink.diagnostics.isEmpty { return nil }
    instances = GateOrder(linked, gates: gates.keys.elements).ordered
  }

  private static func arePointsFew(
    _ stages: [(declaration: StageDeclaration, axes: Set<String>)], in axes: AxisSpace,
    into sink: inout DiagnosticSink
  ) -> Bool {
    let many = stages.filter { axes.productSize(of: $0.axes) > AxisSpace.pointLimit }
    for (declaration, names) in many {
      sink.report(
        declaration.position,
        "'\(declaration.name)' would run more than \(AxisSpace.pointLimit) times, once for each "
          + "point of \(axes.sorted(names).joined(separator: ", ")); shorten the axes")
    }
    return many.isEmpty
  }

  private static func checkPointsRemain(
    _ graph: StageGraph, in axes: AxisSpace, into sink: inout DiagnosticSink
  ) {
    for stage in graph.stages where stage.axes.allSatisfy({ axes.values[$0]?.isEmpty == false }) {
      if axes.points(of: stage.axes).isEmpty {
        let name = stage.declaration.name
        sink.report(
          stage.declaration.position, "'include' and 'exclude' leave no point of '\(name)'")
      }
    }
  }
}

/// The parts of a recipe, each one read by itself.
struct RecipeOutline {
  let name: String
  let summary: String
  let axes: AxisSpace
  /// The stages in the recipe's order; what a stage keeps comes behind it.
  let stages: [StageDeclaration]
  /// What stages keep, by the stage's name.
  let keeps: [String: KeepDeclaration]
  let tables: [RecipeEntry]
  let figures: [RecipeEntry]
  let claims: [RecipeEntry]

  /// What stages require of their values, by the stage's name.
  var gates: OrderedDictionary<String, Gate> {
    let required = stages.compactMap { stage in stage.gate.map { (stage.name, $0.gate) } }
    return OrderedDictionary(required) { first, _ in first }
  }

  private static let keys = [
    "version", "name", "summary", "extends", "axes", "include", "exclude", "stages", "tables",
    "figures", "claims",
  ]

  /// Reads the parts, reporting what is wrong with them.
  /// - Returns: nil when the root is no mapping.
  init?(_ root: RecipeNode, registry: KindRegistry, into sink: inout DiagnosticSink) {
    guard let keys = KnownKeys(root, among: Self.keys, into: &sink) else { return nil }
    Self.checkVersion(keys["version"], at: root.position, into: &sink)
    name = Self.name(keys["name"], at: root.position, into: &sink)
    summary = keys["summary"].flatMap { String.decode($0.node, into: &sink) } ?? ""
    let entries = keys["stages"]?.node.entries(expected: "stages by name", into: &sink)
    let keeps = (entries ?? []).map { KeepDeclaration(of: $0, registry: registry, into: &sink) }
    axes = AxisSpace.read(keys, keeps: keeps.compactMap(\.self), into: &sink)
    tables = keys["tables"]?.node.entries(expected: "tables by name", into: &sink) ?? []
    figures = keys["figures"]?.node.entries(expected: "figures by name", into: &sink) ?? []
    claims = keys["claims"]?.node.entries(expected: "claims by name", into: &sink) ?? []
    var stages: [StageDeclaration] = []
    for (entry, keep) in zip(entries ?? [], keeps) {
      stages.append(StageDeclaration(entry, axes: axes, registry: registry, into: &sink))
      if let kept = keep?.declaration { stages.append(kept) }
    }
    self.stages = stages
    self.keeps = Dictionary(zip((entries ?? []).map(\.key), keeps)) { first, _ in first }
      .compactMapValues(\.self)
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

  /// What else lies, or may come to lie, in a folder of results.
  private static let reservedNames: Set<String> = ["cache", "work", "downloads", "lock"]

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
    if reservedNames.contains(name) {
      sink.report(
        entry.node.position,
        "results are kept under the name, and '\(name)' lies there already; choose another name")
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
