import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// Which share of its samples each problem of a training run had right, whenever it was drawn.
package struct SolveHistory: Sendable, Equatable {
  /// One problem's share of right samples at the steps that drew it, by ascending step.
  package struct Visit: Sendable, Equatable {
    /// The step, from 1.
    package let step: Int
    /// How many samples were right.
    package let solved: Int
    /// How many samples there were.
    package let samples: Int

    package var share: Double { Double(solved) / Double(samples) }
  }

  /// The visits of each problem, by its id.
  package let visits: OrderedDictionary<String, [Visit]>
  /// The last step of the run.
  package let lastStep: Int

  /// - Throws: what reading the columns throws.
  package init(_ rollouts: Rollouts) throws {
    let (steps, problems) = (try rollouts.steps, try rollouts.problemIDs)
    var counts = SolveCounts()
    for ((step, problem), outcome) in zip(zip(steps, problems), try rollouts.outcomes) {
      counts.add(step: step, problem, outcome)
    }
    self.init(counts)
  }

  init(visits: OrderedDictionary<String, [Visit]>, lastStep: Int) {
    (self.visits, self.lastStep) = (visits, lastStep)
  }

  init(_ counts: SolveCounts) {
    visits = counts.byProblem.mapValues { byStep in
      byStep.sorted { $0.key < $1.key }.map {
        Visit(step: $0.key, solved: $0.value.solved, samples: $0.value.samples)
      }
    }
    lastStep = counts.lastStep
  }
}

/// Right samples of each problem, counted as they come.
struct SolveCounts: Sendable {
  fileprivate private(set) var byProblem:
    OrderedDictionary<String, [Int: (solved: Int, samples: Int)]> = [:]
  fileprivate private(set) var lastStep = 0

  var isEmpty: Bool { byProblem.isEmpty }

  mutating func add(step: Int, _ problem: String, _ outcome: Outcome) {
    byProblem[problem, default: [:]][step, default: (0, 0)].samples += 1
    if outcome == .correct { byProblem[problem, default: [:]][step, default: (0, 0)].solved += 1 }
    lastStep = max(lastStep, step)
  }
}

extension SolveHistoryFigure.Row {
  /// Joins the runs that drew a problem: at each step the mean of what each run measured last.
  init(problem: String, runs: [SolveHistory], lastStep: Int) {
    let histories = runs.compactMap { $0.visits[problem] }
    let all = histories.flatMap(\.self)
    let samples = all.reduce(0) { $0 + $1.samples }
    mean = samples == 0 ? 0 : Double(all.reduce(0) { $0 + $1.solved }) / Double(samples)
    firstSolved = all.filter { $0.solved > 0 }.map(\.step).min()
    self.problem = problem
    var spans: [SolveHistoryFigure.Span] = []
    let steps = Set(all.map(\.step)).sorted()
    for (index, step) in steps.enumerated() {
      let end = index + 1 < steps.count ? steps[index + 1] - 1 : lastStep
      let last = histories.compactMap { history in history.last { $0.step <= step } }
      let share = Statistics.mean(last.map(\.share)) ?? 0
      if let previous = spans.last, previous.share == share {
        spans[spans.count - 1] = SolveHistoryFigure.Span(
          first: previous.first, last: end, share: share)
      } else {
        spans.append(SolveHistoryFigure.Span(first: step, last: end, share: share))
      }
    }
    self.spans = spans
  }
}

