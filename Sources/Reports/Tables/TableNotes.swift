import Base
import OrderedCollections
import Runner

/// The sentences under a table: what its numbers mean, and what is missing.
struct TableNotes {
  let specification: TableSpecification
  let references: [ValueReference]
  let instances: [PlannedInstance]
  /// What says something against the numbers: the instances, and those that made their models.
  let lineage: [PlannedInstance]
  let rows: [TableReport.Row]
  let columns: [TableReport.Column]
  let unreadable: [String]
  /// What gates stopped or marked of it.
  let gates: [String]

  /// How many cells with the same shortcoming are listed.
  private static let listed = 6

  private var cells: [TableReport.Cell] { rows.flatMap(\.cells) }

  /// What the numbers mean, in the order in which a reader asks.
  var sentences: [String] {
    [meaning, average, sizes, errors, comparison, detectable].compactMap(\.self)
  }

  /// What is missing, or speaks against the numbers.
  var shortcomings: [String] { refusals + lineage.warnings + gates + unread + gaps }

  private var meaning: String {
    let counts = Set(cells.filter(\.isComplete).map(\.done))
    let over = specification.over.joined(separator: " and ")
    guard cells.contains(where: { $0.planned > 1 }) else {
      let words = specification.interval ? scopes : []
      let ending = words.isEmpty ? "; how much runs differ is not known." : ": \(words[0])."
      return "\(units)Each cell is one run\(ending)"
    }
    let runs = counts.isEmpty ? "" : " (n = \(range(counts)))"
    let deviation = "\(units)Mean ± sample standard deviation over \(over)\(runs)"
    return ([deviation] + (specification.interval ? scopes : [])).joined(separator: "; ") + "."
  }

  /// What the intervals in brackets are over, for each kind of cell.
  private var scopes: [String] {
    let scopes = OrderedSet(cells.filter { $0.interval != nil }.compactMap(\.scope))
    let isMixed = scopes.count > 1 || cells.contains { $0.planned > 1 && $0.scope == .problems }
    return scopes.enumerated().map { index, scope in
      let subject = index == 0 ? "in brackets the 95 % interval" : "that"
      let cells = isMixed && scope == .problems ? " of cells with one run" : ""
      return switch scope {
      case .runsAndProblems: "\(subject) of the mean over all runs and problems"
      case .runs: "\(subject) of the mean over all runs, on these problems"
      case .problems: "\(subject)\(cells) over problems only, as if runs did not vary"
      }
    }
  }

  /// That categories count the same, where they do.
  private var average: String? {
    let isMacro = references.contains { ProblemScores.plainName(ofMacro: $0.name) != nil }
    return isMacro
      ? "Each run's value is the mean over the categories of its problems, which count the same."
      : nil
  }

  /// What the numbers are in: one unit for all, or which has which.
  private var units: String {
    let units = OrderedSet(columns.map { [$0.valueLabel, $0.format.unit] })
    if Set(columns.map(\.format.unit)).count == 1 {
      let unit = columns.first?.format.unit ?? ""
      return unit.isEmpty ? "" : "In \(unit). "
    }
    let named = units.filter { !$0[1].isEmpty }.map { "\($0[0]) in \($0[1])" }
    return named.joined(separator: ", ") + ". "
  }

  /// How many problems and samples the numbers rest on, where the stages say so.
  var sizes: String? {
    let problems = Set(cells.compactMap(\.problems))
    let samples = Set(cells.compactMap(\.samples))
    guard !problems.isEmpty else { return nil }
    let first = "\(range(problems)) \(problems == [1] ? "problem" : "problems")"
    guard !samples.isEmpty else { return first + "." }
    return "\(first), \(range(samples)) \(samples == [1] ? "sample" : "samples") each."
  }

  /// How large the errors over problems are that ± does not show.
  private var errors: String? {
    guard cells.contains(where: { $0.planned > 1 }) else { return nil }
    let spans = OrderedSet(columns.map(\.valueLabel)).compactMap { label -> String? in
      let places = columns.indices.filter { columns[$0].valueLabel == label }
      guard let decimals = places.map({ columns[$0].decimals }).max() else { return nil }
      let errors = rows.flatMap { row in places.compactMap { row.cells[$0].standardError } }
      guard let least = errors.min(), let most = errors.max() else { return nil }
      let low = NumberText.fixed(least, decimals: decimals)
      let high = NumberText.fixed(most, decimals: decimals)
      let name = references.count > 1 ? "\(label) " : ""
      return name + (low == high ? low : "\(low)–\(high)")
    }
    if spans.isEmpty { return nil }
    return "Standard error over problems, clustered: \(spans.joined(separator: ", "))."
  }

