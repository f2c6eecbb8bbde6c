import Base
import OrderedCollections

/// A stage as the recipe writes it, before anything is joined to anything.
struct StageDeclaration {
  let name: String
  let position: SourcePosition
  /// The kind; nil where it is missing or unknown, which has then been reported.
  let kind: (any Stage.Type)?
  /// What is bound to which input port, in the recipe's order.
  let inputs: [InputDeclaration]
  /// The ports that the recipe binds, also those whose reference could not be read.
  let boundPorts: [String]
  /// The parameters, with `${axis}` as written.
  let params: [RecipeEntry]
  /// The axes that the parameters name.
  let paramAxes: Set<String>
  /// The axes at all of whose points it reads its inputs at once, in the order written.
  let over: [GatheredAxis]
  /// What its values must be; nil where nothing is required.
  let gate: GateDeclaration?
  /// What it asks of a batch system.
  var resources = Resources()

  /// Whether some `${axis}` of the stage could not be read, so that it may use more axes.
  let hasUnreadableAxes: Bool

  /// The axes that the stage itself names.
  var ownAxes: Set<String> {
    inputs.reduce(into: paramAxes) { $0.formUnion($1.template.axes) }
  }

  /// How error messages end that are about the stage.
  var owner: String { kind.map { " in '\(name)' (kind \($0.kind))" } ?? " in '\(name)'" }
}

/// An axis over which a stage gathers its inputs.
struct GatheredAxis {
  let name: String
  let position: SourcePosition
}

/// A reference bound to an input port.
struct InputDeclaration {
  /// The port's name as written.
  let port: String
  /// Where the port's name stands.
  let portPosition: SourcePosition
  let template: Template
  let position: SourcePosition

  /// Reports a port's name that no recipe may choose.
  func checkName(into sink: inout DiagnosticSink) {
    if RecipeEntry.isName(port) { return }
    sink.report(
      portPosition, "the name of an input is made of \(RecipeEntry.nameRule), not '\(port)'")
  }
}

extension StageDeclaration {
  /// Reads a stage, reporting what is wrong with it.
  init(
    _ entry: RecipeEntry, axes: AxisSpace, registry: KindRegistry, into sink: inout DiagnosticSink
  ) {
    name = entry.key
    position = entry.keyPosition
    entry.checkName(of: "a stage", into: &sink)
    let keys = KnownKeys(
      entry.node,
      among: ["kind", "summary", "inputs", "params", "keep", "over", "require", "resources"],
      owner: " in '\(entry.key)'",
      into: &sink)
    kind = keys.flatMap { Self.kind($0["kind"], of: entry, registry: registry, into: &sink) }
    if let summary = keys?["summary"] { _ = String.decode(summary.node, into: &sink) }
    let bindings =
      keys?["inputs"]?.node.entries(expected: "references by port", into: &sink) ?? []
    inputs = bindings.compactMap { Self.input($0, axes: axes, into: &sink) }
    boundPorts = bindings.map(\.key)
    params = keys?["params"]?.node.entries(expected: "parameters by name", into: &sink) ?? []
    let before = sink.diagnostics.count
    paramAxes = params.reduce(into: []) {
      $0.formUnion($1.node.axesNamed(in: axes, into: &sink))
    }
    over = Self.over(keys?["over"], of: entry, kind: kind, axes: axes, into: &sink)
    gate = GateDeclaration(keys?["require"], of: entry, into: &sink)
    resources =
      keys?["resources"].flatMap { Resources.decode($0.node, into: &sink) } ?? Resources()
    for axis in over where paramAxes.contains(axis.name) {
      sink.report(
        axis.position,
        "'over' gathers the points of '\(axis.name)', so no parameter of '\(name)' can name it")
    }
    hasUnreadableAxes = sink.diagnostics.count > before || inputs.count < boundPorts.count
  }

  private static func over(
    _ entry: RecipeEntry?, of stage: RecipeEntry, kind: (any Stage.Type)?, axes: AxisSpace,
    into sink: inout DiagnosticSink
  ) -> [GatheredAxis] {
    guard let kind else { return [] }
    guard let entry else {
      if kind.gathers {
        sink.report(
          stage.keyPosition,
          "missing key 'over' in '\(stage.key)' (kind \(kind.kind)): the axes at all of whose points"
            + " it reads its inputs")
      }
      return []
    }
    guard kind.gathers else {
      sink.report(
        entry.keyPosition, "'over' is for kinds that choose; the kind \(kind.kind) reads one point")
      return []
    }
    guard let names = [String].decode(entry.node, into: &sink) else { return [] }
    let nodes = if case .list(let nodes) = entry.node.value { nodes } else { [entry.node] }
    if names.isEmpty { sink.report(entry.node.position, "'over' names no axis") }
    return zip(names, nodes).compactMap { name, node in
      if axes.values[name] != nil { return GatheredAxis(name: name, position: node.position) }
      let hint = suggestion(for: name, among: Array(axes.values.keys))
      sink.report(node.position, "unknown axis '\(name)'\(hint)")
      return nil
    }
  }

