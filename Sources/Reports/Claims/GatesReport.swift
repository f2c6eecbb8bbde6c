import Base
import Runner

/// What a recipe's gates came to at each point.
package struct GatesReport: Sendable {
  /// A gate at a point.
  struct Entry: Sendable {
    let gate: PlannedInstance
    /// How many instances wait for it, or are made from such.
    let guarded: Int

    /// The fewest words for what became of it.
    var verdict: String {
      guard let outcome = gate.outcome else { return gate.state == .stopped ? "stopped" : "open" }
      return outcome.passes ? "passed" : "failed"
    }

    /// What was measured against which bounds; the bounds alone before it is done.
    var values: String {
      if gate.state == .stopped { return gate.reason }
      return gate.outcome?.words ?? gate.instance.gate?.words ?? ""
    }

    var consequence: String {
      guard let outcome = gate.outcome, !outcome.passes else { return "" }
      if !outcome.stops { return "marked" }
      return guarded == 1 ? "1 instance is not run" : "\(guarded) instances are not run"
    }
  }

  /// In the order of the plan.
  let entries: [Entry]

  init(_ data: Findings) {
    let plan = Plan(items: data.instances)
    entries = data.instances.enumerated().compactMap { index, item in
      item.instance.gate == nil ? nil : Entry(gate: item, guarded: plan.guarded(by: index).count)
    }
  }

  /// Whether the recipe has no gate.
  package var isEmpty: Bool { entries.isEmpty }

  /// Whether no gate failed, is open or was stopped by another.
  var allPassed: Bool { entries.allSatisfy { $0.gate.outcome?.passes == true } }

  private static let header = ["gate", "at", "verdict", "values", "then"]

  /// For programs. `passes` is null until the gate is done.
  package var json: JSONValue {
    .array(
      entries.map { entry in
        let (gate, outcome) = (entry.gate, entry.gate.outcome)
        return [
          "gate": .string(gate.stageName), "instance": .string(gate.name),
          "point": .object(Dictionary(gate.point.map { ($0.key, $0.value) }) { $1 }),
          "verdict": .string(entry.verdict), "passes": outcome.map { .boolean($0.passes) } ?? .null,
          "otherwise": .string(gate.instance.gate?.otherwise.rawValue ?? ""),
          "values": .array((outcome?.readings ?? []).map(\.json)),
          "stopped": .integer(outcome?.stops == true ? entry.guarded : 0),
        ]
      })
  }

  /// For a terminal: a line for each point. Empty where there is no gate.
  package var terminalText: String {
    if isEmpty { return "" }
    let rows = entries.map { entry in
      ["  " + entry.gate.name, entry.verdict]
        + [[entry.values, entry.consequence].filter { !$0.isEmpty }.joined(separator: "; ")]
    }
    return "Gates\n" + AlignedText.lines(rows).map { $0 + "\n" }.joined()
  }

  /// As Markdown (GitHub's), with a heading. Empty where there is no gate.
  package var markdown: String {
    if isEmpty { return "" }
    let rows = entries.map { entry in
      Self.cells(entry).map(TableReport.markdownText)
    }
    let table = ([Self.header, Self.header.map { _ in "---" }] + rows)
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    return "### Gates\n\n\(table)"
  }

  /// As a section of a page. Empty where there is no gate.
  var markup: Markup {
    if isEmpty { return .empty }
    let body = Markup.element("tbody", [:], entries.map(row))
    return HTMLTable.framed(
      HTMLTable.table(HTMLTable.head(Self.header, numbers: []), [body]), label: "Gates")
  }

  private static func cells(_ entry: Entry) -> [String] {
    [
      entry.gate.stageName, entry.gate.point.coordinates, entry.verdict, entry.values,
      entry.consequence,
    ]
  }

  private func row(_ entry: Entry) -> Markup {
    let cells = Self.cells(entry)
    let style = ["passed": "right", "failed": "wrong"][entry.verdict] ?? "open"
    let verdict = Markup.element("span", ["class": "verdict \(style)"], Markup(entry.verdict))
    let head = Markup.element(
      "th", ["scope": "row"],
      .element("a", ["href": "#stage-\(entry.gate.stageName)"], Markup(cells[0])))
    return .element(
      "tr", [:],
      [head, .element("td", [:], Markup(cells[1])), .element("td", [:], verdict)]
        + cells.dropFirst(3).map { .element("td", [:], Markup($0)) })
  }
}

extension GateOutcome.Reading {
  fileprivate var json: JSONValue {
    func number(_ value: Double?) -> JSONValue {
      value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
    }
    return [
      "name": .string(name), "value": number(value), "at_least": number(bounds.atLeast),
      "at_most": number(bounds.atMost), "passes": .boolean(passes),
    ]
  }
}
