import Base
import OrderedCollections

/// The stages of a recipe, joined by their references.
struct StageGraph {
  /// The stages in the recipe's order.
  private(set) var stages: [LinkedStage]
  /// The indices of the stages, producers first; of those that may come next, quick ones go before
  /// others, and the rest is the recipe's order.
  private(set) var order: [Int] = []
  private let axes: AxisSpace

  /// Joins stages, reporting references that lead nowhere, wrong types and cycles.
  init(_ declarations: [StageDeclaration], axes: AxisSpace, into sink: inout DiagnosticSink) {
    self.axes = axes
    let linker = ReferenceLinker(declarations, axes: axes)
    stages = declarations.map { linker.link($0, into: &sink) }
    sortTopologically(into: &sink)
    for index in order { spreadAxes(to: index, into: &sink) }
  }

  subscript(name: String) -> LinkedStage? { stages.first { $0.declaration.name == name } }

  /// A stage depends on the axes that it names and on those that any stage which it may refer to
  /// depends on: at every point of a stage, the points of its inputs are then projections. It does
  /// not depend on those over which it gathers its inputs.
  private mutating func spreadAxes(to index: Int, into sink: inout DiagnosticSink) {
    for producer in stages[index].producers {
      stages[index].axes.formUnion(stages[producer].axes)
      if !stages[producer].isLinked { stages[index].isLinked = false }
    }
    for axis in stages[index].declaration.over {
      let isRead = stages[index].axes.remove(axis.name) != nil
      if isRead || !stages[index].isLinked { continue }
      sink.report(
        axis.position,
        "nothing that '\(stages[index].declaration.name)' reads depends on the axis '\(axis.name)'")
    }
  }

  private mutating func sortTopologically(into sink: inout DiagnosticSink) {
    let producers = stages.map(\.producers)
    var waiting = Array(stages.indices)
    var placed: Set<Int> = []
    while !waiting.isEmpty {
      let ready = waiting.filter { placed.isSuperset(of: producers[$0]) }
      let quick = ready.first { stages[$0].declaration.kind?.isQuick == true }
      if let ready = quick ?? ready.first {
        order.append(ready)
        placed.insert(ready)
        waiting.removeAll { $0 == ready }
        continue
      }
      let cycle = cycle(among: waiting, placed: placed)
      report(cycle, into: &sink)
      for index in cycle { stages[index].isLinked = false }
      order += cycle
      placed.formUnion(cycle)
      waiting.removeAll(where: cycle.contains)
    }
  }

  /// Follows unplaced producers from the first waiting stage until one comes up again.
  private func cycle(among waiting: [Int], placed: Set<Int>) -> [Int] {
    var path: [Int] = []
    var current = waiting[0]
    while !path.contains(current) {
      path.append(current)
      current = stages[current].producers.first { !placed.contains($0) } ?? current
    }
    let cycle = path[(path.firstIndex(of: current) ?? 0)...]
    let first = cycle.firstIndex(of: cycle.min() ?? current) ?? cycle.startIndex
    return Array(cycle[first...] + cycle[..<first])
  }

  private func report(_ cycle: [Int], into sink: inout DiagnosticSink) {
    let names = (cycle + cycle.prefix(1)).map { stages[$0].declaration.name }
    let second = cycle.count > 1 ? cycle[1] : cycle[0]
    let place = stages[cycle[0]].inputs.first { input in
      input.targets.values.contains { $0.stage == second }
    }
    sink.report(
      place?.declaration.position ?? stages[cycle[0]].declaration.position,
      "stages need each other in a cycle: \(names.joined(separator: " -> "))")
  }
}

/// A stage whose references are resolved.
struct LinkedStage {
  let declaration: StageDeclaration
  /// What is bound to the ports that the kind has, in the kind's order.
  let inputs: [LinkedInput]
  var axes: Set<String>
  /// Whether all references lead somewhere, so that the axes are all there.
  var isLinked: Bool

  /// The indices of all stages that the stage may refer to, each once, in order of appearance.
  var producers: [Int] {
    var seen: Set<Int> = []
    return inputs.flatMap(\.producers).filter { seen.insert($0).inserted }
  }
}

