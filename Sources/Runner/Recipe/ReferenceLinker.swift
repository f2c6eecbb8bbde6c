import OrderedCollections

/// Resolves references such as `split.train`.
struct ReferenceLinker {
  private let declarations: [StageDeclaration]
  private let axes: AxisSpace
  private let indices: [String: Int]

  /// Prepares to resolve references to the stages.
  init(_ declarations: [StageDeclaration], axes: AxisSpace) {
    self.declarations = declarations
    self.axes = axes
    indices = Dictionary(declarations.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Resolves a stage's references, reporting those that lead nowhere or to the wrong type.
  func link(_ stage: StageDeclaration, into sink: inout DiagnosticSink) -> LinkedStage {
    let ports = stage.kind?.inputs ?? []
    var inputs: [LinkedInput] = []
    var isLinked = !stage.hasUnreadableAxes
    for input in stage.inputs {
      let port = ports.first { $0.name == input.port }
      if port == nil, stage.kind != nil {
        let hint = suggestion(for: input.port, among: ports.map(\.name))
        sink.report(input.portPosition, "unknown input '\(input.port)'\(stage.owner)\(hint)")
      }
      let before = sink.diagnostics.count
      let targets = targets(of: input, port: port, of: stage, into: &sink)
      if sink.diagnostics.count > before { isLinked = false }
      inputs.append(LinkedInput(declaration: input, targets: targets))
    }
    for port in ports where !port.isOptional && !stage.boundPorts.contains(port.name) {
      let message = "missing input '\(port.name)' (\(port.type))\(stage.owner): \(port.summary)"
      sink.report(stage.position, message)
      isLinked = false
    }
    let rank = Dictionary(ports.enumerated().map { ($1.name, $0) }) { first, _ in first }
    inputs.sort { rank[$0.declaration.port, default: 0] < rank[$1.declaration.port, default: 0] }
    return LinkedStage(
      declaration: stage, inputs: inputs, axes: stage.ownAxes, isLinked: isLinked)
  }

  private func targets(
    of input: InputDeclaration, port: Port?, of stage: StageDeclaration,
    into sink: inout DiagnosticSink
  ) -> [String: ReferenceTarget] {
    var targets: [String: ReferenceTarget] = [:]
    var seen: Set<String> = []
    let named = Set(input.template.axes)
    for point in axes.points(of: named) {
      let text = input.template.text(at: point)
      guard seen.insert(text).inserted else { continue }
      let place = point.isEmpty ? "" : " (at \(point.coordinates))"
      do {
        targets[text] = try target(text, port: port)
      } catch {
        sink.report(input.position, error.sentence(port: port, stage: stage, place: place))
      }
    }
    return targets
  }

  private func target(_ text: String, port: Port?) throws(ReferenceError) -> ReferenceTarget {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !parts.contains("") else { throw .malformed(text) }
    guard let index = indices[parts[0]] else {
      throw .unknownStage(
        parts[0], hint: suggestion(for: parts[0], among: declarations.map(\.name)))
    }
    guard let kind = declarations[index].kind else {
      return ReferenceTarget(stage: index, output: parts.count == 2 ? parts[1] : "")
    }
    let name = parts.count == 2 ? parts[1] : kind.outputs.first?.name
    guard let name else { throw .noOutputs(stage: parts[0], kind: kind.kind) }
    guard let output = kind.outputs.first(where: { $0.name == name }) else {
      let hint = suggestion(for: name, among: kind.outputs.map(\.name))
      throw .unknownOutput(name, stage: parts[0], kind: kind.kind, hint: hint)
    }
    if let port, port.type != output.type {
      let fitting = kind.outputs.first { $0.type == port.type }
      let hint = fitting.map { "; did you mean '\(parts[0]).\($0.name)'?" } ?? ""
      throw .wrongType(text, output.type, hint: hint)
    }
    return ReferenceTarget(stage: index, output: name)
  }
}

/// Why a reference cannot be bound to a port.
private enum ReferenceError: Error {
  case malformed(String)
  case unknownStage(String, hint: String)
  case noOutputs(stage: String, kind: String)
  case unknownOutput(String, stage: String, kind: String, hint: String)
  case wrongType(String, ArtifactType, hint: String)

  /// A sentence for people; `place` says at which point the reference reads so.
  func sentence(port: Port?, stage: StageDeclaration, place: String) -> String {
    switch self {
    case .malformed(let text):
      "expected a reference, as stage or stage.output, found '\(text)'\(place)"
    case .unknownStage(let name, let hint): "unknown stage '\(name)'\(place)\(hint)"
    case .noOutputs(let name, let kind): "'\(name)' (kind \(kind)) has no outputs\(place)"
    case .unknownOutput(let name, let producer, let kind, let hint):
      "'\(producer)' (kind \(kind)) has no output '\(name)'\(place)\(hint)"
    case .wrongType(let text, let type, let hint):
      "input '\(port?.name ?? "")' of '\(stage.name)' takes \(port.map(\.type.name) ?? ""), "
        + "but '\(text)' is \(type)\(place)\(hint)"
    }
  }
}