/// Which problems training solved when: a row for each problem, a column for each step.
package struct SolveHistoryFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  package let title: String
  package let panels: [Panel]
  /// What rows and colours mean and what is missing: a sentence each.
  package let notes: [String]

  /// The problems of some runs.
  package struct Panel: Sendable {
    package let label: String
    /// The last step.
    package let steps: Int
    /// The problems: those solved first come first, those never solved last.
    package let rows: [Row]
  }

  package struct Row: Sendable, Equatable {
    package let problem: String
    /// The first step with a right sample; nil where there is none.
    package let firstSolved: Int?
    /// The share of right samples over the whole run.
    package let mean: Double
    /// Steps at one share, one after another; before the first, the problem was not drawn.
    package let spans: [Span]
  }

  /// Steps through which the last known share stayed the same.
  package struct Span: Sendable, Equatable {
    /// The first step.
    package let first: Int
    /// The last step.
    package let last: Int
    /// The share of right samples.
    package let share: Double

    package init(first: Int, last: Int, share: Double) {
      self.first = first
      self.last = last
      self.share = share
    }
  }

  /// How many problems a panel of a report shows; of more, an even choice.
  package static let shownRows = 400
  /// How many a panel of this figure shows.
  var mostRows = shownRows

  package init(name: String, title: String, panels: [Panel], notes: [String]) {
    self.name = name
    self.title = title
    self.panels = panels
    self.notes = notes
  }

  /// What the figure shows, for people who cannot see it.
  package var summary: String {
    let sentences = panels.map { panel -> String in
      let solved = panel.rows.filter { $0.firstSolved != nil }.count
      return "\(panel.label): \(solved) of \(panel.rows.count) problems were solved at least once"
        + " in \(panel.steps) steps."
    }
    return (["Share of right samples of each problem over the steps."] + sentences + notes)
      .joined(separator: " ")
  }

  package var numbers: FigureNumbers {
    let rows = panels.flatMap { panel in
      panel.rows.flatMap { row in
        row.spans.map { span in
          [
            panel.label, row.problem, row.firstSolved.map(String.init) ?? "",
            FigureNumbers.field(row.mean), String(span.first), String(span.last),
            FigureNumbers.field(span.share),
          ]
        }
      }
    }
    return FigureNumbers(
      header: ["panel", "problem", "first_solved", "mean", "from_step", "to_step", "share"],
      rows: rows)
  }

  package func markup(_ medium: FigureMedium) -> Markup {
    SolveHistorySVG.markup(self, medium)
  }
}

extension SolveHistoryFigure.Panel {
  /// Joins some runs, problem by problem.
  package init(label: String, runs: [SolveHistory]) {
    let steps = runs.map(\.lastStep).max() ?? 0
    let problems = OrderedSet(runs.flatMap(\.visits.keys))
    let rows = problems.map {
      SolveHistoryFigure.Row(problem: $0, runs: runs, lastStep: steps)
    }
    self.label = label
    self.steps = steps
    self.rows = rows.sorted { a, b in
      (a.firstSolved ?? .max, -a.mean, a.problem) < (b.firstSolved ?? .max, -b.mean, b.problem)
    }
  }
}

extension SolveHistoryFigure {
  /// Makes a figure from what a recipe asks for and what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  package init(
    name: String, _ specification: FigureSpecification, data: Findings
  ) throws {
    let owner = "figure '\(name)'"
    let stages = OrderedSet(specification.solveHistory)
    let all = try stages.flatMap { try data.instances(of: $0, for: owner) }
    try data.check(
      ["panels": specification.panels, "over": specification.over], cover: all, for: owner)
    var panels: [Panel] = []
    var gaps: [String] = []
    for stage in stages {
      let instances = all.filter { $0.stageName == stage }
      let axes = specification.panels.filter { axis in
        instances.contains { $0.point[axis] != nil }
      }
      for point in data.points(of: axes, among: instances) {
        let label = [stage, point.label].filter { !$0.isEmpty }.joined(separator: " · ")
        let runs = data.runs(of: instances, at: point)
        let results = runs.filter(\.isDone)
        if results.count < runs.count {
          gaps.append("\(label) has \(results.count) of \(runs.count)")
        }
        panels.append(Panel(label: label, runs: try results.map { try Self.history($0, data) }))
      }
    }
    self.init(
      name: name,
      title: specification.title ?? "Problems solved by \(stages.joined(separator: " and "))",
      panels: panels,
      notes: Self.notes(specification, panels: panels, gaps: gaps) + data.gateNotes(among: all))
  }

  private static func history(
    _ run: PlannedInstance, _ data: Findings
  ) throws -> SolveHistory {
    do {
      let columns: [ColumnName] = [.step, .problemID, .outcome]
      let table = try data.tables.table(Rollouts.fileName, of: run, columns: columns)
      return try SolveHistory(Rollouts(table ?? RowTable(rows: [])))
    } catch is RowTableError {
      throw ReportError.impossible(
        "\(run.name) published no rollouts; 'solve_history' names stages of the kind rlvr")
    }
  }

  private static func notes(
    _ specification: FigureSpecification, panels: [Panel], gaps: [String]
  ) -> [String] {
    let over = specification.over.joined(separator: " and ")
    var notes = [
      "A row is a problem, those solved first on top. A colour is the share of right samples when"
        + " the problem was last drawn, and holds until it is drawn again"
        + (over.isEmpty ? "." : "; the mean over \(over).")
    ]
    for panel in panels where panel.rows.count > shownRows {
      notes.append(
        "\(panel.label) shows \(shownRows) of \(panel.rows.count) problems, evenly chosen.")
    }
    if !gaps.isEmpty {
      notes.append("Runs that are not done are left out: \(gaps.joined(separator: "; ")).")
    }
    return notes
  }
}
