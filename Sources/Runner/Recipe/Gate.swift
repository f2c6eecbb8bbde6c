import Base
import OrderedCollections

/// What a stage's values must be for the rest to make sense: the key `require` of a stage.
///
/// It belongs to no key: it is judged by published values, and changing it computes nothing again.
package struct Gate: Sendable, Equatable {
  /// What becomes of a point at which the values are others.
  package enum Otherwise: String, ParameterChoice {
    /// Nothing that waits for the gate runs there.
    case stop
    /// Everything runs, and what stands there is marked.
    case mark
  }

  /// The bounds of each value, by its name, in the recipe's order.
  package let bounds: OrderedDictionary<String, GateBounds>
  package let otherwise: Otherwise

  package init(_ bounds: OrderedDictionary<String, GateBounds>, otherwise: Otherwise = .stop) {
    self.bounds = bounds
    self.otherwise = otherwise
  }

  /// For locks and registrations.
  package var json: JSONValue {
    [
      "values": .object(Dictionary(bounds.map { ($0.key, $0.value.json) }) { $1 }),
      "otherwise": .string(otherwise.rawValue),
    ]
  }

  package init?(json: JSONValue) {
    guard let values = json["values"]?.object,
      let otherwise = json["otherwise"]?.string.flatMap(Otherwise.init(rawValue:))
    else { return nil }
    let bounds = values.sorted { $0.key < $1.key }.map { name, bounds in
      (name, GateBounds(atLeast: bounds["at_least"]?.number, atMost: bounds["at_most"]?.number))
    }
    self.init(OrderedDictionary(bounds) { $1 }, otherwise: otherwise)
  }

  /// The order of the values means nothing.
  package static func == (one: Gate, other: Gate) -> Bool {
    one.otherwise == other.otherwise
      && Dictionary(one.bounds.map { ($0.key, $0.value) }) { $1 }
        == Dictionary(other.bounds.map { ($0.key, $0.value) }) { $1 }
  }

  /// `accuracy at least 0.8, worked from 0.02 to 0.08`.
  package var words: String {
    bounds.map { "\($0.key) \($0.value.words)" }.joined(separator: ", ")
      + (otherwise == .mark ? ", otherwise mark" : "")
  }
}

