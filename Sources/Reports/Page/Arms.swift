import Foundation
import OrderedCollections
import Runner

/// The part of a report that says what each arm is: the stages that lead to its model.
package struct ArmsSection {
  let lineages: [ArmLineage]
  let baseline: String?

  /// How many materials and parameters of a step are named.
  private static let shown = 6

  /// Arms that came about alike, such as those that differ in how many problems they had, are one.
  private var groups: [[ArmLineage]] {
    let alike = OrderedDictionary(grouping: lineages) { lineage in
      lineage.steps.map { [$0.stageName] + facts($0) }
    }
    return alike.values.elements
  }

  /// Whether there are more arms than a reader takes in on the way.
  var isLong: Bool { groups.count > 6 }

  /// The section's content; nothing where the plan does not say what is bound to what.
  var markup: Markup {
    if lineages.isEmpty { return .empty }
    let items = groups.map { group in
      let isBaseline = group.contains { $0.arm == baseline }
      let tag = isBaseline ? Markup.element("span", ["class": "tag"], "baseline") : .empty
      let (name, variants) = Self.names(of: group.map(\.arm))
      let which = variants.map { Markup.element("p", ["class": "quiet"], Markup($0)) } ?? .empty
      return Markup.element(
        "li", [:],
        .element("div", [:], .element("h3", [:], Markup(name), tag), which),
        .element("ol", ["class": "chain"], group[0].steps.map(markup)))
    }
    return .element("ol", ["class": "arms"], items)
  }

  /// What the labels of some arms share, and what tells them apart: `base` with `examples=8, …`.
  package static func names(of arms: [String]) -> (name: String, variants: String?) {
    guard arms.count > 1 else { return (arms.first ?? "", nil) }
    let parts = arms.map { $0.components(separatedBy: AxisPoint.separator) }
    let isShared = { part in parts.allSatisfy { $0.contains(part) } }
    let variants = parts.map { $0.filter { !isShared($0) }.joined(separator: AxisPoint.separator) }
    let name = parts[0].filter(isShared).joined(separator: AxisPoint.separator)
    let list = variants.joined(separator: ", ")
    return name.isEmpty ? (list, nil) : (name, list)
  }

  private func markup(_ step: ArmLineage.Step) -> Markup {
    let lines = facts(step).filter { !$0.isEmpty }.map { fact in
      Markup.element("span", ["class": "quiet"], Markup(fact))
    }
    return .element(
      "li", [:],
      .element("a", ["href": "#stage-\(step.stageName)"], Markup(step.stageName)),
      .element("span", ["class": "kind"], Markup(step.kind)), Markup(lines))
  }

  /// What a step worked on, and with which parameters, where these tell arms apart.
  private func facts(_ step: ArmLineage.Step) -> [String] {
    let values = step.differing.map { "\($0.path) \($0.value.prefix(60))" }
    return [step.materials.isEmpty ? "" : "on " + list(step.materials), list(values)]
  }

  private func list(_ names: [String]) -> String {
    let more = names.count - Self.shown
    return names.prefix(Self.shown).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}

/// How an arm's model came about: the stages from the first model to the one that is measured.
package struct ArmLineage: Sendable {
  package struct Step: Sendable {
    package let stageName: String
    package let kind: String
    /// What it worked on beside the model, such as `arithmetic.test`.
    package fileprivate(set) var materials: [String] = []
    /// The parameters in which this arm differs from others that have a step of this kind.
    package fileprivate(set) var differing: [(path: String, value: String)] = []
    /// The values that each parameter has, over runs and benchmarks.
    fileprivate var parameters: OrderedDictionary<String, OrderedSet<String>> = [:]
  }

  package let arm: String
  /// The steps, the first model first.
  package private(set) var steps: [Step]

  /// The lineage of each arm, where the plan says what is bound to what.
  package static func all(of places: EvaluationPlaces, in data: Findings) -> [ArmLineage] {
    var lineages = places.arms.flatMap { arm -> [ArmLineage] in
      let own = places.places.filter { $0.arm == arm }
      let chains = own.map { data.models(behind: $0.instance) }.filter { !$0.isEmpty }
      return OrderedDictionary(grouping: chains) { $0.map(\.stageName) }.values.map {
        ArmLineage(arm: arm, chains: $0, data)
      }
    }
    markDifferences(&lineages)
    return lineages
  }

  /// Lays chains of the same stages on top of each other.
  private init(
    arm: String, chains: [[PlannedInstance]], _ data: Findings
  ) {
    self.arm = arm
    steps = (chains.first ?? []).indices.map { position in
      let instances = chains.map { $0[position] }
      var step = Step(
        stageName: instances[0].stageName, kind: instances[0].kind.name)
      let inputs = instances.flatMap(data.bindings).filter { !$0.isModel }
      step.materials =
        OrderedSet(
          inputs.map { input in
            let isOnly = data[input.producer]?.kind.outputs.count == 1
            return isOnly ? input.producerStage : "\(input.producerStage).\(input.output)"
          }
        ).elements
      for instance in instances {
        for leaf in instance.parameters.leaves {
          step.parameters[leaf.path, default: []].append(leaf.value.exactText)
        }
      }
      return step
    }
  }

  /// A parameter tells arms apart where it has one value in each step of the kind, and not the
  /// same in all; those that vary within an arm, such as seeds, tell runs apart.
  private static func markDifferences(_ lineages: inout [ArmLineage]) {
    let steps = Dictionary(grouping: lineages.flatMap(\.steps), by: \.kind)
    for index in lineages.indices {
      for position in lineages[index].steps.indices {
        let step = lineages[index].steps[position]
        let alike = steps[step.kind, default: []]
        lineages[index].steps[position].differing = step.parameters.compactMap { path, values in
          let all = alike.map { $0.parameters[path] ?? [] }
          guard all.allSatisfy({ $0.count <= 1 }), Set(all).count > 1, let value = values.first
          else { return nil }
          return (path, value)
        }
      }
    }
  }
}
