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
  /// How many pairs of runs are compared.
  private(set) var pairs = 0
  /// How many problems each run was measured on; nil where problems are not known one by one.
  private(set) var problems: Int?
  private(set) var difference: Double?
  private(set) var interval: ClosedRange<Double>?
  /// The one-sided p value of the claim's null hypothesis: that it does not hold.
  private(set) var support: Double?
  /// The p value of the opposite test, whose null hypothesis is that the claim holds.
  private(set) var opposition: Double?
  /// How many more pairs of runs would decide, if the difference and how runs vary stayed as they
  /// are; nil where that cannot be told.
  private(set) var morePairs: Int?
  /// Why there is no test although all runs are done, in words.
  private(set) var obstacle: String?

  /// Measures a claim by what is done.
  init(_ name: String, _ claim: ClaimSpecification, in data: Findings) {
    let owner = "claim '\(name)'"
    do {
      let reference = try ValueReference(claim.value, in: owner)
      let instances = try data.instances(of: reference.stage, for: owner)
      let points = [claim.first, claim.second].map(data.axes.point)
      let runs = points.map { point in instances.filter { point.includes($0.point) } }
      planned = runs.map(\.count).reduce(0, +)
      done = runs.map { $0.count(where: \.isDone) }.reduce(0, +)
      format = NumberFormat(naming: reference.name)
      try data.check(reference, of: instances, for: owner)
      guard done == planned else { return }
      let sides = points.map {
        CellRuns(reference, at: $0, of: instances, in: data, scale: format.scale)
      }
      guard sides.map(\.runs.count) == runs.map(\.count) else {
        obstacle = "not every run has a number under '\(reference.name)'"
        return
      }
      compare(sides[0], sides[1], claim)
    } catch {
      // Where it is said, the claim is named already.
      obstacle = "\(error)".replacing(owner + ": ", with: "")
    }
  }

  private mutating func compare(
    _ first: CellRuns, _ second: CellRuns, _ claim: ClaimSpecification
  ) {
    guard let ours = first.mean, let theirs = second.mean else { return }
    difference = (ours - theirs) * format.scale
    let paired = first.paired(with: second, over: claim.over)
    guard paired.count == max(first.runs.count, second.runs.count) else {
      obstacle = "runs do not pair up"
      return
    }
    pairs = paired.count
    guard let arms = arms(paired, named: first.name) else { return }
    guard let test = ArmDifference(first: arms.first, second: arms.second) else {
      obstacle = "there is nothing to test with: one run, and no values of single problems"
      return
    }
    take(test, claim)
  }

  /// The values of both sides, run by run: those of single problems, or each run's own where there
  /// are none.
  private mutating func arms(
    _ pairs: [(first: CellRuns.Run, second: CellRuns.Run)], named name: String
  ) -> (first: ArmScores, second: ArmScores)? {
    let runs = pairs.flatMap { [$0.first, $0.second] }
    let scores = runs.compactMap(\.scores)
    let values = scores.compactMap { $0.values(name) }
    guard values.count == runs.count, let one = scores.first else {
      return (
        ArmScores(runs: pairs.map { [$0.first.value] }),
        ArmScores(runs: pairs.map { [$0.second.value] })
      )
    }
    guard scores.allSatisfy(one.hasProblems) else {
      obstacle = "runs were measured on different problems"
      return nil
    }
    problems = one.problems.count
    func side(_ offset: Int) -> ArmScores {
      ArmScores(runs: stride(from: offset, to: values.count, by: 2).map { values[$0] })
    }
    return (side(0), side(1))
  }

  private mutating func take(_ test: ArmDifference, _ claim: ClaimSpecification) {
    let scale = format.scale
    let bounds = test.interval(confidence: 0.95)
    interval = (bounds.lowerBound * scale)...(bounds.upperBound * scale)
    let margin = (claim.within ?? 0) / scale
    let distance: Double
    switch claim.test {
    case .greater:
      (support, opposition) = (test.pValue(above: 0), test.pValue(below: 0))
      distance = abs(test.difference)
    case .less:
      (support, opposition) = (test.pValue(below: 0), test.pValue(above: 0))
      distance = abs(test.difference)
    case .notLess:
      (support, opposition) = (test.pValue(above: -margin), test.pValue(below: -margin))
      distance = abs(test.difference + margin)
    case .equivalent:
      support = max(test.pValue(above: -margin), test.pValue(below: margin))
      // Beyond the margin on either side: twice the smaller one.
      opposition = min(1, 2 * min(test.pValue(above: margin), test.pValue(below: -margin)))
      distance = abs(margin - abs(test.difference))
    }
    if pairs > 1, let needed = test.seedsNeeded(toDetect: distance), needed > pairs {
      morePairs = needed - pairs
    }
  }
}

extension CellRuns {
  /// The runs of two points at equal points of the axes that both depend on: a run that does not
  /// depend on one of them stands beside each.
  fileprivate func paired(
    with other: CellRuns, over: [String]
  ) -> [(first: Run, second: Run)] {
    runs.flatMap { run in
      other.runs.compactMap { partner in
        let isPair = over.allSatisfy { axis in
          guard let own = run.point[axis], let its = partner.point[axis] else { return true }
          return own == its
        }
        return isPair ? (run, partner) : nil
      }
    }
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