/// Between which numbers a value must lie, both among them.
package struct GateBounds: ParameterSet, Equatable {
  package var atLeast: Double?
  package var atMost: Double?

  package init() {}

  package init(atLeast: Double?, atMost: Double?) {
    self.atLeast = atLeast
    self.atMost = atMost
  }

  package static var fields: [Field<Self>] {
    [
      Field("at_least", \.atLeast, "the least that the value may be"),
      Field("at_most", \.atMost, "the most that the value may be"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    guard atLeast != nil || atMost != nil else {
      sink.report(position, "there is no bound: give 'at_least', 'at_most' or both")
      return
    }
    guard let atLeast, let atMost, atLeast > atMost else { return }
    sink.report(
      positions["at_least"] ?? position,
      "'at_least' \(NumberText.exact(atLeast)) lies above 'at_most' \(NumberText.exact(atMost)), so "
        + "that no value passes")
  }

  /// Binary arithmetic alone must not decide: the mean of some thirds may be 0.7999999999999999.
  private static let tolerance = 1e-9

  func isBelow(_ value: Double) -> Bool {
    atLeast.map { value < $0 - Self.tolerance * max(1, abs($0)) } ?? false
  }

  func isAbove(_ value: Double) -> Bool {
    atMost.map { value > $0 + Self.tolerance * max(1, abs($0)) } ?? false
  }

  /// `at least 0.8`, `at most 0.5` or `from 0.02 to 0.08`.
  package var words: String {
    switch (atLeast, atMost) {
    case (let low?, let high?): "from \(NumberText.exact(low)) to \(NumberText.exact(high))"
    case (let low?, nil): "at least \(NumberText.exact(low))"
    case (nil, let high): high.map { "at most \(NumberText.exact($0))" } ?? "any"
    }
  }
}

/// A gate as the recipe writes it.
struct GateDeclaration {
  let gate: Gate
  /// Where the name of each value stands.
  let positions: [String: SourcePosition]
}

extension GateDeclaration {
  private static let otherwise = "otherwise"

  /// Reads `require` of a stage, reporting what is wrong with it.
  /// - Returns: nil where the stage requires nothing, or something was reported.
  init?(_ entry: RecipeEntry?, of stage: RecipeEntry, into sink: inout DiagnosticSink) {
    guard let entry else { return nil }
    if case .null = entry.node.value { return nil }
    let before = sink.diagnostics.count
    guard let entries = entry.node.entries(expected: "bounds by value", into: &sink) else {
      return nil
    }
    var bounds: OrderedDictionary<String, GateBounds> = [:]
    for value in entries where value.key != Self.otherwise {
      let fields = value.node.entries(
        expected: "bounds, as in {at_least: 0.8}", into: &sink)
      bounds[value.key] = fields.flatMap {
        GateBounds.decode(
          $0, at: value.keyPosition, owner: " of '\(value.key)' in 'require' of '\(stage.key)'",
          into: &sink)
      }
    }
    let otherwise = entries[Self.otherwise].flatMap { Gate.Otherwise.decode($0.node, into: &sink) }
    if sink.diagnostics.count == before, bounds.isEmpty {
      sink.report(
        entry.keyPosition, "'require' names no value, as in {accuracy: {at_least: 0.8}}")
    }
    guard sink.diagnostics.count == before else { return nil }
    gate = Gate(bounds, otherwise: otherwise ?? .stop)
    positions = Dictionary(entries.map { ($0.key, $0.keyPosition) }) { first, _ in first }
  }
}

extension ReportChecks {
  /// Reports values that a gate requires and that the stage does not declare to publish.
  func gate(of stage: LinkedStage, into sink: inout DiagnosticSink) {
    guard let declaration = stage.declaration.gate else { return }
    for name in declaration.gate.bounds.keys {
      guard let position = declaration.positions[name] else { continue }
      check(name: name, of: stage, as: .value, at: position, into: &sink)
    }
  }
}

extension AxisPoint {
  /// Whether it agrees with another point on all axes of that point.
  package func lies(on other: AxisPoint) -> Bool {
    other.allSatisfy { self[$0.key] == $0.value }
  }
}

extension Instance {
  var isQuick: Bool { stage.map { type(of: $0).isQuick } ?? false }
}

/// Which instances wait for which gates, and an order in which they do.
///
/// Gates count in the order in which the recipe declares them. The rank of an instance is the number
/// of the first gate that it is, or that needs it. It waits for the gates of lower numbers on whose
/// points it lies. No circle can arise: whoever needs an instance needs what that was made from, so
/// that ranks never fall along inputs, and they rise from a gate to whatever waits for it. Sorting
/// by rank, and else as before, is therefore an order in which all come after what they wait for.
struct GateOrder {
  private let instances: [Instance]
  /// The stages that have gates, in the recipe's order.
  private let stages: [String]
  private let ranks: [Int]

  /// - Parameters:
  ///   - instances: producers first.
  ///   - stages: the stages that have gates, in the recipe's order.
  init(_ instances: [Instance], gates stages: [String]) {
    self.instances = instances
    self.stages = stages
    let numbers = Dictionary(stages.enumerated().map { ($1, $0) }) { first, _ in first }
    var ranks = instances.map { numbers[$0.stageName] ?? stages.count }
    for index in instances.indices.reversed() {
      for input in instances[index].inputs {
        ranks[input.producer] = min(ranks[input.producer], ranks[index])
      }
    }
    self.ranks = ranks
  }

  /// The instances in an order in which they come after what they wait for.
  var ordered: [Instance] {
    if stages.isEmpty { return instances }
    let guards = guards
    var isEarly = instances.map { _ in false }
    for (index, instance) in instances.enumerated() where instance.isQuick {
      // Mistakes of quick stages are to be known first.
      isEarly[index] =
        guards[index].isEmpty && instance.inputs.allSatisfy { isEarly[$0.producer] }
    }
    func place(_ index: Int) -> (Int, Int) { (isEarly[index] ? -1 : ranks[index], index) }
    let order = instances.indices.sorted { place($0) < place($1) }
    var positions = order
    for (position, index) in order.enumerated() { positions[index] = position }
    return order.map { index in
      instances[index].placed(guards: guards[index].map { positions[$0] }) { positions[$0] }
    }
  }

  /// The gates that each instance waits for, those declared first come first.
  private var guards: [[Int]] {
    var found = instances.map { _ in [Int]() }
    for (number, stage) in stages.enumerated() {
      let gates = instances.indices.filter { instances[$0].stageName == stage }
      let places = Dictionary(gates.map { (instances[$0].point, $0) }) { first, _ in first }
      guard let axes = gates.first.map({ Set(instances[$0].point.keys) }) else { continue }
      for (index, instance) in instances.enumerated() where ranks[index] > number {
        if let gate = places[instance.point.projected(on: axes)] { found[index].append(gate) }
      }
    }
    return found
  }
}
