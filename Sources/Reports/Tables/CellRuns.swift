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
      estimate: estimate?.scaled(by: scale), onTheseProblems: onTheseProblems?.scaled(by: scale))
  }

  /// Of how many answers that may differ a problem's value is the mean.
  var answers: Int {
    let counts = runs.map { run in
      run.scores.map { $0.isSingle ? 1 : $0.samples ?? 1 } ?? 1
    }
    return counts.min() ?? 1
  }

  /// Whether the value of each problem lies between 0 and 1.
  var isShare: Bool { ProblemScores.isShare(name) }

  /// What the values of single problems are.
  var plainScale: Estimate.Scale {
    isShare ? .share : name.contains("tokens") ? .amount : .unlimited
  }

  private var isPercent: Bool { NumberFormat(naming: name) == .percent }

  /// The mean with its error; nil until all runs are done.
  private var estimate: Estimate? {
    guard runs.count == planned else { return nil }
    guard let values = problemValues else {
      return Estimate(runs: runs.map(\.value), scale: isPercent ? .share : plainScale)
    }
    let counts = ProblemScores.linearisedCounts(name, of: runs.compactMap(\.scores))
    let scale = counts.map(Estimate.Scale.linearised) ?? plainScale
    return hasSameProblems
      ? Estimate(values, scale: scale, samples: answers)
      : Estimate(ownProblems: values, scale: scale, samples: answers)
  }

  /// The mean with the error that it has on just these problems: of several runs, how they differ;
  /// of one, how its samples do. One sample each says nothing of that, so the error over problems
  /// bounds it.
  private var onTheseProblems: Estimate? {
    guard let estimate else { return nil }
    if runs.count > 1 { return estimate.givenProblems }
    guard let scores = runs[0].scores, let error = scores.samplingError(name),
      let samples = scores.samples
    else { return estimate }
    // As if the samples of one problem differed, where none do.
    let count = Double(scores.problems.count)
    let least = isShare && !scores.isGreedy ? 0.5 / Double(samples).squareRoot() / count : 0
    return Estimate(
      mean: runs[0].value, samplingError: max(error, least), problems: scores.problems.count,
      samples: samples)
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
    let pairs = pairs(with: base, over: over)
    if let pair = pairs.first(where: { $0.sharesProblems == false }) {
      return TableReport.Comparison(refusal: pair.refusal)
    }
    guard pairs.count == max(runs.count, base.runs.count) else {
      found.refusal = "no interval, because its runs do not pair up"
      return found
    }
    add(pairs, with: base, to: &found)
    if runs.count == 1, base.runs.count == 1 { found.mcNemar = pairs.first?.mcNemar(name) }
    return found
  }

  private func add(
    _ pairs: [RunPair], with base: CellRuns, to comparison: inout TableReport.Comparison
  ) {
    let values = pairs.compactMap { $0.values(name) }
    guard values.count == pairs.count else {
      // Single problems are not known: as runs differ.
      comparison.estimate = Estimate(
        runs: pairs.map { ($0.ours.value - $0.base.value) * scale })
      return
    }
    let arms = PairedArms(
      first: values.map(\.base), second: values.map(\.ours), isShare: isShare,
      samples: min(answers, base.answers), sharesProblems: hasSameProblems)
    comparison.estimate = arms?.difference?.scaled(by: scale)
    comparison.relativeInterval = comparison.relative == nil ? nil : arms?.ratioInterval
  }

  /// Runs at equal points of the axes that both depend on.
  private func pairs(with base: CellRuns, over: [String]) -> [RunPair] {
    runs.flatMap { run in
      base.runs.compactMap { other -> RunPair? in
        let isPair = over.allSatisfy { axis in
          guard let own = run.point[axis], let its = other.point[axis] else { return true }
          return own == its
        }
        return isPair ? RunPair(ours: run, base: other) : nil
      }
    }
  }
}

extension CellRuns {
  init(
    _ reference: ValueReference, at point: AxisPoint, of instances: [PlannedInstance],
    in findings: Findings, scale: Double
  ) {
    let planned = findings.runs(
      of: instances.filter { $0.stageName == reference.stage }, at: point)
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
  let ours: CellRuns.Run
  let base: CellRuns.Run

  /// Whether both were measured on the same problems; nil where single ones are not known.
  var sharesProblems: Bool? {
    ours.scores.flatMap { own in base.scores.map(own.hasProblems) }
  }

  /// Why two runs on different problems are not compared.
  var refusal: String {
    let (own, other) = (ours.scores?.problems ?? [], base.scores?.problems ?? [])
    let shared = Set(own).intersection(other).count
    return "not compared, because its \(own.count) problems are not the baseline's "
      + "\(other.count) (\(shared) in both); measure both on the same"
  }

  /// The value of each problem in both.
  func values(_ name: String) -> (ours: [Double], base: [Double])? {
    guard let own = ours.scores?.values(name), let other = base.scores?.values(name)
    else { return nil }
    return (own, other)
  }

  /// McNemar's test where each problem was answered once.
  func mcNemar(_ name: String) -> McNemarTest? {
    guard ours.scores?.isSingle == true, base.scores?.isSingle == true,
      ProblemScores.passCount(name) == nil, let values = values(name)
    else { return nil }
    return McNemarTest(first: values.base, second: values.ours)
  }
}

extension Double {
  /// The number as an integer, where it is one.
  fileprivate var whole: Int? { Int(exactly: self) }
}