extension LinkedStage {
  /// Where the recipe says something of the stage, else where the stage is named.
  fileprivate func position(of place: BindingMistake.Place) -> SourcePosition {
    let position =
      switch place {
      case .input(let port): inputs.first { $0.declaration.port == port }?.declaration.position
      case .parameter(let name): declaration.params[name]?.node.position
      }
    return position ?? declaration.position
  }
}

/// A reference with what it leads to at each point of the axes that it names.
struct LinkedInput {
  let declaration: InputDeclaration
  let targets: [String: ReferenceTarget]

  /// The indices of the stages referred to, ascending.
  var producers: [Int] { Set(targets.values.map(\.stage)).sorted() }
}

/// An output of a stage.
struct ReferenceTarget: Hashable {
  let stage: Int
  let output: String
}

extension StageGraph {
  /// Every stage at every point of the axes that it depends on, producers first. Reports what is
  /// known to be wrong with what is bound, once where it is at several points.
  ///
  /// - Parameter configurations: for each stage, its configuration at the points of the axes that
  ///   its parameters name. Stages must be free of mistakes.
  func instances(
    in axes: AxisSpace, configurations: [[AxisPoint: ConfiguredStage]],
    into sink: inout DiagnosticSink
  ) -> [Instance] {
    var instances: [Instance] = []
    var mistakes: [Diagnostic] = []
    var known: [[String: Traits]] = []
    var positions = [[AxisPoint: Int]](repeating: [:], count: stages.count)
    for index in order {
      var names = NameCollision()
      let stage = stages[index]
      for point in axes.points(of: stage.axes) {
        let own = point.projected(on: stage.declaration.paramAxes)
        guard let configured = configurations[index][own] else { continue }
        positions[index][point] = instances.count
        let inputs = bindings(of: stage, at: point, in: axes, positions: positions)
        let name = stage.declaration.name
        var collision = names.note(Instance.name(name, at: point), at: point, of: name)
        var ports = NameCollision()
        for input in inputs where !input.over.isEmpty && collision == nil {
          collision = ports.note(input.port, at: input.over, of: name)
        }
        if let collision {
          sink.report(stage.declaration.position, collision)
          break
        }
        let traits = Dictionary(
          inputs.map { ($0.port, known[$0.producer][$0.output] ?? [:]) }
        ) { $1 }
        for mistake in configured.stage.mistakes(inputs: traits) {
          let diagnostic = Diagnostic(stage.position(of: mistake.place), mistake.message)
          if !mistakes.contains(diagnostic) { mistakes.append(diagnostic) }
        }
        let instance = Instance(
          stageName: stage.declaration.name, point: point, stage: configured.stage,
          parameters: configured.parameters,
          identity: configured.stage.identity(configured.identity, inputs: traits), inputs: inputs,
          gate: stage.declaration.gate?.gate, resources: stage.declaration.resources)
        instances.append(instance)
        known.append(
          Dictionary(
            uniqueKeysWithValues: instance.kind.outputs.map {
              ($0.name, configured.stage.traits(of: $0.name, inputs: traits))
            }))
      }
    }
    for mistake in mistakes { sink.report(mistake.position, mistake.message) }
    return instances
  }

  private func bindings(
    of stage: LinkedStage, at point: AxisPoint, in axes: AxisSpace, positions: [[AxisPoint: Int]]
  ) -> [BoundInput] {
    stage.inputs.flatMap { input -> [BoundInput] in
      let over = gathered(by: input, of: stage)
      let points = over.isEmpty ? [point] : axes.points(of: stage.axes.union(over), through: point)
      return points.compactMap { whole in
        let text = input.declaration.template.text(at: whole)
        guard let target = input.targets[text] else { return nil }
        let shared = whole.projected(on: stages[target.stage].axes)
        return positions[target.stage][shared].map {
          BoundInput(
            port: input.declaration.port, producer: $0, output: target.output,
            over: whole.projected(on: over))
        }
      }
    }
  }

  /// The axes over which a stage gathers one of its inputs: those of `over` that it depends on.
  private func gathered(by input: LinkedInput, of stage: LinkedStage) -> Set<String> {
    let named = Set(input.declaration.template.axes)
    let all = input.producers.reduce(into: named) { $0.formUnion(stages[$1].axes) }
    return all.intersection(stage.declaration.over.map(\.name))
  }
}

