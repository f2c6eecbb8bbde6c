import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

extension GridFigure {
  /// Makes a confusion of verdicts from what a recipe asks for and what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  package init(
    confusion name: String, _ specification: FigureSpecification, data: Findings
  ) throws {
    self = try ConfusionBuilder(name: name, specification, data).figure()
  }
}

/// Counts pairs of verdicts, and arranges them.
private struct ConfusionBuilder {
  private let name: String
  private let specification: FigureSpecification
  private let data: Findings
  private let stage: String
  private let axis: String
  private let arms: [String]
  private let instances: [PlannedInstance]

  init(name: String, _ specification: FigureSpecification, _ data: Findings) throws {
    self.name = name
    self.specification = specification
    self.data = data
    let owner = "figure '\(name)'"
    let reference = try ValueReference(specification.confusion, in: owner)
    guard ["verdict", "outcome"].contains(reference.name) else {
      throw ReportError.impossible(
        "\(owner): a confusion compares verdicts, as in \(reference.stage).verdict")
    }
    guard let (axis, arms) = specification.between.first, arms.count == 2 else {
      throw ReportError.impossible("\(owner): 'between' must name an axis with two of its values")
    }
    instances = try data.instances(of: reference.stage, for: owner)
    try data.check(
      ["between": [axis], "panels": specification.panels, "over": specification.over],
      cover: instances, for: owner)
    (stage, self.axis, self.arms) = (reference.stage, axis, arms)
  }

  func figure() throws -> GridFigure {
    var panels: [GridFigure.Panel] = []
    var rows: [[String]] = []
    var notes = [
      "Each cell counts pairs: what \(arms[0]) and \(arms[1]) got for the same problem and sample"
        + " number"
        + (specification.over.isEmpty
          ? "." : ", over \(specification.over.joined(separator: " and ")).")
    ]
    for point in data.points(of: specification.panels, among: instances) {
      let (confusion, done, planned) = try count(at: point)
      let label = point.isEmpty ? nil : point.label
      panels.append(panel(confusion, label))
      rows += numbers(confusion, label ?? "")
      notes += remarks(confusion, label, done: done, planned: planned)
    }
    notes += data.gateNotes(among: instances)
    return GridFigure(
      name: name,
      title: specification.title ?? "Verdicts of \(arms[0]) against \(arms[1])",
      valueTitle: "number of completions", panels: panels, legend: legend, notes: notes,
      numbers: FigureNumbers(header: ["panel", arms[0], arms[1], "count"], rows: rows))
  }

  /// Counts the pairs of instances that differ in nothing but the arm.
  private func count(
    at point: AxisPoint
  ) throws -> (confusion: VerdictConfusion, done: Int, planned: Int) {
    let own = data.runs(of: instances, at: point)
    let (firsts, seconds) = (own.filter { isArm(0, $0) }, own.filter { isArm(1, $0) })
    var confusion = VerdictConfusion()
    var (done, planned) = (0, 0)
    for first in firsts {
      for second in seconds where isPair(first, second) {
        planned += 1
        guard first.isDone, second.isDone else { continue }
        done += 1
        do {
          try confusion.add(try scores(of: first), try scores(of: second))
        } catch is RowTableError {
          throw ReportError.impossible(
            "\(first.name) and \(second.name) published no verdicts of problems; 'confusion' names a stage"
              + " of the kind evaluate")
        }
      }
    }
    return (confusion, done, planned)
  }

  private func scores(of instance: PlannedInstance) throws -> Scores {
    let columns: [ColumnName] = [.problemID, .sample, .outcome]
    return Scores(
      try data.tables.table(Scores.fileName, of: instance, columns: columns) ?? RowTable(rows: []))
  }

  private func isArm(_ index: Int, _ instance: PlannedInstance) -> Bool {
    instance.point[axis]?.label == arms[index]
  }

  private func isPair(_ first: PlannedInstance, _ second: PlannedInstance) -> Bool {
    first.point.allSatisfy { $0.key == axis || second.point[$0.key] == $0.value }
  }

  // MARK: Parts

  private func panel(_ confusion: VerdictConfusion, _ label: String?) -> GridFigure.Panel {
    let sides = confusion.verdicts.map { Optional($0) } + [nil]
    return GridFigure.Panel(
      title: label, rowTitle: arms[0], columnTitle: arms[1],
      rows: sides.map { $0.map(Self.words) ?? "total" },
      columns: sides.map { $0.map(Self.words) ?? "total" },
      cells: sides.map { first in sides.map { cell(confusion, first, $0) } })
  }

