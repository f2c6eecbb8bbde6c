/// The part of a report that says what each arm is: the stages that lead to its model.
struct ArmsSection {
  let lineages: [ArmLineage]
  let baseline: String?

  /// How many materials and parameters of a step are named.
  private static let shown = 6

  /// The section's content; nothing where the plan does not say what is bound to what.
  var markup: Markup {
    if lineages.isEmpty { return .empty }
    let items = lineages.map { lineage in
      let isBaseline = lineage.arm == baseline
      let tag = isBaseline ? Markup.element("span", ["class": "tag"], "baseline") : .empty
      return Markup.element(
        "li", [:], .element("h3", [:], Markup(lineage.arm), tag),
        .element("ol", ["class": "chain"], lineage.steps.map(markup)))
    }
    return .element("ol", ["class": "arms"], items)
  }

  private func markup(_ step: ArmLineage.Step) -> Markup {
    let values = step.differing.map { "\($0.path) \($0.value.prefix(60))" }
    let facts = [step.materials.isEmpty ? "" : "on " + list(step.materials), list(values)]
    let lines = facts.filter { !$0.isEmpty }.map { fact in
      Markup.element("span", ["class": "quiet"], Markup(fact))
    }
    return .element(
      "li", [:],
      .element("a", ["href": "#stage-\(step.stageName)"], Markup(step.stageName)),
      .element("span", ["class": "kind"], Markup(step.kind)), Markup(lines))
  }

  private func list(_ names: [String]) -> String {
    let more = names.count - Self.shown
    return names.prefix(Self.shown).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
