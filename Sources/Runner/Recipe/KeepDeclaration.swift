import Base
import OrderedCollections

/// After which steps a training keeps its output: the key `keep` of a stage.
///
/// `keep: [50, 100]` in `tuned` is short for an axis `step: [50, 100]` and a stage `tuned.at` that
/// depends on it and takes the training's output as it was after `${step}`.
struct KeepDeclaration {
  /// The axis along which the steps lie.
  let axis: String
  /// The steps, ascending; none where they could not be read, which has then been reported.
  let steps: [Int]
  let position: SourcePosition
  private let output: KeptOutput
  private let stage: String

  /// The axis where a recipe names none.
  static let axis = "step"

  /// The name of the stage that a training's kept output is.
  static func stageName(of training: String) -> String { "\(training).at" }
}

extension KeepDeclaration {
  /// Reads `keep` of a stage, reporting what is wrong with it.
  /// - Returns: nil where the stage keeps nothing.
  init?(of entry: RecipeEntry, registry: KindRegistry, into sink: inout DiagnosticSink) {
    guard case .map(let keys) = entry.node.value, let keep = keys["keep"] else { return nil }
    if case .null = keep.node.value { return nil }
    // A kind that is missing or unknown is reported where stages are read.
    guard case .string(let name)? = keys["kind"]?.node.value, let kind = registry[name] else {
      return nil
    }
    guard let output = kind.kept else {
      sink.report(
        keep.keyPosition, "'keep' is for stages that train; the kind \(name) has no steps to keep")
      return nil
    }
    let reader = Reader(
      stage: entry, training: TrainingSteps(kind, named: output.steps, params: keys["params"]))
    let (axis, steps) = reader.read(keep.node, into: &sink)
    self.init(
      axis: axis, steps: steps, position: keep.node.position, output: output, stage: entry.key)
  }

  /// The stage of what is kept, which depends on the axis.
  var declaration: StageDeclaration? {
    guard let port = output.kind.inputs.first,
      let template = try? Template("\(stage).\(output.output)")
    else { return nil }
    return StageDeclaration(
      name: Self.stageName(of: stage), position: position, kind: output.kind,
      inputs: [
        InputDeclaration(
          port: port.name, portPosition: position, template: template, position: position)
      ],
      boundPorts: [port.name],
      params: [
        RecipeEntry(
          key: "step", keyPosition: position,
          node: RecipeNode(.string("${\(axis)}"), at: position))
      ],
      paramAxes: [axis], over: [], gate: nil, hasUnreadableAxes: steps.isEmpty)
  }

  /// Reports steps that a training never comes to, where it says how many it has.
  func check(_ configured: [AxisPoint: ConfiguredStage], into sink: inout DiagnosticSink) {
    let ends = configured.compactMap { $1.parameters[output.steps]?.integer }
    guard let end = ends.min(), let step = steps.last, step > end else { return }
    sink.report(
      position, "'\(stage)' cannot keep step \(step): it has \(end) steps ('\(output.steps)')")
  }
}

/// What a recipe says of how many steps a training has, before anything runs.
private struct TrainingSteps {
  /// The number; nil where the kind does not say, or it depends on an axis.
  let count: Int?

  init(_ kind: any Stage.Type, named name: String, params: RecipeEntry?) {
    if case .map(let entries)? = params?.node.value, let entry = entries[name] {
      count = if case .integer(let count) = entry.node.value { count } else { nil }
    } else {
      count = Self.fields(of: kind).first { $0.name == name }?.defaultValue?.integer
    }
  }

  private static func fields<Kind: Stage>(of kind: Kind.Type) -> [FieldDescription] {
    Kind.Parameters.fields.map(\.description)
  }
}

/// Reads the value of `keep`.
private struct Reader {
  let stage: RecipeEntry
  let training: TrainingSteps

