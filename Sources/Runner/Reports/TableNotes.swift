import OrderedCollections

/// The sentences under a table: what its numbers mean, and what is missing.
struct TableNotes {
  let specification: TableSpecification
  let data: ReportData
  let references: [ValueReference]
  let instances: [ExpectedInstance]
  let rowPoints: [AxisPoint]
  let columns: [String]
  let cells: [[TableReport.Cell]]
  let spread: TableReport.Spread
  let published: PublishedTable?

  /// All sentences, in the order in which a reader asks for them.
  var sentences: [String] {
    [meaning, sizes, comparison, publication].compactMap(\.self) + unmatched + warnings + gaps
  }

  private var meaning: String {
    let unit = specification.format == .percent ? "In %. " : ""
    let counts = Set(cells.flatMap(\.self).filter(\.isComplete).map(\.values.count))
    let over = specification.over.joined(separator: " and ")
    switch spread {
    case .deviation:
      let runs = counts.isEmpty ? "" : " (n = \(range(counts)))"
      return "\(unit)Mean ± sample standard deviation over \(over)\(runs)."
    case .standardError:
      return "\(unit)± standard error over problems; each cell is one run."
    case .none:
      return "\(unit)Each cell is one run; how much runs differ is not known."
    }
  }

  /// How many problems and samples the numbers rest on, where the stages say so.
  private var sizes: String? {
    let used = Set(references.map(\.stage))
    let results = instances.filter { used.contains($0.stageName) }.compactMap(data.result)
    let problems = Set(results.compactMap { $0.values["problems"]?.integer })
    let samples = Set(results.compactMap { $0.values["samples"]?.integer })
    guard !problems.isEmpty else { return nil }
    let first = "\(range(problems)) \(problems == [1] ? "problem" : "problems")"
    guard !samples.isEmpty else { return first + "." }
    return "\(first), \(range(samples)) \(samples == [1] ? "sample" : "samples") each."
  }

  private var comparison: String? {
    guard !specification.baseline.isEmpty else { return nil }
    let row = specification.baseline.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let unit = specification.format == .percent ? " in percentage points" : ""
    return "Signed numbers are differences to \(row.joined(separator: ", "))\(unit)."
  }

  private var publication: String? {
    published.map { "Published: \($0.source); shown beside ours, not tested against it." }
  }

  /// Published numbers that no cell shows, so that a misspelt label is not lost.
  private var unmatched: [String] {
    guard let published else { return [] }
    let rows = Set(rowPoints.map(\.label))
    let lost = published.rows.sorted { $0.key < $1.key }.flatMap { row, cells in
      cells.keys.sorted().filter { !rows.contains(row) || !columns.contains($0) }
        .map { "\(row) / \($0)" }
    }
    if lost.isEmpty { return [] }
    return ["Published numbers without a cell here: \(lost.joined(separator: "; "))."]
  }

  /// What the stages themselves say against their numbers, in the fact `warning`.
  private var warnings: [String] {
    let used = Set(references.map(\.stage))
    var owners: OrderedDictionary<String, [String]> = [:]
    for instance in instances where used.contains(instance.stageName) {
      guard let warning = data.result(of: instance)?.values["warning"]?.string else { continue }
      owners[warning, default: []].append(instance.name)
    }
    return owners.map { "Mind: \($0) — \($1.joined(separator: ", "))." }
  }

  /// Which cells are not complete, and how far they are.
  private var gaps: [String] {
    let lines = zip(rowPoints, cells).flatMap { gaps(in: $1, called: $0.label) }
    if lines.isEmpty { return [] }
    return ["– marks cells whose runs are not all done: \(lines.joined(separator: "; "))."]
  }

  private func gaps(in row: [TableReport.Cell], called label: String) -> [String] {
    let open = zip(columns, row).filter { $1.planned > 0 && !$1.isComplete }
    let counts = open.map { "\($1.values.count) of \($1.planned)" }
    // One count for the whole row is said once.
    if let count = counts.first, open.count == row.count, Set(counts).count == 1, !label.isEmpty {
      return ["\(label) has \(count)"]
    }
    return zip(open, counts).map { cell, count in
      [label, cell.0].filter { !$0.isEmpty }.joined(separator: " / ") + " has \(count)"
    }
  }

  private func range(_ counts: Set<Int>) -> String {
    guard let least = counts.min(), let most = counts.max() else { return "" }
    return least == most ? "\(least)" : "\(least)–\(most)"
  }
}
