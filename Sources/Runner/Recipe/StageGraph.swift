import OrderedCollections

/// The stages of a recipe, joined by their references.
struct StageGraph {
  /// The stages in the recipe's order.
  private(set) var stages: [LinkedStage]
  /// The indices of the stages, producers first; ties in the recipe's order.
  private(set) var order: [Int] = []
  private let axes: AxisSpace

  /// Joins stages, reporting references that lead nowhere, wrong types and cycles.
  init(_ declarations: [StageDeclaration], axes: AxisSpace, into sink: inout DiagnosticSink) {
    self.axes = axes
    let linker = ReferenceLinker(declarations, axes: axes)
    stages = declarations.map { linker.link($0, into: &sink) }
    sortTopologically(into: &sink)
    for index in order { spreadAxes(to: index) }
  }

  /// The stage of a name.
  subscript(name: String) -> LinkedStage? { stages.first { $0.declaration.name == name } }

  /// A stage depends on the axes that it names and on those that any stage which it may refer to
  /// depends on: at every point of a stage, the points of its inputs are then projections.
  private mutating func spreadAxes(to index: Int) {
    for producer in stages[index].producers {
      stages[index].axes.formUnion(stages[producer].axes)
      if !stages[producer].isLinked { stages[index].isLinked = false }
    }
  }

  private mutating func sortTopologically(into sink: inout DiagnosticSink) {
    let producers = stages.map(\.producers)
    var waiting = Array(stages.indices)
    var placed: Set<Int> = []
    while !waiting.isEmpty {
      let ready = waiting.first { placed.isSuperset(of: producers[$0]) }
      if let ready {
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
  /// What the recipe says.
  let declaration: StageDeclaration
  /// What is bound to the ports that the kind has, in the kind's order.
  let inputs: [LinkedInput]
  /// The axes that the stage depends on.
  var axes: Set<String>
  /// Whether all references lead somewhere, so that the axes are all there.
  var isLinked: Bool

  /// The indices of all stages that the stage may refer to, each once, in order of appearance.
  var producers: [Int] {
    var seen: Set<Int> = []
    return inputs.flatMap(\.producers).filter { seen.insert($0).inserted }
  }
}

/// A reference with what it leads to at each point of the axes that it names.
struct LinkedInput {
  /// What the recipe says.
  let declaration: InputDeclaration
  /// What each text of the reference leads to.
  let targets: [String: ReferenceTarget]

  /// The indices of the stages referred to, ascending.
  var producers: [Int] { Set(targets.values.map(\.stage)).sorted() }
}

/// An output of a stage.
struct ReferenceTarget: Hashable {
  /// The index of the stage.
  let stage: Int
  /// The output's name.
  let output: String
}
