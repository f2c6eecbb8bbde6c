import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// `warmup status RECIPE`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract:
      "Show what is done and what is running, the results, and the outcome of gates and claims."
  )

  @OptionGroup var options: RecipePartOptions

  @Flag(help: "Print JSON: 'instances', 'gates' and 'claims', an object each.")
  var json = false

  func run() throws {
    let workspace = try Workspace(options)
    let plan = try workspace.findings()
    let rows = plan.items.map { row($0, workspace.cache) }
    // What a gate stopped beyond the part is no gap in a claim.
    let report = try workspace.report(of: plan.gated(reading: workspace.values))
    let (claims, gates) = (report.claims, report.gates)
    if json {
      let sections: JSONValue = [
        "instances": .array(rows), "gates": gates.json, "claims": claims.json,
      ]
      try StandardOutput.writeJSON(sections.prettyText)
      return
    }
    let asked = zip(plan.items, rows).filter(\.0.isAsked)
    let more = [
      (plan.count(.stopped), "stopped by gates"), (plan.count(.notAsked), "not asked for"),
    ]
    .filter { $0.0 > 0 }.map { ", \($0.0) \($0.1)" }.joined()
    try StandardOutput.write(
      "\(workspace.recipe.name): \(plan.count(.cached)) of \(asked.count) done\(more)\n")
    let names = AlignedText.column(asked.map(\.0.name))
    for ((item, row), name) in zip(asked, names) {
      try StandardOutput.write("  \(mark(item)) \(name)  \(words(item, row))\n")
    }
    if !gates.isEmpty { try StandardOutput.write("\n" + gates.terminalText) }
    if !claims.isEmpty { try StandardOutput.write("\n" + claims.terminalText) }
  }

  private func row(_ item: PlannedInstance, _ cache: Cache) -> JSONValue {
    [
      "instance": .string(item.instance.name), "kind": .string(item.instance.kind.name),
      "state": .string(item.state.rawValue),
      "step": item.key.flatMap { cache.workFolder($0).newestStep }.map { .integer($0) } ?? .null,
      "seconds": item.artifact.map { .number($0.record.seconds) } ?? .null,
      "values": item.artifact.map { .object($0.record.values) } ?? .null,
    ]
  }

  private func mark(_ item: PlannedInstance) -> String {
    switch item.state {
    case .cached: "done   "
    case .toRun: "to run "
    case .blocked: "blocked"
    case .notAsked: "left   "
    case .stopped: "stopped"
    }
  }

  private func words(_ item: PlannedInstance, _ row: JSONValue) -> String {
    guard let values = item.artifact?.record.values else { return item.reason }
    return item.valueWords(values, atMost: 6)
  }
}

extension PlannedInstance {
  /// What was published, as far as it is numbers: in the order in which the kind declares them, what
  /// matters most first.
  func valueWords(_ values: [String: JSONValue], atMost count: Int) -> String {
    let declared = KindRegistry.standard[instance.kind.name]?.names.values ?? []
    let names = values.keys.sorted { one, other in
      let ranks = [one, other].map { declared.firstIndex(of: $0) ?? declared.count }
      return ranks[0] == ranks[1] ? one < other : ranks[0] < ranks[1]
    }
    let numbers = names.compactMap { name in
      values[name]?.number.map { "\(name) \(NumberText.short($0))" }
    }
    return numbers.prefix(count).joined(separator: ", ")
  }
}
