/// A stage as the recipe writes it, before anything is joined to anything.
struct StageDeclaration {
  /// The name.
  let name: String
  /// Where the name stands.
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

  /// Whether some `${axis}` of the stage could not be read, so that it may use more axes.
  let hasUnreadableAxes: Bool

  /// The axes that the stage itself names.
  var ownAxes: Set<String> {
    inputs.reduce(into: paramAxes) { $0.formUnion($1.template.axes) }
  }

  /// How error messages end that are about the stage.
  var owner: String { kind.map { " in '\(name)' (kind \($0.kind))" } ?? " in '\(name)'" }
}

/// A reference bound to an input port.
struct InputDeclaration {
  /// The port's name as written.
  let port: String
  /// Where the port's name stands.
  let portPosition: SourcePosition
  /// The reference.
  let template: Template
  /// Where the reference stands.
  let position: SourcePosition
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
      entry.node, among: ["kind", "summary", "inputs", "params"], owner: " in '\(entry.key)'",
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
    hasUnreadableAxes = sink.diagnostics.count > before || inputs.count < boundPorts.count
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
    sink.report(entry.node.position, "unknown kind '\(name)'\(hint)")
    return nil
  }

  private static func input(
    _ entry: RecipeEntry, axes: AxisSpace, into sink: inout DiagnosticSink
  ) -> InputDeclaration? {
    let node = entry.node
    guard case .string(let source) = node.value else {
      let found = node.value.typeName
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
