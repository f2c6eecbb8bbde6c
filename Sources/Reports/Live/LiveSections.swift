import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// The parts of the page of a run that goes on. What may be folded or chosen has an id, so that the page
/// can tell it from its neighbours when a part is replaced.
struct LiveSections {
  let snapshot: LiveRun.Snapshot
  /// Says what an instance published, in a few words.
  let describe: LivePage.Description

  /// A part of the page.
  struct Section: Sendable {
    let id: String
    /// Empty where there is nothing to show, and then the page has no such part.
    let html: String

    init(_ id: String, _ title: String, _ content: Markup) {
      self.id = id
      let heading = Markup.element("h2", [:], Markup(title))
      html =
        content.isEmpty
        ? "" : Markup.element("section", ["id": id], heading, content).source
    }
  }

  // MARK: What is at work

  func work(_ logs: LiveLogs) -> Section {
    Section(
      "work", "At work", Markup(snapshot.working.map { work($0, logs.log(of: $0.title.name)) }))
  }

  private func work(_ work: LiveRun.Work, _ log: InstanceLog?) -> Markup {
    let title = work.title
    var words = work.words
    // Nobody says how far a job elsewhere is, but its files do.
    if work.progress == nil {
      words = log?.steps.last.map { ["step \(Int($0))"] } ?? ["no step yet"]
    }
    let bar =
      work.progress == nil
      ? Markup.empty
      : .element(
        "progress",
        [
          "max": "1", "value": NumberText.plain(work.share, decimals: 3),
          "aria-label": "How much of \(title.name) is done",
        ])
    return .element(
      "div", ["class": "stage", "id": "work-\(title.number)"],
      .element(
        "h3", [:], .element("code", [:], Markup(title.name)),
        .element("span", ["class": "tag"], Markup(title.kind)),
        .element("span", ["class": "quiet"], Markup("\(title.number) of \(title.total)"))),
      bar, .element("p", ["class": "quiet"], Markup(words.joined(separator: " · "))))
  }

  // MARK: Figures

  /// How many points a curve has at most.
  private static let points = 240

  func curves(_ logs: inout LiveLogs) -> Section {
    let figures = logs.curves(snapshot).map { Self.figure($0) }
    return Section("curves", "Curves", Markup(figures.map(Self.drawing)))
  }

  private static func figure(_ curves: LiveLogs.StageCurves) -> LineFigure {
    let length = curves.lines.flatMap { $0.curves.values.map(\.x.count) }.max() ?? 0
    let window = max(1, min(length, points) / 30)
    let panels = curves.metrics.map { metric in
      LineFigure.Panel(
        yLabel: MetricLabel.text(for: metric),
        series: curves.lines.map { label, byMetric in
          let curve = byMetric[metric] ?? MetricCurve(x: [], y: [])
          return .init(label: label, runs: [curve.thinned(to: points)], smooth: window)
        }, bounds: MetricLabel.isShare(metric) ? 0...1 : nil)
    }
    let notes =
      (length > points ? ["Points are means over \((length + points - 1) / points) steps."] : [])
      + (window > 1 ? ["Moving average over \(window) points; as measured in the background."] : [])
      + (curves.left > 0 ? ["\(curves.left) more that are done are left out."] : [])
    return LineFigure(
      name: "live-\(curves.stage)", title: curves.stage, xLabel: "step", panels: panels,
      notes: notes)
  }

  /// Panels of the history of problems, and rows and columns of each.
  private static let (panels, rows, columns) = (4, 64, 80)

  func history(_ logs: inout LiveLogs) -> Section {
    let histories = logs.histories(snapshot, atMost: Self.panels)
    if histories.isEmpty { return Section("history", "", .empty) }
    var notes = [
      "A row is a problem, those solved first on top. A colour is the share of right samples when the "
        + "problem was last drawn, and holds until it is drawn again."
    ]
    let panels = histories.map { item, history in
      SolveHistoryFigure.Panel(
        label: [item.stageName, item.point.label].filter { !$0.isEmpty }.joined(separator: " · "),
        runs: [history.thinned(to: Self.columns)])
    }
    if panels.contains(where: { $0.rows.count > Self.rows }) {
      notes.append("Of more than \(Self.rows) problems an even choice is shown.")
    }
    var figure = SolveHistoryFigure(
      name: "live-history", title: "Problems solved", panels: panels, notes: notes)
    figure.mostRows = Self.rows
    return Section("history", "Problems", Self.drawing(figure))
  }

  private static func drawing(_ figure: some Figure) -> Markup {
    .element("figure", ["class": "drawing", "id": figure.name], figure.markup(.page))
  }

  // MARK: Completions

  /// How many trainings show completions, and how many each.
  private static let (trainings, samples) = (3, 6)

  func rollouts(_ logs: LiveLogs) -> Section {
    let trainings = logs.sampled(snapshot, atMost: Self.trainings)
    return Section(
      "rollouts", "Newest completions", Markup(trainings.map { training($0.name, $0.log, logs) }))
  }

