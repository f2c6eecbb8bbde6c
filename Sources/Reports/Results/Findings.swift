import Base
import Foundation
import OrderedCollections
import Runner

/// An instance that a plan holds, whether it has run or not.
package struct ExpectedInstance: Sendable {
  /// The stage's name in the recipe.
  package let stageName: String
  /// The point of the axes.
  package let point: AxisPoint
  /// The kind, its parameters and where its inputs come from; nil where only the name is known.
  package let work: PlannedWork?

  /// Describes an instance.
  package init(stageName: String, point: AxisPoint, work: PlannedWork? = nil) {
    self.stageName = stageName
    self.point = point
    self.work = work
  }

  /// The name with the point, as people write it on the command line.
  var name: String { Instance.name(stageName, at: point) }
}

/// What tables and figures are made from: the plan, and what is done of it.
package struct ReportData: Sendable {
  /// The axes with their values, in the recipe's order.
  package let axes: OrderedDictionary<String, [JSONValue]>
  /// Every instance of the plan.
  package let planned: [ExpectedInstance]
  private let results: [String: InstanceResult]

  /// Joins a plan with its results.
  package init(
    axes: OrderedDictionary<String, [JSONValue]>, planned: [ExpectedInstance],
    results: [InstanceResult]
  ) {
    self.axes = axes
    self.planned = planned
    self.results = Dictionary(results.map { ($0.name, $0) }) { $1 }
  }

  /// The instances of a stage, in the order of the plan.
  /// - Throws: `ReportError.impossible` where the recipe has no such stage.
  func instances(of stage: String, for owner: String) throws -> [ExpectedInstance] {
    let found = planned.filter { $0.stageName == stage }
    if !found.isEmpty { return found }
    let stages = OrderedSet(planned.map(\.stageName)).elements
    throw ReportError.impossible(
      "\(owner): there is no stage '\(stage)'\(suggestion(for: stage, among: stages))")
  }

  /// What an instance published, if it is done.
  func result(of instance: ExpectedInstance) -> InstanceResult? { results[instance.name] }

  /// What the instance of a name published, if it is done.
  func result(named name: String) -> InstanceResult? { results[name] }

  /// The points of some axes at which there are instances, in the order of the axes' values.
  ///
  /// Instances that do not depend on all of the axes are left out: they belong to every point.
  func points(of names: [String], among instances: [ExpectedInstance]) -> [AxisPoint] {
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
    _ places: KeyValuePairs<String, [String]>, cover instances: [ExpectedInstance],
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

/// What an instance of a plan does, and what it is bound to: known before anything runs.
package struct PlannedWork: Sendable {
  /// An output of another instance that is bound to an input port.
  package struct Input: Sendable, Hashable {
    /// The input port, such as `model`.
    package let port: String
    /// The name of the producing instance.
    package let producer: String
    /// The stage of the producing instance.
    package let stageName: String
    /// The producer's output port.
    package let output: String

    /// Describes a binding.
    package init(port: String, producer: String, stageName: String, output: String) {
      self.port = port
      self.producer = producer
      self.stageName = stageName
      self.output = output
    }
  }

  /// The kind's name.
  package let kind: String
  /// Every parameter, defaults filled in.
  package let parameters: JSONValue
  /// What is bound to the input ports.
  package let inputs: [Input]
  /// The names of the output ports.
  package let outputs: [String]

  /// Describes the work of an instance.
  package init(kind: String, parameters: JSONValue, inputs: [Input], outputs: [String]) {
    self.kind = kind
    self.parameters = parameters
    self.inputs = inputs
    self.outputs = outputs
  }

  /// What is bound to a port.
  func input(_ port: String) -> Input? { inputs.first { $0.port == port } }
}

extension ExpectedInstance {
  /// Takes what reports need from the instances of a plan.
  package static func all(of instances: [Instance]) -> [ExpectedInstance] {
    instances.map { instance in
      let inputs = instance.inputs.map { input in
        let producer = instances[input.producer]
        return PlannedWork.Input(
          port: input.port, producer: producer.name, stageName: producer.stageName,
          output: input.output)
      }
      return ExpectedInstance(
        stageName: instance.stageName, point: instance.point,
        work: PlannedWork(
          kind: instance.kind.kind, parameters: instance.parameters, inputs: inputs,
          outputs: instance.kind.outputs.map(\.name)))
    }
  }

  /// Whether it grades what a model writes: its output `scores` holds completions.
  var isEvaluation: Bool { work.map { $0.outputs.contains("scores") } ?? true }
}

extension InstanceResult {
  /// What `record.json` says; nil where it cannot be read.
  var record: JSONValue? {
    guard let data = try? Data(contentsOf: folder.appending(path: "record.json")) else {
      return nil
    }
    return try? JSONValue(parsing: data)
  }

  /// A published value that is a whole number.
  func count(_ name: String) -> Int? { values[name]?.number.flatMap { Int(exactly: $0) } }
}
