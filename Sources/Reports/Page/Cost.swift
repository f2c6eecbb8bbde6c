import Base
import Foundation
import OrderedCollections
import Runner

/// The part of a report that says what everything cost: seconds and tokens by stage.
struct CostSection {
  private struct StageCost {
    let stageName: String
    let kind: String
    let done: Int
    let planned: Int
    let seconds: Double
    let tokens: Int?
  }

  private let entries: [StageCost]

  /// Adds up what is done.
  init(_ data: Findings) {
    entries = OrderedDictionary(grouping: data.instances, by: \.stageName).map { name, instances in
      let results = instances.filter(\.isDone)
      let tokens = results.compactMap { Self.tokens(of: $0, data) }
      return StageCost(
        stageName: name, kind: instances[0].kind.name,
        done: results.count, planned: instances.count { $0.state != .stopped },
        seconds: results.map(\.seconds).reduce(0, +),
        tokens: tokens.isEmpty ? nil : tokens.reduce(0, +))
    }
  }

  /// What a stage that trains counted over all its steps, or what an evaluation wrote.
  private static func tokens(of result: PlannedInstance, _ data: Findings) -> Int? {
    if let counted = try? MetricCurve("tokens", over: "step", of: result, in: data.tables) {
      return Int(exactly: counted.y.filter(\.isFinite).reduce(0, +).rounded())
    }
    guard let mean = result.values["mean_tokens"]?.number,
      let problems = result.values["problems"]?.number,
      let samples = result.values["samples"]?.number
    else { return nil }
    return Int(exactly: (mean * problems * samples).rounded())
  }

  var markup: Markup {
    if entries.allSatisfy({ $0.done == 0 }) { return .empty }
    let head = ["Stage", "Kind", "Done", "Tokens", "Time", ""]
    let table = HTMLTable.table(
      HTMLTable.head(head, numbers: [2, 3, 4]),
      [.element("tbody", [:], entries.map(row)), .element("tfoot", [:], total)], style: "cost")
    return HTMLTable.framed(
      table, label: "Time and cost",
      [
        HTMLTable.notes([
          "Time: wall time of the runs that produced each result, summed; cached results count with"
            + " their original time.",
          "Tokens: those that a supervised stage trained on, that reinforcement learning sampled, or"
            + " that an evaluation's models wrote.",
        ])
      ])
  }

  private var longest: Double { max(entries.map(\.seconds).max() ?? 0, .leastNonzeroMagnitude) }

  private func row(_ entry: StageCost) -> Markup {
    let share = NumberText.plain(100 * entry.seconds / longest, decimals: 1)
    return .element(
      "tr", [:],
      .element(
        "th", ["scope": "row"],
        .element("a", ["href": "#stage-\(entry.stageName)"], Markup(entry.stageName))),
      .element("td", [:], .element("span", ["class": "quiet"], Markup(entry.kind))),
      HTMLTable.number(
        entry.done == entry.planned ? "\(entry.done)" : "\(entry.done) of \(entry.planned)"),
      HTMLTable.number(entry.tokens.map(NumberText.grouped) ?? ""),
      HTMLTable.number(NumberText.duration(entry.seconds)),
      .element(
        "td", ["class": "extent", "aria-hidden": "true"],
        .element("span", ["style": "width:\(share)%"])))
  }

  private var total: Markup {
    let tokens = entries.compactMap(\.tokens)
    return .element(
      "tr", [:], .element("th", ["scope": "row"], "All"), .element("td", [:]),
      HTMLTable.number("\(entries.map(\.done).reduce(0, +))"),
      HTMLTable.number(tokens.isEmpty ? "" : NumberText.grouped(tokens.reduce(0, +))),
      HTMLTable.number(NumberText.duration(entries.map(\.seconds).reduce(0, +))),
      .element("td", [:]))
  }
}

/// Which machines and versions made the results, from the artifacts' records.
struct Provenance {
  /// One machine with one set of versions, and the instances that it made.
  private struct Origin {
    let facts: [(String, String)]
    var instances: [String]
  }

  private var origins: [Origin] = []

  init(_ results: [PlannedInstance]) {
    var found: OrderedDictionary<JSONValue, [String]> = [:]
    for result in results {
      guard let record = result.artifact?.record.json else { continue }
      let origin: JSONValue = [
        "machine": record["machine"] ?? .null, "versions": record["versions"] ?? .null,
      ]
      found[origin, default: []].append(result.name)
    }
    origins = found.map { origin, names in
      let leaves = (origin["machine"]?.leaves ?? []) + (origin["versions"]?.leaves ?? [])
      let facts = leaves.filter { $0.value != .null }.map { ($0.path, $0.value.exactText) }
      return Origin(facts: facts, instances: names)
    }
  }

  /// The machines that did the work, such as `2 cores of AMD EPYC`, each once.
  var machines: [String] {
    let found = origins.compactMap { origin -> String? in
      let facts = Dictionary(origin.facts) { $1 }
      guard let cores = facts["cores"], let processor = facts["processor"] else { return nil }
      return (cores == "1" ? "1 core" : "\(cores) cores") + " of \(processor)"
    }
    return OrderedSet(found).elements
  }

  var markup: Markup {
    let parts = origins.map { origin in
      let count = origin.instances.count == 1 ? "1 instance" : "\(origin.instances.count) instances"
      let names = Markup.element(
        "details", [:], .element("summary", [:], Markup(count)),
        .element("p", ["class": "quiet"], Markup(origin.instances.joined(separator: " · "))))
      return Markup.element("div", ["class": "card"], ReportPage.definitions(origin.facts), names)
    }
    return Markup(parts)
  }
}