  private var comparison: String? {
    guard !specification.baseline.isEmpty else { return nil }
    let row = specification.baseline.sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    let isPercent = columns.allSatisfy { $0.format == .percent }
    let points = isPercent ? " in percentage points" : ""
    let hasDifferences = specification.compare.contains(.difference)
    let hasRatios = specification.compare.contains(.relative)
    let subject =
      hasDifferences
      ? "differences to \(row)\(points)" + (hasRatios ? ", and with % ratios − 1" : "")
      : "ratios to \(row), − 1"
    return "Signed numbers are \(subject)\(intervals)."
  }

  private var intervals: String {
    let found = cells.compactMap(\.comparison)
    var text = ""
    if specification.interval, found.contains(where: { $0.interval != nil }) {
      let hasProblems = found.contains { $0.estimate?.count(of: .problems) != nil }
      let hasRuns = found.contains { $0.estimate.map { $0.runs > 1 } ?? false }
      let pairs = [hasProblems ? "problem" : "", hasRuns ? "run" : ""].filter { !$0.isEmpty }
      text = ", with 95 % intervals paired by \(pairs.joined(separator: " and "))"
      text += hasRuns ? "" : " (one run: over problems only)"
    }
    if found.contains(where: { $0.mcNemar != nil }) { text += "; p by McNemar's exact test" }
    return text
  }

  /// What was too small to be found, where intervals hold 0.
  private var detectable: String? {
    guard specification.interval else { return nil }
    let spans = OrderedSet(columns.map(\.valueLabel)).compactMap { label -> String? in
      let places = columns.indices.filter { columns[$0].valueLabel == label }
      guard let decimals = places.map({ columns[$0].decimals }).max() else { return nil }
      let sizes = rows.flatMap { row in
        places.compactMap { place -> Double? in
          guard let comparison = row.cells[place].comparison,
            comparison.interval?.contains(0) == true
          else { return nil }
          return comparison.estimate?.smallestDetectable()
        }
      }
      guard let least = sizes.min(), let most = sizes.max() else { return nil }
      let low = NumberText.fixed(least, decimals: decimals)
      let high = NumberText.fixed(most, decimals: decimals)
      return (references.count > 1 ? "\(label) " : "") + (low == high ? low : "\(low)–\(high)")
    }
    if spans.isEmpty { return nil }
    return "Where an interval holds 0, the smallest difference that would be found four times in"
      + " five: \(spans.joined(separator: ", "))."
  }

  /// Which cells are not compared with the baseline, and why.
  private var refusals: [String] {
    var owners: OrderedDictionary<String, [String]> = [:]
    for row in rows {
      for (column, cell) in zip(columns, row.cells) {
        guard let comparison = cell.comparison, let reason = comparison.refusal,
          specification.interval || comparison.difference == nil
        else { continue }
        owners[reason, default: []].append(place(row.label, column.label))
      }
    }
    return owners.map { reason, cells in
      let rest = cells.count - Self.listed
      let names = cells.prefix(Self.listed) + (rest > 0 ? ["and \(rest) more"] : [])
      return "\(names.joined(separator: "; ")): \(reason)."
    }
  }

  private var unread: [String] {
    if unreadable.isEmpty { return [] }
    let names = unreadable.joined(separator: ", ")
    return ["The verdicts on single problems cannot be read, so nothing is paired: \(names)."]
  }

  /// Which cells are not complete, and how far they are.
  private var gaps: [String] {
    let lines = rows.flatMap(gaps)
    if lines.isEmpty { return [] }
    return [
      "– marks cells whose runs are not all done, or have no such value: \(lines.joined(separator: "; "))."
    ]
  }

  private func gaps(in row: TableReport.Row) -> [String] {
    let open = zip(columns, row.cells).filter { $1.planned > 0 && !$1.isComplete }
    let counts = open.map { "\($1.done) of \($1.planned)" }
    // One count for the whole row is said once.
    if let count = counts.first, open.count == row.cells.count, Set(counts).count == 1,
      !row.label.isEmpty
    {
      return ["\(row.label) has \(count)"]
    }
    return zip(open, counts).map { cell, count in
      "\(place(row.label, cell.0.label)) has \(count)"
    }
  }

  private func place(_ row: String, _ column: String) -> String {
    [row, column].filter { !$0.isEmpty }.joined(separator: " / ")
  }

  private func range(_ counts: Set<Int>) -> String {
    guard let least = counts.min(), let most = counts.max() else { return "" }
    return least == most ? "\(least)" : "\(least)–\(most)"
  }
}

extension [PlannedInstance] {
  /// What the stages themselves say against their numbers, in the fact `warning`.
  var warnings: [String] {
    var owners: OrderedDictionary<String, [String]> = [:]
    for instance in self {
      guard let warning = instance.values["warning"]?.string else { continue }
      owners[warning, default: []].append(instance.name)
    }
    return owners.map { "Warning: \($0) — \($1.joined(separator: ", "))." }
  }
}
