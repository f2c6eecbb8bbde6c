import Foundation
import OrderedCollections

/// The part of a report that says what each arm is: the stages that lead to its model.
package struct ArmsSection {
  let lineages: [ArmLineage]
  let baseline: String?

  /// How many materials and parameters of a step are named.
  private static let shown = 6

  /// The section's content; nothing where the plan does not say what is bound to what.
  var markup: Markup {
    if lineages.isEmpty { return .empty }
    // Arms that came about alike, such as those that differ in how many problems they had, are one.
    let groups = OrderedDictionary(grouping: lineages) { lineage in
      lineage.steps.map { [$0.stageName] + facts($0) }
    }
    let items = groups.values.map { group in
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
