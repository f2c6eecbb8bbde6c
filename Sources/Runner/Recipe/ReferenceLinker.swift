import Base
import OrderedCollections

/// Resolves references such as `split.train`.
struct ReferenceLinker {
  private let declarations: [StageDeclaration]
  private let axes: AxisSpace
  private let indices: [String: Int]

  init(_ declarations: [StageDeclaration], axes: AxisSpace) {
    self.declarations = declarations
    self.axes = axes
    indices = Dictionary(declarations.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Resolves a stage's references, reporting those that lead nowhere or to the wrong type.
  func link(_ stage: StageDeclaration, into sink: inout DiagnosticSink) -> LinkedStage {
    let ports = stage.kind?.inputs ?? []
    var open = AcceptedTypes(stage.kind?.openInputs ?? [], isOpen: true)
    var inputs: [LinkedInput] = []
    var isLinked = !stage.hasUnreadableAxes
    for input in stage.inputs {
      let before = sink.diagnostics.count
      let port = ports.first { $0.name == input.port }
      var own = AcceptedTypes(port.map { [$0.type] } ?? [])
      let isOpen = port == nil && !open.types.isEmpty
      if isOpen {
        input.checkName(into: &sink)
      } else if port == nil, stage.kind != nil {
        let hint = suggestion(for: input.port, among: ports.map(\.name))
        sink.report(input.portPosition, "unknown input '\(input.port)'\(stage.owner)\(hint)")
      }
      let targets =
        isOpen
        ? targets(of: input, accepting: &open, of: stage, into: &sink)
        : targets(of: input, accepting: &own, of: stage, into: &sink)
      if sink.diagnostics.count > before { isLinked = false }
      inputs.append(LinkedInput(declaration: input, targets: targets))
    }
    if !reportMissing(ports, of: stage, into: &sink) { isLinked = false }
    let rank = Dictionary(ports.enumerated().map { ($1.name, $0) }) { first, _ in first }
    inputs.sort { one, other in
      let (a, b) = (one.declaration.port, other.declaration.port)
      let (first, second) = (rank[a, default: ports.count], rank[b, default: ports.count])
      return first == second ? a.utf8.lexicographicallyPrecedes(b.utf8) : first < second
    }
    return LinkedStage(
      declaration: stage, inputs: inputs, axes: stage.ownAxes, isLinked: isLinked)
  }

  /// - Returns: whether everything is bound that must be.
  private func reportMissing(
    _ ports: [StagePort], of stage: StageDeclaration, into sink: inout DiagnosticSink
  ) -> Bool {
    let missing = ports.filter { !$0.isOptional && !stage.boundPorts.contains($0.name) }
    for port in missing {
      let message = "missing input '\(port.name)' (\(port.type))\(stage.owner): \(port.summary)"
      sink.report(stage.position, message)
    }
    guard let open = stage.kind?.openInputs, !open.isEmpty, stage.boundPorts.isEmpty else {
      return missing.isEmpty
    }
    let types = open.map(\.name).joined(separator: ", ")
    sink.report(
      stage.position,
      "missing 'inputs'\(stage.owner): name what it takes (\(types)), as in {a: …, b: …}")
    return false
  }

  private func targets(
    of input: InputDeclaration, accepting accepted: inout AcceptedTypes,
    of stage: StageDeclaration, into sink: inout DiagnosticSink
  ) -> [String: ReferenceTarget] {
    var targets: [String: ReferenceTarget] = [:]
    var seen: Set<String> = []
    let named = Set(input.template.axes)
    for point in axes.points(of: named) {
      let text = input.template.text(at: point)
      guard seen.insert(text).inserted else { continue }
      let place = point.isEmpty ? "" : " (at \(point.coordinates))"
      do {
        targets[text] = try target(text, accepting: &accepted)
      } catch {
        sink.report(
          input.position,
          error.sentence(port: input.port, accepting: accepted, stage: stage, place: place))
      }
    }
    return targets
  }

  private func target(
    _ text: String, accepting accepted: inout AcceptedTypes
  ) throws(ReferenceError) -> ReferenceTarget {
    let (stage, output) = try parts(of: text)
    guard let index = indices[stage] else {
      throw .unknownStage(stage, hint: suggestion(for: stage, among: declarations.map(\.name)))
    }
    guard let kind = declarations[index].kind else {
      return ReferenceTarget(stage: index, output: output ?? "")
    }
    guard let name = output ?? kind.outputs.first?.name else {
      throw .noOutputs(stage: stage, kind: kind.kind)
    }
    guard let output = kind.outputs.first(where: { $0.name == name }) else {
      throw .unknownOutput(name, stage: stage, kind: kind.kind, hint: hint(for: name, of: kind))
    }
    if let type = type(of: output, of: index), !accepted.accepts(type) {
      let fitting = kind.outputs.first { accepted.types.contains($0.type) }
      let hint = fitting.map { "; did you mean '\(stage).\($0.name)'?" } ?? ""
      throw .wrongType(text, type, hint: hint)
    }
    return ReferenceTarget(stage: index, output: name)
  }

  /// The type of an output; where it is that of what is bound, that of the first reference that leads
  /// somewhere. Nil where none does, or where stages need each other, which is reported elsewhere.
  private func type(
    of output: StagePort, of index: Int, behind seen: Set<Int> = []
  ) -> ArtifactType? {
    guard output.type == .asBound else { return output.type }
    let seen = seen.union([index])
    let ports = declarations[index].kind?.inputs.map(\.name) ?? []
    for input in declarations[index].inputs where !ports.contains(input.port) {
      for point in axes.points(of: Set(input.template.axes)) {
        guard let (stage, name) = try? parts(of: input.template.text(at: point)),
          let producer = indices[stage], !seen.contains(producer),
          let outputs = declarations[producer].kind?.outputs,
          let port = name == nil ? outputs.first : outputs.first(where: { $0.name == name }),
          let type = type(of: port, of: producer, behind: seen)
        else { continue }
        return type
      }
    }
    return nil
  }

  /// The stage and the output that a reference names; a stage's own name may have a dot, as that of
  /// what a training keeps.
  private func parts(
    of text: String
  ) throws(ReferenceError) -> (stage: String, output: String?) {
    if indices[text] != nil { return (text, nil) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !parts.contains("") else { throw .malformed(text) }
    return (parts[0], parts.count == 2 ? parts[1] : nil)
  }

  private func hint(for output: String, of kind: any Stage.Type) -> String {
    if kind.kept != nil, KeepDeclaration.stageName(of: "") == "." + output {
      return "; 'keep' says after which steps there is one"
    }
    return suggestion(for: output, among: kind.outputs.map(\.name))
  }
}

/// What may be bound to a port, or to any of a kind's open ones, where what is bound first decides
/// for the others.
private struct AcceptedTypes {
  /// None where anything may be bound, as to a port that does not exist.
  private(set) var types: [ArtifactType]
  let isOpen: Bool

  init(_ types: [ArtifactType], isOpen: Bool = false) {
    self.types = types
    self.isOpen = isOpen
  }

  /// Whether a type may be bound; after one that may, only the same may be.
  mutating func accepts(_ type: ArtifactType) -> Bool {
    if types.isEmpty { return true }
    guard types.contains(type) else { return false }
    types = [type]
    return true
  }

  var words: String {
    let names = types.map(\.name).joined(separator: ", ")
    return isOpen && types.count == 1 ? "\(names), as what is bound before" : names
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
  func sentence(
    port: String, accepting accepted: AcceptedTypes, stage: StageDeclaration, place: String
  ) -> String {
    switch self {
    case .malformed(let text):
      "expected a reference, as stage or stage.output, found '\(text)'\(place)"
    case .unknownStage(let name, let hint): "unknown stage '\(name)'\(place)\(hint)"
    case .noOutputs(let name, let kind): "'\(name)' (kind \(kind)) has no outputs\(place)"
    case .unknownOutput(let name, let producer, let kind, let hint):
      "'\(producer)' (kind \(kind)) has no output '\(name)'\(place)\(hint)"
    case .wrongType(let text, let type, let hint):
      "input '\(port)' of '\(stage.name)' takes \(accepted.words), "
        + "but '\(text)' is \(type)\(place)\(hint)"
    }
  }
}
