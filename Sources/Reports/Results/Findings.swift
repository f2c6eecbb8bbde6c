import Base
import OrderedCollections
import Runner

/// What tables, figures and pages are made from: a plan with its results.
package struct Findings: Sendable {
  /// The axes with their values, in the recipe's order.
  package let axes: OrderedDictionary<String, [JSONValue]>
  /// Every instance, done or not, in the order of the plan.
  package let instances: [PlannedInstance]
  /// What the results hold beside the published values.
  package let tables: ResultTables
  /// The gates that have failed, in the order of the plan.
  let failedGates: [PlannedInstance]
  private let places: [String: Int]

  /// - Parameter tables: reads what artifacts hold.
  package init(
    axes: OrderedDictionary<String, [JSONValue]>, plan: Plan,
    tables: ResultTables = ResultTables()
  ) {
    self.axes = axes
    self.tables = tables
    instances = plan.items
    failedGates = plan.items.filter { $0.outcome?.passes == false }
    places = Dictionary(plan.items.enumerated().map { ($1.name, $0) }) { $1 }
  }

  /// The instances of a stage, in the order of the plan.
  /// - Throws: `ReportError.impossible` where the recipe has no such stage.
  func instances(of stage: String, for owner: String) throws -> [PlannedInstance] {
    let found = instances.filter { $0.stageName == stage }
    if !found.isEmpty { return found }
    let stages = OrderedSet(instances.map(\.stageName)).elements
    throw ReportError.impossible(
      "\(owner): there is no stage '\(stage)'\(suggestion(for: stage, among: stages))")
  }

  /// The instances of the stages that references name.
  /// - Throws: `ReportError.impossible` where the recipe has no such stage.
  func instances(
    of references: [ValueReference], for owner: String
  ) throws -> [PlannedInstance] {
    try OrderedSet(references.map(\.stage)).flatMap { try instances(of: $0, for: owner) }
  }

  package subscript(name: String) -> PlannedInstance? { places[name].map { instances[$0] } }

  /// An output of another instance that is bound to an input port.
  struct Binding: Hashable {
    let port: String
    let producer: String
    let producerStage: String
    let output: String

    var isModel: Bool { Self.isModel(port) }

    /// Whether a model is bound to a port, also as one of several along some axes.
    static func isModel(_ port: String) -> Bool { port == "model" || port.hasPrefix("model[") }
  }

  func bindings(of instance: PlannedInstance) -> [Binding] {
    instance.instance.inputs.map { input in
      let producer = instances[input.producer]
      return Binding(
        port: input.port, producer: producer.name, producerStage: producer.stageName,
        output: input.output)
    }
  }

  func binding(of port: String, of instance: PlannedInstance) -> Binding? {
    bindings(of: instance).first { $0.port == port }
  }

  /// The instances that made the model which an instance is bound to, the first one first.
  package func models(behind instance: PlannedInstance) -> [PlannedInstance] {
    var chain: [PlannedInstance] = []
    var next = model(of: instance)
    while let producer = next {
      chain.append(producer)
      next = model(of: producer)
    }
    return chain.reversed()
  }

  /// The instance that made an instance's model: of several, from which it chose, the one that was
  /// chosen, or the first where that is not known yet.
  private func model(of instance: PlannedInstance) -> PlannedInstance? {
    let models = instance.instance.inputs.filter { Binding.isModel($0.port) }
    let chosen = models.first { input in
      input.over.allSatisfy { axis, value in
        let published = instance.values[axis]
        return published == value || published?.number != nil && published?.number == value.number
      }
    }
    return (chosen ?? models.first).map { instances[$0.producer] }
  }

  /// Instances and what made their models, each once.
  func lineage(of instances: [PlannedInstance]) -> [PlannedInstance] {
    let all = instances.flatMap { models(behind: $0) + [$0] }
    return OrderedDictionary(all.map { ($0.name, $0) }) { first, _ in first }.values.elements
  }

  /// The points of some axes at which there are instances, in the order of the axes' values.
  ///
  /// Instances that do not depend on all of the axes are left out: they belong to every point.
  func points(of names: [String], among instances: [PlannedInstance]) -> [AxisPoint] {
    let points = OrderedSet(
      instances.compactMap { instance -> AxisPoint? in
        let values = names.compactMap { instance.point[$0] }
        guard values.count == names.count else { return nil }
        return AxisPoint(uniqueKeysWithValues: zip(names, values))
      })
    return points.map { (ranks(of: $0), $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
  }

  /// Checks that every axis that the instances depend on has a place, and that every place is an
  /// axis of the recipe.
  /// - Parameter places: the axes that a table or figure names, by the key that names them.
  func check(
    _ places: KeyValuePairs<String, [String]>, cover instances: [PlannedInstance],
    for owner: String
  ) throws {
    for (place, names) in places {
      for name in names where axes[name] == nil {
        let hint = suggestion(for: name, among: Array(axes.keys))
        throw ReportError.impossible("\(owner): '\(place)' names no axis: '\(name)'\(hint)")
      }
    }
    for (place, names) in places where points(of: names, among: instances).isEmpty {
      throw ReportError.impossible(
        "\(owner): nothing that it shows depends on '\(names.joined(separator: "', '"))',"
          + " which '\(place)' names")
    }
    let named = places.flatMap(\.value)
    for axis in axes.keys where !named.contains(axis) {
      // An axis at one value only, as after `include`, needs no place.
      let values = Dictionary(grouping: instances.filter { $0.point[axis] != nil }, by: \.stageName)
      let divided = values.filter { Set($0.value.map { $0.point[axis] }).count > 1 }.keys.min()
      if let stage = divided {
        let choices = places.map { "'\($0.key)'" }.joined(separator: ", ")
        throw ReportError.impossible(
          "\(owner): \(stage) also depends on the axis '\(axis)'; name it under one of \(choices)")
      }
    }
  }

  /// The values of an axis with their numbers, ascending.
  /// - Parameter key: what names the axis, for messages.
  /// - Throws: `ReportError.impossible` where a value is no number.
  func numbers(
    of axis: String, key: String, owner: String
  ) throws -> [(value: JSONValue, x: Double)] {
    try axes[axis, default: []].map { value in
      guard let x = value.number else {
        throw ReportError.impossible("\(owner): '\(key)' needs an axis of numbers, not '\(axis)'")
      }
      return (value, x)
    }.sorted { $0.x < $1.x }
  }

  private func ranks(of point: AxisPoint) -> [Int] {
    point.map { axes[$0.key]?.firstIndex(of: $0.value) ?? .max }
  }
}

extension PlannedInstance {
  /// Whether it grades what a model writes: its output `scores` holds completions.
  var isEvaluation: Bool { kind.outputs.contains { $0.name == "scores" } }

  /// How long it took, in seconds; 0 before it is done.
  var seconds: Double { artifact?.record.seconds ?? 0 }

  /// A published value that is a whole number.
  func count(_ name: String) -> Int? { values[name]?.number.flatMap { Int(exactly: $0) } }
}
