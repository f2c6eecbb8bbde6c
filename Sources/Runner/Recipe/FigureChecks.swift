import Base
import OrderedCollections

/// Checks what a figure says against the stages and the axes.
struct FigureChecks {
  private let figure: FigureSpecification
  private let places: ReportPlaces
  private let checks: ReportChecks
  private let graph: StageGraph
  private let axes: AxisSpace

  init(
    _ figure: FigureSpecification, _ places: ReportPlaces, checks: ReportChecks,
    graph: StageGraph, axes: AxisSpace
  ) {
    self.figure = figure
    self.places = places
    self.checks = checks
    self.graph = graph
    self.axes = axes
  }

  func check(into sink: inout DiagnosticSink) {
    if !figure.bars.isEmpty {
      checkValues(
        figure.bars, "bars",
        [("x", figure.x), ("series", figure.series), ("over", figure.over)], into: &sink)
    } else if !figure.heatMap.isEmpty {
      checkValues(
        figure.heatMap, "heat_map",
        [
          ("rows", figure.rows), ("columns", figure.columns), ("panels", figure.panels),
          ("over", figure.over),
        ], into: &sink)
    } else if !figure.solveHistory.isEmpty {
      checkHistory(into: &sink)
    } else if !figure.confusion.isEmpty {
      checkConfusion(into: &sink)
    } else {
      checkLines(into: &sink)
    }
  }

  // MARK: Lines

  private func checkLines(into sink: inout DiagnosticSink) {
    var lists = [("series", figure.series), ("band", figure.band)]
    let named = figure.line.compactMap { value in graph[String(value.prefix { $0 != "." })] }
    let stages = checks.stages(
      figure.line, "line", places,
      as: figure.x.first.map { isAxis($0, of: named) } == true ? .value : .metric, into: &sink)
    if let axis = axisOfX(of: stages, into: &sink) {
      lists.insert(("x", [axis]), at: 0)
      checks.checkCost(
        figure.cost, named: figure.x + figure.series + figure.band, places, into: &sink)
      if figure.line.count > 1 {
        sink.report(
          places.place(of: "line", element: 1),
          "over the axis '\(axis)' a figure draws one value; give the other a figure of its own")
      }
      if figure.smooth > 1 {
        sink.report(
          places.place(of: "smooth", element: 0),
          "'smooth' is for metrics over steps, not for values over the axis '\(axis)'")
      }
    } else {
      let keys = figure.x.isEmpty ? ["target", "format"] : ["format"]
      for key in keys where places.has(key) {
        sink.report(
          places.place(of: key, element: 0),
          "'\(key)' is for values over an axis of numbers; name one in 'x'")
      }
    }
    checks.check(lists, of: stages, places, into: &sink)
  }

  /// The axis of the recipe along which the values run; nil where that is a logged metric.
  private func axisOfX(of stages: [LinkedStage], into sink: inout DiagnosticSink) -> String? {
    guard let x = figure.x.first else { return nil }
    let position = places.place(of: "x", element: 0)
    if figure.x.count > 1 {
      sink.report(
        places.place(of: "x", element: 1), "lines run along one metric or axis, not several")
    }
    guard isAxis(x, of: stages) else {
      if axes.values[x] != nil { return nil }
      if places.has("target") {
        let hint = suggestion(for: x, among: Array(axes.values.keys))
        sink.report(
          position, "with 'target', 'x' names an axis of numbers; unknown axis '\(x)'\(hint)")
      } else if let near = nearestName(to: x, among: Array(axes.values.keys)), !isCounter(x) {
        sink.report(position, "unknown axis or metric '\(x)'; did you mean '\(near)'?")
      } else if !checks.areLogged(x, by: stages) {
        let names = stages.flatMap { $0.declaration.kind?.names.metrics ?? [] } + ["step"]
        let known = Array(Set(names)).sorted() + axes.values.keys
        sink.report(position, "unknown axis or metric '\(x)'\(suggestion(for: x, among: known))")
      }
      return nil
    }
    checks.checkNumbers(of: x, "x", places, hint: "; draw it as 'bars' instead", into: &sink)
    return x
  }