  /// The cell of two verdicts; nil stands for any, in the rows and columns of totals.
  private func cell(
    _ confusion: VerdictConfusion, _ first: Outcome?, _ second: Outcome?
  ) -> GridFigure.Cell {
    let count = confusion.count(first, second)
    let total = confusion.count(nil, nil)
    let share = total == 0 ? 0 : Double(count) / Double(total) * 100
    let sides = [(arms[0], first), (arms[1], second)].map { arm, verdict in
      "\(arm) \(verdict.map(Self.words) ?? "any verdict")"
    }
    let largest = confusion.counts.values.max() ?? 1
    return GridFigure.Cell(
      text: NumberText.grouped(count),
      shade: Self.shade(first, second, share: Double(count) / Double(largest)),
      tooltip: "\(sides.joined(separator: ", ")): \(count) of \(total)"
        + " (\(NumberText.fixed(share, decimals: 1)) %)")
  }

  /// Blue where only the second arm is right, orange where only the first is.
  private static func shade(
    _ first: Outcome?, _ second: Outcome?, share: Double
  ) -> GridFigure.Shade {
    guard let first, let second else { return .total }
    if share == 0 { return .blank }
    let strength = GridFigure.Shade.strength(share)
    if (first == .correct) == (second == .correct) { return .same(strength) }
    return second == .correct ? .up(strength) : .down(strength)
  }

  private static func words(_ verdict: Outcome) -> String { verdict.words }

  private func numbers(_ confusion: VerdictConfusion, _ label: String) -> [[String]] {
    confusion.verdicts.flatMap { first in
      confusion.verdicts.map {
        [label, first.rawValue, $0.rawValue, String(confusion.count(first, $0))]
      }
    }
  }

  private var legend: [GridFigure.Swatch] {
    [
      .init(label: "only \(arms[1]) correct", shade: .up(4)),
      .init(label: "only \(arms[0]) correct", shade: .down(4)),
      .init(label: "both or neither correct", shade: .same(3)),
    ]
  }

  private func remarks(
    _ confusion: VerdictConfusion, _ label: String?, done: Int, planned: Int
  ) -> [String] {
    let place = label.map { "\($0): " } ?? ""
    let both = confusion.count(.correct, .correct)
    let gained = confusion.count(nil, .correct) - both
    let lost = confusion.count(.correct, nil) - both
    var notes = [
      "\(place)only \(arms[1]) was correct \(times(gained)), only \(arms[0]) \(times(lost))."
    ]
    if done < planned {
      notes.append("\(place)pairs of runs that are not done are left out (\(done) of \(planned)).")
    }
    if confusion.unpaired > 0 {
      notes.append(
        "\(place)\(confusion.unpaired) completions have no counterpart and are left out.")
    }
    return notes
  }

  private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}

/// How often each pair of verdicts came: of one arm and of another on the same problem and sample.
package struct VerdictConfusion: Sendable, Equatable {
  /// A verdict of the first arm with one of the second.
  package struct Pair: Hashable, Sendable {
    /// The first arm's verdict.
    package let first: Outcome
    /// The second arm's verdict.
    package let second: Outcome

    package init(first: Outcome, second: Outcome) {
      self.first = first
      self.second = second
    }
  }

  package private(set) var counts: [Pair: Int] = [:]
  /// How many samples only one of the arms has.
  package private(set) var unpaired = 0

  /// Nothing counted yet.
  package init() {}

  /// Counts the pairs of two evaluations of the same problems.
  /// - Throws: what reading the columns throws.
  package mutating func add(_ first: Scores, _ second: Scores) throws {
    let verdicts = try Self.verdicts(second)
    var missing = Set(verdicts.keys)
    for (sample, verdict) in try Self.verdicts(first) {
      if let other = verdicts[sample] {
        counts[Pair(first: verdict, second: other), default: 0] += 1
        missing.remove(sample)
      } else {
        unpaired += 1
      }
    }
    unpaired += missing.count
  }

  private struct Sample: Hashable {
    let problem: String
    let number: Int
  }

  private static func verdicts(_ scores: Scores) throws -> [Sample: Outcome] {
    let samples = zip(try scores.problemIDs, try scores.samples)
      .map { Sample(problem: $0, number: $1) }
    return Dictionary(zip(samples, try scores.outcomes)) { $1 }
  }

  /// The verdicts that came up: `correct` first, the others by falling number.
  package var verdicts: [Outcome] {
    var totals: [Outcome: Int] = [:]
    for (pair, count) in counts {
      totals[pair.first, default: 0] += count
      totals[pair.second, default: 0] += count
    }
    return totals.sorted { a, b in
      (a.key == .correct ? 0 : 1, -a.value, a.key.rawValue)
        < (b.key == .correct ? 0 : 1, -b.value, b.key.rawValue)
    }.map(\.key)
  }

  /// How many pairs have the given verdicts; nil stands for any.
  package func count(_ first: Outcome?, _ second: Outcome?) -> Int {
    counts.reduce(0) { sum, entry in
      let isMeant =
        (first == nil || entry.key.first == first) && (second == nil || entry.key.second == second)
      return sum + (isMeant ? entry.value : 0)
    }
  }
}