  private static func kind(
    _ entry: RecipeEntry?, of stage: RecipeEntry, registry: KindRegistry,
    into sink: inout DiagnosticSink
  ) -> (any Stage.Type)? {
    guard let entry else {
      sink.report(stage.keyPosition, "missing key 'kind' in '\(stage.key)'")
      return nil
    }
    guard let name = String.decode(entry.node, into: &sink) else { return nil }
    if let kind = registry[name] { return kind }
    let hint = suggestion(for: name, among: registry.names)
    let list = hint.isEmpty ? "; 'warmup kinds' lists them all" : hint
    sink.report(entry.node.position, "unknown kind '\(name)'\(list)")
    return nil
  }

  private static func input(
    _ entry: RecipeEntry, axes: AxisSpace, into sink: inout DiagnosticSink
  ) -> InputDeclaration? {
    let node = entry.node
    guard case .string(let source) = node.value else {
      let found = node.value.found
      sink.report(
        node.position, "expected a reference, as stage or stage.output, found \(found)")
      return nil
    }
    return Template(source, at: node.position, axes: axes, into: &sink).map {
      InputDeclaration(
        port: entry.key, portPosition: entry.keyPosition, template: $0, position: node.position)
    }
  }
}

/// A stage at one point of the axes that its parameters name, ready to run.
struct ConfiguredStage {
  let stage: any Stage
  /// Every parameter, defaults filled in.
  let parameters: JSONValue
  /// The parameters that belong to the key.
  let identity: JSONValue
}

extension StageDeclaration {
  /// Reads the parameters at every point of the axes that they name.
  ///
  /// What is wrong in one place at several points is reported once, with what the first of them has;
  /// values that something was said about before are not complained of again.
  func configure(
    in axes: AxisSpace, into sink: inout DiagnosticSink
  ) -> [AxisPoint: ConfiguredStage] {
    guard let kind else { return [:] }
    return configure(kind, in: axes, into: &sink)
  }

  private func configure<Kind: Stage>(
    _ kind: Kind.Type, in axes: AxisSpace, into sink: inout DiagnosticSink
  ) -> [AxisPoint: ConfiguredStage] {
    let fields = Kind.Parameters.fields
    let known = Set(sink.diagnostics.map(\.position))
    let points = axes.points(of: paramAxes)
    var configured: [AxisPoint: ConfiguredStage] = [:]
    var found: [(diagnostic: Diagnostic, points: [AxisPoint])] = []
    for point in points {
      var local = DiagnosticSink()
      configured[point] = configure(kind, fields, at: point, axes.overrides, into: &local)
      for diagnostic in local.diagnostics where !known.contains(diagnostic.position) {
        let index = found.firstIndex {
          $0.diagnostic.position == diagnostic.position && $0.points.last != point
        }
        if let index {
          found[index].points.append(point)
        } else {
          found.append((diagnostic, [point]))
        }
      }
    }
    for (diagnostic, affected) in found {
      let place = Self.place(affected, among: points.count)
      sink.report(diagnostic.position, diagnostic.message + place)
    }
    return configured
  }

  private func configure<Kind: Stage>(
    _ kind: Kind.Type, _ fields: [Field<Kind.Parameters>], at point: AxisPoint,
    _ overrides: [String: SourcePosition], into sink: inout DiagnosticSink
  ) -> ConfiguredStage? {
    let entries = params.map { $0.interpolated(at: point, overrides) }
    let parameters = Kind.Parameters.decode(
      entries, fields: fields, at: position, owner: owner, into: &sink)
    return parameters.map {
      let (all, identity) = ($0.json(fields), $0.identity(fields))
      // Held once where they are equal, as for most kinds.
      return ConfiguredStage(
        stage: Kind(parameters: $0), parameters: all, identity: identity == all ? all : identity)
    }
  }