  private func training(_ name: String, _ log: InstanceLog, _ logs: LiveLogs) -> Markup {
    let id = logs.items.firstIndex { $0.name == name } ?? 0
    let shown = choice(log.newest)
    return .element(
      "div", ["class": "stage", "id": "rollouts-\(id)"],
      .element(
        "h3", [:], .element("code", [:], Markup(name)),
        .element("span", ["class": "quiet"], Markup("step \(log.newestStep)")),
        CompletionMarkup.tally(GradedCompletions.tallies(log.tallies))),
      Markup(shown.enumerated().map { sample($1, id: "sample-\(id)-\(log.newestStep)-\($0)") }))
  }

  /// A few of a step, with one of each verdict that there is.
  private func choice(_ rollouts: [SampledRollout]) -> [SampledRollout] {
    let firsts = Set(
      Dictionary(grouping: rollouts.indices) { rollouts[$0].outcome }.compactMap(\.value.first))
    let others = rollouts.indices.filter { !firsts.contains($0) }
    let more = SolveHistorySVG.choice(others, max(0, Self.samples - firsts.count))
    return firsts.union(more).sorted().map { rollouts[$0] }
  }

  private func sample(_ rollout: SampledRollout, id: String) -> Markup {
    let facts = [
      "reward \(NumberText.short(rollout.reward))",
      rollout.tokens.map { $0 == 1 ? "1 token" : "\($0) tokens" },
      rollout.isTruncated ? "cut off at the limit" : nil,
    ].compactMap(\.self)
    return .element(
      "details", ["class": "sample", "id": id],
      .element(
        "summary", [:], CompletionMarkup.badge(rollout.outcome),
        .element("span", ["class": "name"], Markup("\(rollout.problem), sample \(rollout.sample)")),
        .element("span", ["class": "quiet"], Markup(facts.joined(separator: " · ")))),
      CompletionMarkup.text(rollout.text))
  }

  // MARK: Stages

  /// How many instances of a stage stand below its name, and how many are listed at all.
  private static let (open, listed) = (8, 100)

  func stages(_ logs: inout LiveLogs) -> Section {
    let working = Set(snapshot.working.map(\.title.name))
    let stages = OrderedDictionary(grouping: logs.items, by: \.stageName)
    let parts = stages.map { stage(name: $0.key, $0.value, working, &logs) }
    return Section("stages", "Stages", Markup(parts))
  }

  private func stage(
    name: String, _ items: [PlannedInstance], _ working: Set<String>, _ logs: inout LiveLogs
  ) -> Markup {
    let outcomes = items.compactMap { snapshot.outcomes[$0.name] }
    let done = items.count(where: snapshot.isDone)
    let atWork = items.count { working.contains($0.name) }
    let failed = outcomes.count { if case .failed = $0 { true } else { false } }
    let words =
      ["\(done) of \(items.count) done"] + (atWork > 0 ? ["\(atWork) at work"] : [])
      + (failed > 0 ? ["\(failed) failed"] : [])
    let heading = Markup.element(
      "h3", [:], .element("code", [:], Markup(name)),
      .element("span", ["class": "tag"], Markup(items.first?.kind.name ?? "")),
      .element("span", ["class": "quiet"], Markup(words.joined(separator: " · "))))
    var rows: [Markup] = []
    for item in items.prefix(Self.listed) {
      rows.append(row(item, isAtWork: working.contains(item.name), &logs))
    }
    let more = items.count - rows.count
    if more > 0 { rows.append(.element("p", ["class": "row quiet"], Markup("and \(more) more"))) }
    let list =
      items.count <= Self.open
      ? Markup(rows)
      : .element(
        "details", ["class": "row", "id": "list-\(name)"],
        .element("summary", [:], Markup("All \(NumberText.grouped(items.count)) instances")),
        Markup(rows))
    return .element("section", ["class": "stage", "id": "stage-\(name)"], heading, list)
  }

  private func row(_ item: PlannedInstance, isAtWork: Bool, _ logs: inout LiveLogs) -> Markup {
    var (words, style, facts) = ("to go", "none", "")
    switch snapshot.outcomes[item.name] {
    case .ran(let seconds):
      (words, style) = ("✓ done", "right")
      facts = NumberText.compactDuration(seconds)
    case .cached: (words, style) = ("✓ cached", "right")
    case .failed(let sentence): (words, style, facts) = ("✗ failed", "wrong", sentence)
    case .interrupted: (words, style) = ("interrupted", "other")
    case .skipped(let reason): (words, style, facts) = ("skipped", "other", reason)
    case .stopped(let reason): (words, style, facts) = ("stopped", "other", reason)
    case .notAsked, nil: if isAtWork { (words, style) = ("at work", "other") }
    }
    if snapshot.isDone(item) {
      let values = describe(item, logs.values(of: item))
      facts = [facts, values].filter { !$0.isEmpty }.joined(separator: " · ")
    }
    let name = item.point.isEmpty ? item.name : item.point.coordinates
    return .element(
      "p", ["class": "row"], .element("span", ["class": "badge \(style)"], Markup(words)), " ",
      .element("span", ["class": "name"], Markup(name)), " ",
      .element("span", ["class": "quiet"], Markup(facts)))
  }

  // MARK: Notices

  func notices() -> Section {
    Section(
      "notices", "Notices", snapshot.notices.isEmpty ? .empty : HTMLTable.notes(snapshot.notices))
  }
}