/// The value of each axis that an instance depends on, in the recipe's order of axes.
package typealias AxisPoint = OrderedDictionary<String, JSONValue>

/// A stage at one point of the axes that it depends on, such as `tuned[start=warmed,seed=2]`.
///
/// A class, since lists of thousands are filtered, grouped and put in order all the time.
package final class Instance: Sendable {
  package let stageName: String
  /// The value of each axis that it depends on, in the recipe's order of axes.
  package let point: AxisPoint
  /// The name with the point, as people write it on the command line.
  package let name: String
  package let kind: KindDescription
  /// The stage, ready to run; nil where only a record tells of the instance.
  package let stage: (any Stage)?
  /// Every parameter, defaults filled in.
  package let parameters: JSONValue
  /// The parameters that belong to the key.
  package let identity: JSONValue
  /// What is bound to the input ports, in the order in which the kind declares them.
  package let inputs: [BoundInput]
  /// What its values must be; nil where it is no gate.
  package let gate: Gate?
  /// What it asks of a batch system.
  package let resources: Resources
  /// The gates that it waits for, as indices of their instances, always smaller ones; those that
  /// the recipe declares first come first.
  package let guards: [Int]

  package init(
    stageName: String, point: AxisPoint, stage: any Stage,
    parameters: JSONValue, identity: JSONValue, inputs: [BoundInput], gate: Gate? = nil,
    resources: Resources = Resources()
  ) {
    self.stageName = stageName
    self.point = point
    name = Self.name(stageName, at: point)
    kind = KindDescription(type(of: stage))
    self.stage = stage
    self.parameters = parameters
    self.identity = identity
    self.inputs = inputs
    self.gate = gate
    self.resources = resources
    guards = []
  }

  /// An instance of which only a record tells: it can be reported and compared, not run.
  package init(
    recorded name: String, point: AxisPoint = [:], kind: KindDescription, parameters: JSONValue,
    identity: JSONValue, inputs: [BoundInput] = []
  ) {
    self.name = name
    stageName = String(name.prefix { $0 != "[" })
    self.point = point
    self.kind = kind
    stage = nil
    self.parameters = parameters
    self.identity = identity
    self.inputs = inputs
    gate = nil
    resources = Resources()
    guards = []
  }

  private init(_ other: Instance, inputs: [BoundInput], guards: [Int]) {
    stageName = other.stageName
    point = other.point
    name = other.name
    kind = other.kind
    stage = other.stage
    parameters = other.parameters
    identity = other.identity
    self.inputs = inputs
    gate = other.gate
    resources = other.resources
    self.guards = guards
  }

  /// The same instance in another order.
  /// - Parameters:
  ///   - guards: where the gates stand that it waits for.
  ///   - position: where an instance stands now, by its index.
  func placed(guards: [Int], position: (Int) -> Int) -> Instance {
    Instance(self, inputs: inputs.map { $0.bound(to: position($0.producer)) }, guards: guards)
  }

  /// Writes a stage and a point as `stage[axis=value,…]`.
  package static func name(
    _ stageName: String, at point: AxisPoint
  ) -> String {
    if point.isEmpty { return stageName }
    let coordinates = point.map { "\($0.key)=\($0.value.string ?? $0.value.text)" }
    return "\(stageName)[\(coordinates.joined(separator: ","))]"
  }
}

/// An output of another instance that is bound to an input port.
package struct BoundInput: Sendable, Hashable {
  /// The port; with a point behind it, as `model[step=50]`, where the stage gathers over axes.
  package let port: String
  /// The point of the axes over which the stage gathers; empty for most.
  package let over: AxisPoint
  /// The index of the producing instance in the list of instances, always a smaller one.
  package private(set) var producer: Int
  /// The producer's output port.
  package let output: String

  package init(port: String, producer: Int, output: String, over: AxisPoint = [:]) {
    self.port = Instance.name(port, at: over)
    self.over = over
    self.producer = producer
    self.output = output
  }

  /// The same with its producer at another index.
  func bound(to producer: Int) -> BoundInput {
    var bound = self
    bound.producer = producer
    return bound
  }
}
