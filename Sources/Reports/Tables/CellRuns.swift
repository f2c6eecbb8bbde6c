import Base
import OrderedCollections
import Runner

/// What the runs of one cell gave, in the unit that the stage publishes.
struct CellRuns {
  struct Run {
    let point: AxisPoint
    let value: Double
    let instance: PlannedInstance
    let scores: ProblemScores?
  }

  let name: String
  /// How many runs the plan holds.
  let planned: Int
  let runs: [Run]
  /// What numbers are multiplied by to be shown.
  let scale: Double

  /// The value of each problem, by run; nil where a run has none.
  var problemValues: [[Double]]? {
    let values = runs.compactMap { $0.scores?.values(name) }
    return values.isEmpty || values.count < runs.count ? nil : values
  }

  /// The mean over runs; nil until all of them are done.
  var mean: Double? {
    runs.count == planned ? Statistics.mean(runs.map(\.value)) : nil
  }

  /// Whether all runs were measured on the same problems.
  private var hasSameProblems: Bool {
    guard let first = runs.first?.scores else { return false }
    return runs.allSatisfy { $0.scores.map(first.hasProblems) == true }
  }

  /// The cell, not compared yet.
  var cell: TableReport.Cell {
    TableReport.Cell(
      planned: planned, done: runs.count, values: runs.map { $0.value * scale },
      problems: common {
        $0.scores?.problems.count ?? $0.instance.values["problems"]?.number?.whole
      },
      samples: common { $0.scores.map(\.samples) ?? $0.instance.values["samples"]?.number?.whole },
      standardError: standardError.map { $0 * scale },
      samplingError: runs.count == 1
        ? runs.first?.scores?.samplingError(name).map { $0 * scale } : nil)
  }

  private var standardError: Double? {
    guard runs.count == planned else { return nil }
    if let values = problemValues {
      guard hasSameProblems else { return nil }
      return Statistics.clusteredStandardError(
        values[0].indices.map { problem in values.map { $0[problem] } })
    }
    guard planned == 1, let run = runs.first else { return nil }
    return run.instance.values[name + "_standard_error"]?.number
  }

  /// A number that all runs agree in.
  private func common(_ number: (Run) -> Int?) -> Int? {
    let numbers = Set(runs.map(number))
    return numbers.count == 1 ? numbers.first ?? nil : nil
  }

  /// The cell's comparison with a baseline.
  /// - Parameter over: the axes that both are means over; runs pair up at equal points of them.
  func comparison(with base: CellRuns, over: [String]) -> TableReport.Comparison? {
    guard let ours = mean, let theirs = base.mean else { return nil }
    var found = TableReport.Comparison(
      difference: (ours - theirs) * scale, relative: theirs > 0 ? ours / theirs - 1 : nil)
    guard problemValues != nil, base.problemValues != nil else { return found }
    let pairs = pairs(with: base, over: over)
    if let pair = pairs.first(where: { !$0.isSameProblems }) {
      return TableReport.Comparison(refusal: pair.refusal)
    }
    guard pairs.count == max(runs.count, base.runs.count), hasSameProblems else {
      let reason = hasSameProblems ? "runs do not pair up" : "runs have different problems"
      found.refusal = "no interval, because its \(reason)"
      return found
    }
    add(pairs, to: &found)
    if runs.count == 1, base.runs.count == 1 { found.mcNemar = pairs.first?.mcNemar(name) }
    return found
  }

  private func add(_ pairs: [RunPair], to comparison: inout TableReport.Comparison) {
    let values = pairs.compactMap { pair -> (ours: [Double], base: [Double])? in
      guard let ours = pair.ours.values(name), let base = pair.base.values(name) else { return nil }
      return (ours, base)
    }
    let paired = PairedDifference(first: values.map(\.base), second: values.map(\.ours))
    comparison.interval = paired?.interval.map { bounds in
      (bounds.lowerBound * scale)...(bounds.upperBound * scale)
    }
    comparison.relativeInterval = comparison.relative == nil ? nil : paired?.ratioInterval
  }

  /// Runs at equal points of the axes that both depend on.
  private func pairs(with base: CellRuns, over: [String]) -> [RunPair] {
    runs.flatMap { run in
      base.runs.compactMap { other -> RunPair? in
        let isPair = over.allSatisfy { axis in
          guard let own = run.point[axis], let its = other.point[axis] else { return true }
          return own == its
        }
        guard isPair, let ours = run.scores, let base = other.scores else { return nil }
        return RunPair(ours: ours, base: base)
      }
    }
  }
}

extension CellRuns {
  init(
    _ reference: ValueReference, at point: AxisPoint, of instances: [PlannedInstance],
    in findings: Findings, scale: Double
  ) {
    let planned = instances.filter { $0.stageName == reference.stage && point.includes($0.point) }
    let runs = planned.compactMap { instance -> Run? in
      guard let value = findings.value(reference.name, of: instance), value.isFinite else {
        return nil
      }
      return Run(
        point: instance.point, value: value, instance: instance,
        scores: findings.scores(of: instance))
    }
    // What no run of a cell publishes, such as `unboxed` of puzzles, was not to be expected.
    let isPublished = planned.contains { !$0.isDone || $0.values[reference.name] != nil }
    let expected = isPublished || !runs.isEmpty ? planned.count : 0
    self.init(name: reference.name, planned: expected, runs: runs, scale: scale)
  }
}

/// A run and the run of the baseline that it is compared with.
private struct RunPair {
  let ours: ProblemScores
  let base: ProblemScores

  var isSameProblems: Bool { ours.hasProblems(of: base) }

  /// Why two runs on different problems are not compared.
  var refusal: String {
    let shared = Set(ours.problems).intersection(base.problems).count
    return "not compared, because its \(ours.problems.count) problems are not the baseline's "
      + "\(base.problems.count) (\(shared) in both); measure both on the same"
  }

  /// McNemar's test where each problem was answered once.
  func mcNemar(_ name: String) -> McNemarTest? {
    guard ours.isSingle, base.isSingle, ProblemScores.passCount(name) == nil,
      let first = base.values(name), let second = ours.values(name)
    else { return nil }
    return McNemarTest(first: first, second: second)
  }
}

extension Double {
  /// The number as an integer, where it is one.
  fileprivate var whole: Int? { Int(exactly: self) }
}
