import Base
import Foundation

/// Stand-in until the statistics land.
struct ArmScores {
  /// By run, then by problem.
  let runs: [[Double]]
}

/// Stand-in until the statistics land.
struct ArmDifference {
  let difference: Double
  private let error: Double
  private let freedom: Double
  private let seeds: Int

  init?(first: ArmScores, second: ArmScores) {
    let differences = zip(first.runs, second.runs).map { one, other in
      zip(one, other).map { $0 - $1 }
    }
    let units = differences.count > 1 ? differences.compactMap(Statistics.mean) : differences[0]
    guard let mean = Statistics.mean(units), let deviation = Statistics.standardDeviation(units)
    else { return nil }
    difference = mean
    error = deviation / Double(units.count).squareRoot()
    freedom = Double(units.count - 1)
    seeds = differences.count
  }

  func interval(confidence: Double) -> ClosedRange<Double> {
    let half = StudentQuantile.upper(freedom: freedom) * error
    return (difference - half)...(difference + half)
  }

  func pValue(above margin: Double) -> Double { upperTail((difference - margin) / error) }
  func pValue(below margin: Double) -> Double { upperTail((margin - difference) / error) }

  func seedsNeeded(toDetect effect: Double) -> Int? {
    guard seeds > 1, effect > 0 else { return nil }
    let deviation = error * Double(seeds).squareRoot()
    return (2...1000).first { 2.5 * deviation / Double($0).squareRoot() <= effect }
  }

  private func upperTail(_ t: Double) -> Double {
    if error == 0 { return t > 0 ? 0 : t < 0 ? 1 : 0.5 }
    let angle = atan(t / freedom.squareRoot())
    let slices = 4000
    func integral(_ low: Double, _ high: Double) -> Double {
      let width = (high - low) / Double(slices)
      return (0..<slices).reduce(0) { $0 + pow(cos(low + (Double($1) + 0.5) * width), freedom - 1) }
        * width
    }
    return integral(angle, .pi / 2) / integral(-.pi / 2, .pi / 2)
  }
}