  /// Whether lines run along an axis of the recipe and not along a metric of its name: trainings log
  /// their steps, also where what they keep lies along an axis `step`.
  private func isAxis(_ x: String, of stages: [LinkedStage]) -> Bool {
    guard axes.values[x] != nil else { return false }
    let isLogged = !stages.isEmpty && !stages.contains { $0.axes.contains(x) }
    return x != "step" || !isLogged || places.has("target")
  }

  /// Whether curves run along a metric; another name that is nearly an axis' is taken for a slip.
  private func isCounter(_ name: String) -> Bool {
    name == "step"
      || graph.stages.contains { $0.declaration.kind?.metrics.counters.contains(name) == true }
  }

  // MARK: Values

  private func checkValues(
    _ values: [String], _ key: String, _ lists: [(key: String, axes: [String])],
    into sink: inout DiagnosticSink
  ) {
    let stages = checks.stages(values, key, places, into: &sink)
    checks.check(lists, of: stages, places, into: &sink)
    let shown = lists.dropLast().flatMap(\.axes)
    for entry in places.entries(of: "baseline") {
      if !shown.contains(entry.key) {
        let keys = lists.dropLast().map { "'\($0.key)'" }
        sink.report(
          entry.keyPosition,
          "the baseline names axes of \(keys.dropLast().joined(separator: ", ")) or"
            + " \(keys.last ?? ""), not '\(entry.key)'\(suggestion(for: entry.key, among: shown))")
      } else if let values = axes.values[entry.key] {
        _ = entry.node.value(of: entry.key, among: values, into: &sink)
      }
    }
  }

  // MARK: Problems

  private func checkHistory(into sink: inout DiagnosticSink) {
    let stages = figure.solveHistory.enumerated().compactMap { index, name -> LinkedStage? in
      let position = places.place(of: "solve_history", element: index)
      if let stage = graph[name] {
        checkRollouts(of: stage, at: position, into: &sink)
        return stage
      }
      let hint = suggestion(for: name, among: graph.stages.map(\.declaration.name))
      sink.report(position, "unknown stage '\(name)'\(hint)")
      return nil
    }
    checks.check(
      [("panels", figure.panels), ("over", figure.over)], of: stages, places, into: &sink)
  }

  /// A history is read from the output `rollouts`.
  private func checkRollouts(
    of stage: LinkedStage, at position: SourcePosition, into sink: inout DiagnosticSink
  ) {
    guard checks.checksNames, let kind = stage.declaration.kind, kind.names.isKnown,
      !kind.outputs.contains(where: { $0.name == "rollouts" })
    else { return }
    sink.report(
      position,
      "'\(stage.declaration.name)' (kind \(kind.kind)) has no rollouts to draw; name stages of rlvr"
    )
  }

  private func checkConfusion(into sink: inout DiagnosticSink) {
    let isVerdict = figure.confusion.hasSuffix(".verdict")
    let stages = checks.stages(
      [figure.confusion], "confusion", places, as: isVerdict ? .fact : nil, into: &sink)
    let position = places.place(of: "confusion", element: 0)
    if !stages.isEmpty, !isVerdict {
      let stage = figure.confusion.prefix { $0 != "." }
      sink.report(position, "a confusion compares verdicts: write '\(stage).verdict'")
    }
    checks.check(
      [
        ("between", Array(figure.between.keys)), ("panels", figure.panels), ("over", figure.over),
      ], of: stages, places, into: &sink)
    for entry in places.entries(of: "between") {
      guard let values = axes.values[entry.key], case .list(let arms) = entry.node.value else {
        continue
      }
      for arm in arms { _ = arm.value(of: entry.key, among: values, into: &sink) }
    }
  }
}

extension ReportPlaces {
  /// Whether the figure says anything under a key.
  func has(_ key: String) -> Bool { place(of: key, element: 0) != entry.keyPosition }
}
