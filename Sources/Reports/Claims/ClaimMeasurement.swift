import Base
import OrderedCollections
import Runner

/// What the runs at a claim's two points say of it, before other claims are looked at.
///
/// Differences are the first point's mean minus the second's, in the unit in which the value is
/// shown.
struct ClaimMeasurement {
  private(set) var format = NumberFormat.decimal
  /// How many runs the plan holds at both points together.
  private(set) var planned = 0
  /// How many of them are done.
  private(set) var done = 0
  /// How many problems each run was measured on, where that is known.
  private(set) var problems: Int?
  /// The difference; nil until all runs are done.
  private(set) var difference: Double?
  /// The difference with its error; nil where there is no test.
  private(set) var estimate: Estimate?
  /// The p values of the claim's test and of its opposite's; nil where there is no test.
  private(set) var probabilities: (support: Double, opposition: Double)?
  /// Why there is no test although all runs are done, in words.
  private(set) var obstacle: String?

  private let claim: ClaimSpecification

  /// Measures a claim by what is done.
  /// - Parameter points: which runs count.
  init(
    _ name: String, _ claim: ClaimSpecification, in data: Findings, over points: ClaimPoints
  ) {
    self.claim = claim
    let owner = "claim '\(name)'"
    do {
      let reference = try ValueReference(claim.value, in: owner)
      let all = try data.instances(of: reference.stage, for: owner)
      let instances = points.runs(of: claim, among: all, in: data)
      let points = [claim.first, claim.second].map(data.axes.point)
      let runs = points.map { point in instances.filter { point.includes($0.point) } }
      planned = runs.map(\.count).reduce(0, +)
      done = runs.map { $0.count(where: \.isDone) }.reduce(0, +)
      format = NumberFormat(naming: reference.name)
      try data.check(reference, of: instances, for: owner)
      guard done == planned else { return }
      if planned == 0 {
        obstacle = "no run of it passed the gates"
        return
      }
      let sides = points.map {
        CellRuns(reference, at: $0, of: instances, in: data, scale: format.scale)
      }
      guard sides.map(\.runs.count) == runs.map(\.count) else {
        obstacle = "not every run has a number under '\(reference.name)'"
        return
      }
      compare(sides[0], sides[1])
    } catch {
      // Where it is said, the claim is named already.
      obstacle = sentence(for: error).replacing(owner + ": ", with: "")
    }
  }

  /// Takes the comparison that a table shows whose baseline is the second point.
  private mutating func compare(_ first: CellRuns, _ second: CellRuns) {
    let found = first.comparison(with: second, over: claim.over)
    difference = found?.difference
    guard let estimate = found?.estimate else {
      obstacle = found?.refusal ?? "there is nothing to compare"
      return
    }
    problems = second.cell.problems
    guard let below = estimate.pValues(at: -margin), let above = estimate.pValues(at: margin) else {
      obstacle = "it is one run on each side, and single problems are not known"
      return
    }
    self.estimate = estimate
    switch claim.test {
    case .greater: probabilities = (above.above, above.below)
    case .less: probabilities = (above.below, above.above)
    case .notLess: probabilities = (below.above, below.below)
    case .equivalent:
      // Beyond the margin on either side: twice the smaller one.
      probabilities = (
        max(below.above, above.below), min(1, 2 * min(above.above, below.below))
      )
    }
  }

  /// How large a difference counts as none; 0 for tests without a margin.
  private var margin: Double { claim.within ?? 0 }

  /// Whether the difference lies where the claim says it does, decided or not.
  var isInFavour: Bool {
    guard let difference else { return false }
    switch claim.test {
    case .greater: return difference > 0
    case .less: return difference < 0
    case .notLess: return difference > -margin
    case .equivalent: return abs(difference) < margin
    }
  }

  /// How far the difference lies from where the claim begins to hold.
  private var distance: Double {
    let difference = difference ?? 0
    switch claim.test {
    case .greater, .less: return abs(difference)
    case .notLess: return abs(difference + margin)
    case .equivalent: return abs(margin - abs(difference))
    }
  }

  /// How many more runs on each side would decide, or else how many more problems, if the
  /// difference and all deviations stayed as they are.
  /// - Parameter level: what the test may err in.
  func needed(at level: Double) -> (source: Estimate.Source, more: Int)? {
    let isTwice = claim.test == .equivalent && !isInFavour
    for source in [Estimate.Source.seeds, .problems] {
      guard let now = estimate?.count(of: source),
        let needed = estimate?.needed(source, for: distance, tail: isTwice ? level / 2 : level)
      else { continue }
      return (source, needed - now)
    }
    return nil
  }
}

extension Estimate {
  /// The one-sided p values of lying above a value and below it.
  fileprivate func pValues(at value: Double) -> (above: Double, below: Double)? {
    guard let above = pValue(above: value), let below = pValue(below: value) else { return nil }
    return (above, below)
  }
}

/// Holm's step-down adjustment of p values (1979), which keeps the chance of any false rejection
/// among several hypotheses at the level, however they depend on each other.
package enum Holm {
  /// The adjusted p values, in the given order; to be compared with the level itself.
  package static func adjusted(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var adjusted = values
    var largest = 0.0
    for (step, index) in order.enumerated() {
      largest = max(largest, min(1, Double(values.count - step) * values[index]))
      adjusted[index] = largest
    }
    return adjusted
  }
}
