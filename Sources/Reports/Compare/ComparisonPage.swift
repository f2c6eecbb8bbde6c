import Base
import OrderedCollections
import Runner

/// A comparison as one page that opens offline: what differs, and a browser of completions in
/// which the two runs are the arms and each evaluation is a benchmark.
package struct ComparisonPage {
  private let comparison: RunComparison

  package init(_ comparison: RunComparison) { self.comparison = comparison }

  package var html: String {
    let sides = ComparisonSides(comparison)
    let completions = CompletionsSection(
      sides.data, sides.evaluated,
      browser: BrowserData(sides.places, data: sides.data))
    return PageFrame(
      title: "\(comparison.first.name) and \(comparison.second.name)", heading: heading,
      sections: [
        .init(id: "arms", title: "Accuracy by arm", content: arms),
        .init(id: "parameters", title: "Parameters that differ", content: parameters),
        .init(id: "numbers", title: "Numbers that differ", content: numbers),
        .init(id: "lone", title: "Done in one run only", content: lone),
        .init(id: "completions", title: "Completions", content: completions.markup),
      ], footer: "Made by warmup compare from the results of two runs alone.",
      scripts: completions.scripts, runnable: completions.runnable
    ).html
  }

  private var heading: Markup {
    let sides = [("A", comparison.first), ("B", comparison.second)].map { letter, run in
      (
        "\(run.plan.results.count) of \(run.plan.items.count)",
        "\(letter): \(run.name), instances done"
      )
    }
    let facts = (sides + [("\(comparison.sameCount)", "the same result in both")]).map {
      Markup.element(
        "div", [:], .element("dd", [:], Markup($0.0)), .element("dt", [:], Markup($0.1)))
    }
    return .element("p", ["class": "kicker"], "warmup compare")
      + .element("h1", [:], Markup("\(comparison.first.name) → \(comparison.second.name)"))
      + .element("dl", ["class": "facts"], facts)
  }

  private var arms: Markup {
    if comparison.arms.isEmpty { return .empty }
    let rows = comparison.arms.map(\.cells)
    return Self.table(
      ArmComparison.header, [Group(heading: nil, rows: rows)], title: "Accuracy by arm",
      numbers: [1, 2, 3, 4])
  }

  private var parameters: Markup {
    if comparison.stages.isEmpty { return .element("p", ["class": "quiet"], "None.") }
    let rows = comparison.stages.flatMap { stage -> [[String]] in
      guard let one = stage.firstKind else {
        return [[stage.name, "stage", "–", stage.secondKind ?? ""]]
      }
      guard let other = stage.secondKind else { return [[stage.name, "stage", one, "–"]] }
      let kinds = one == other ? [] : [[stage.name, "kind", one, other]]
      return kinds
        + stage.changes.map { [stage.name, $0.name, $0.first ?? "–", $0.second ?? "–"] }
    }
    return Self.table(
      ["Stage", "What", "A", "B"], [Group(heading: nil, rows: rows)],
      title: "Parameters that differ")
  }

  private var numbers: Markup {
    let intervals = Dictionary(
      comparison.evaluations.map { ($0.instance, $0.difference?.interval()) }
    ) { first, _ in first }
    let groups = comparison.metrics.map { metrics in
      let rows = metrics.values.map { value -> [String] in
        let interval = value.name == "accuracy" ? intervals[metrics.instance] ?? nil : nil
        let bounds = interval.map {
          "\(Self.signed($0.lowerBound)) to \(Self.signed($0.upperBound))"
        }
        return [
          value.name, NumberText.short(value.first), NumberText.short(value.second),
          Self.signed(value.second - value.first), bounds ?? "",
        ]
      }
      return Group(heading: metrics.instance, rows: rows)
    }
    if groups.isEmpty { return .element("p", ["class": "quiet"], "None.") }
    return Self.table(
      ["Number", "A", "B", "B − A", "95 % over problems"], groups, title: "Numbers that differ",
      numbers: [1, 2, 3, 4])
  }

  private var lone: Markup {
    let rows = [("A", comparison.onlyFirst), ("B", comparison.onlySecond)].compactMap {
      run, names in
      names.isEmpty ? nil : [run, ComparisonText.brief(names).joined(separator: ", ")]
    }
    return rows.isEmpty
      ? .empty
      : Self.table(
        ["Run", "Instances"], [Group(heading: nil, rows: rows)], title: "Done in one run only")
  }

  private static func signed(_ value: Double) -> String {
    value > 0 ? "+" + NumberText.short(value) : NumberText.short(value)
  }

  /// Rows of a table that belong together.
  private struct Group {
    let heading: String?
    let rows: [[String]]
  }

  private static func table(
    _ head: [String], _ groups: [Group], title: String, numbers: [Int] = []
  ) -> Markup {
    let bodies = groups.map { group in
      let heading = group.heading.map { text in
        Markup.element(
          "tr", ["class": "group"],
          .element("th", ["scope": "rowgroup", "colspan": "\(head.count)"], Markup(text)))
      }
      let lines = group.rows.map { row in
        let cells = row.dropFirst().enumerated().map { column, text in
          Markup.element("td", ["class": HTMLTable.style(column + 1, numbers)], Markup(text))
        }
        return Markup.element("tr", [:], [.element("th", ["scope": "row"], Markup(row[0]))] + cells)
      }
      return Markup.element("tbody", [:], [heading].compactMap(\.self) + lines)
    }
    return HTMLTable.framed(
      HTMLTable.table(HTMLTable.head(head, numbers: numbers), bodies, style: "plain-table"),
      label: title)
  }
}

/// Both runs' evaluations as the browser of completions takes them.
struct ComparisonSides {
  let places: EvaluationPlaces
  let data: Findings
  /// The evaluations that differ, run by run.
  let evaluated: [PlannedInstance]

  /// Lays both runs into one plan, in which a letter before the name tells them apart.
  init(_ comparison: RunComparison) {
    var items: [PlannedInstance] = []
    var places: [EvaluationPlace] = []
    let differing = OrderedSet(comparison.evaluations.map(\.instance))
    for (letter, run) in [("A", comparison.first), ("B", comparison.second)] {
      let results = run.plan.results
      let indices = Dictionary(
        results.enumerated().map { ($1.name, items.count + $0) }
      ) { $1 }
      for result in results {
        guard let artifact = result.artifact else { continue }
        let item = Self.item(result, artifact, letter, indices)
        items.append(item)
        guard differing.contains(result.name) else { continue }
        places.append(
          .init(instance: item, arm: "\(letter): \(run.name)", benchmark: result.name))
      }
    }
    evaluated = places.map(\.instance)
    self.places = EvaluationPlaces(places: places)
    data = Findings(axes: [:], plan: Plan(items: items))
  }

  private static func item(
    _ result: PlannedInstance, _ artifact: Artifact, _ letter: String, _ indices: [String: Int]
  ) -> PlannedInstance {
    let inputs = artifact.record.fields.inputs.sorted { $0.key < $1.key }.compactMap {
      port, input in
      artifact.record.producers[port].flatMap { indices[$0] }.map {
        BoundInput(port: port, producer: $0, output: input.output)
      }
    }
    return PlannedInstance(
      instance: Instance(
        recorded: "\(letter): \(result.name)", kind: result.kind, parameters: result.parameters,
        identity: result.instance.identity, inputs: inputs),
      state: .cached, reason: "", fields: result.fields, key: result.key, artifact: artifact)
  }
}