  /// Reads a list of steps, or a mapping. There are no steps where something was reported.
  func read(_ node: RecipeNode, into sink: inout DiagnosticSink) -> (axis: String, steps: [Int]) {
    guard case .map = node.value else {
      return (KeepDeclaration.axis, steps(node, into: &sink) ?? [])
    }
    let before = sink.diagnostics.count
    guard
      let keys = KnownKeys(
        node, among: ["steps", "every", "to", "axis"], owner: " in 'keep' of '\(stage.key)'",
        into: &sink)
    else { return (KeepDeclaration.axis, []) }
    let axis = self.axis(keys["axis"], into: &sink)
    var found: [Int]?
    switch (keys["steps"], keys["every"]) {
    case (let list?, nil): found = steps(list.node, into: &sink)
    case (nil, let every?): found = steps(every: every, to: keys["to"], into: &sink)
    default:
      sink.report(
        node.position, "'keep' names steps, as in [50, 100], or says how often: {every: 50}")
    }
    if let to = keys["to"], keys["every"] == nil {
      sink.report(to.keyPosition, "'to' goes with 'every'")
    }
    return (axis, sink.diagnostics.count == before ? found ?? [] : [])
  }

  private func axis(_ entry: RecipeEntry?, into sink: inout DiagnosticSink) -> String {
    guard let entry, let name = String.decode(entry.node, into: &sink) else {
      return KeepDeclaration.axis
    }
    if !RecipeEntry.isName(name) {
      sink.report(
        entry.node.position,
        "the name of an axis is made of \(RecipeEntry.nameRule), not '\(name)'")
    }
    return name
  }

  private func steps(_ node: RecipeNode, into sink: inout DiagnosticSink) -> [Int]? {
    let before = sink.diagnostics.count
    guard let found = [Int].decode(node, into: &sink) else { return nil }
    let nodes = if case .list(let nodes) = node.value { nodes } else { [node] }
    if found.isEmpty { sink.report(node.position, "'keep' names no step") }
    for (index, (step, node)) in zip(found, nodes).enumerated() {
      if step < 1 {
        sink.report(node.position, "steps count from 1, found \(step)")
      } else if found[..<index].contains(step) {
        sink.report(node.position, "'keep' names step \(step) twice")
      }
    }
    return sink.diagnostics.count == before ? found.sorted() : nil
  }

  private func steps(
    every entry: RecipeEntry, to end: RecipeEntry?, into sink: inout DiagnosticSink
  ) -> [Int]? {
    guard let every = Int.decode(entry.node, into: &sink) else { return nil }
    guard every >= 1 else {
      sink.report(entry.node.position, "'every' must be at least 1, found \(every)")
      return nil
    }
    let last = end == nil ? training.count : end.flatMap { Int.decode($0.node, into: &sink) }
    guard let last else {
      if end == nil {
        sink.report(
          entry.node.position,
          "how many steps '\(stage.key)' has is not known before it runs; say up to which step, as in "
            + "{every: \(every), to: \(10 * min(every, 1_000_000))}")
      }
      return nil
    }
    guard last >= every, last / every <= AxisSpace.pointLimit else {
      sink.report(
        entry.node.position,
        "'every' \(every) of \(last) steps keeps "
          + (last < every ? "none" : "more than \(AxisSpace.pointLimit)"))
      return nil
    }
    return Array(stride(from: every, through: last, by: every))
  }
}

extension OrderedDictionary<String, [JSONValue]> {
  /// Adds the axes of what is kept, reporting those that there are already with other steps.
  mutating func add(_ keeps: [KeepDeclaration], into sink: inout DiagnosticSink) {
    let declared = Set(keys)
    for keep in keeps {
      let steps = keep.steps.map { JSONValue.integer($0) }
      if steps.isEmpty {
        self[keep.axis] = self[keep.axis] ?? []
      } else if declared.contains(keep.axis) {
        sink.report(
          keep.position,
          "'keep' makes an axis '\(keep.axis)', which 'axes' has already; name another: "
            + "keep: {steps: [\(keep.steps.map(String.init).joined(separator: ", "))], axis: …}")
      } else if let known = self[keep.axis], !known.isEmpty, known != steps {
        sink.report(
          keep.position,
          "another stage keeps other steps along the axis '\(keep.axis)' "
            + "(\(known.map(\.label).joined(separator: ", "))); keep the same ones, or name another "
            + "axis with keep: {steps: …, axis: …}")
      } else {
        self[keep.axis] = steps
      }
    }
  }
}