  /// At which points a mistake is made, where it is not made at all of them.
  private static func place(_ affected: [AxisPoint], among count: Int) -> String {
    guard affected.count < count, let first = affected.first else { return "" }
    let more = affected.count > 1 ? " and \(affected.count - 1) more" : ""
    return " (at \(first.coordinates)\(more))"
  }
}

/// A string that may name axes: `${start}`, `${arm}.model`. `$${` stands for `${` itself.
package struct Template: Hashable, Sendable {
  private enum Part: Hashable {
    case text(String)
    case axis(String)
  }

  private let parts: [Part]

  /// Reads a string.
  /// - Throws: `TemplateError` where an `${` is not closed.
  package init(_ source: String) throws(TemplateError) {
    var parts: [Part] = []
    var literal = ""
    var rest = source[...]
    while let dollar = rest.firstRange(of: "${") {
      literal += rest[..<dollar.lowerBound]
      rest = rest[dollar.upperBound...]
      if literal.hasSuffix("$") {
        literal += "{"
        continue
      }
      guard let close = rest.firstIndex(of: "}") else { throw .unclosed }
      if !literal.isEmpty { parts.append(.text(literal)) }
      literal = ""
      parts.append(.axis(String(rest[..<close])))
      rest = rest[rest.index(after: close)...]
    }
    literal += rest
    if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
    self.parts = parts
  }

  /// The axes named, in the order in which they are.
  package var axes: [String] {
    parts.compactMap { if case .axis(let name) = $0 { name } else { nil } }
  }

  /// The text at a point of, at least, the axes named.
  package func text(at point: AxisPoint) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .axis(let name): point[name]?.label ?? ""
      }
    }.joined()
  }

  /// The axis's own, typed value where the string is just `${axis}`; else the text.
  package func value(at point: AxisPoint) -> JSONValue {
    if case .axis(let name)? = parts.first, parts.count == 1, let value = point[name] {
      return value
    }
    return .string(text(at: point))
  }
}

/// What can be wrong with `${axis}`.
package enum TemplateError: Error, CustomStringConvertible {
  /// A `${` without its `}`.
  case unclosed

  package var description: String {
    "'${' is not closed by '}'; write '$${' for the characters themselves"
  }
}

extension Template {
  /// Reads a string and checks that the axes exist, reporting what is wrong.
  init?(
    _ source: String, at position: SourcePosition, axes: AxisSpace, into sink: inout DiagnosticSink
  ) {
    do {
      try self.init(source)
    } catch {
      sink.report(position, error.description)
      return nil
    }
    let unknown = self.axes.filter { axes.values[$0] == nil }
    for name in unknown {
      let hint = suggestion(for: name, among: Array(axes.values.keys))
      sink.report(position, "unknown axis '\(name)'\(hint)")
    }
    if !unknown.isEmpty { return nil }
  }
}

extension RecipeNode {
  /// The node with `${axis}` replaced in all of its strings.
  /// - Parameter overrides: Where values of axes stand that are not those of the recipe.
  func interpolated(
    at point: AxisPoint, _ overrides: [String: SourcePosition]
  ) -> RecipeNode {
    switch value {
    case .string(let source):
      guard let template = try? Template(source) else { return self }
      let origin = template.axes.lazy.compactMap { overrides[$0] }.first
      return RecipeNode(RecipeValue(scalar: template.value(at: point)), at: origin ?? position)
    case .list(let nodes):
      return RecipeNode(.list(nodes.map { $0.interpolated(at: point, overrides) }), at: position)
    case .map(let entries):
      return RecipeNode(.map(entries.map { $0.interpolated(at: point, overrides) }), at: position)
    default: return self
    }
  }

  /// The axes that strings anywhere in the node name, reporting those that do not exist.
  func axesNamed(in axes: AxisSpace, into sink: inout DiagnosticSink) -> Set<String> {
    switch value {
    case .string(let source):
      Set(Template(source, at: position, axes: axes, into: &sink)?.axes ?? [])
    case .list(let nodes):
      nodes.reduce(into: []) { $0.formUnion($1.axesNamed(in: axes, into: &sink)) }
    case .map(let entries):
      entries.reduce(into: []) { $0.formUnion($1.node.axesNamed(in: axes, into: &sink)) }
    default: []
    }
  }
}

extension RecipeEntry {
  /// The entry with `${axis}` replaced in all strings of its value.
  func interpolated(
    at point: AxisPoint, _ overrides: [String: SourcePosition]
  ) -> RecipeEntry {
    RecipeEntry(key: key, keyPosition: keyPosition, node: node.interpolated(at: point, overrides))
  }
}
