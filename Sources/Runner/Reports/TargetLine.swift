/// What runs measured along an axis of numbers.
struct TargetLine {
  /// The runs at one number of the axis.
  struct Place {
    let x: Double
    let runs: CellRuns
    let cost: Double?
  }

  /// The places that were measured, by ascending x.
  let places: [Place]
  /// The value to be reached, as the stage publishes it.
  let target: Double

  private func crossing(of means: [Double]) -> TargetCrossing? {
    TargetCrossing(
      of: target, along: zip(places, means).map { ($0.x, $1, $0.cost) })
  }

  /// Where the line through the means reaches the target; nil until all runs are done.
  var reach: TargetReach? {
    guard let means, let first = places.first, let last = places.last else { return nil }
    let crossing = crossing(of: means)
    return TargetReach(
      value: crossing?.x ?? last.x, bound: Self.bound(of: crossing), interval: interval,
      first: first.x, last: last.x)
  }

  /// What reaching the target costs; nil where that is not known at every place.
  var costOfReach: TargetReach? {
    let costs = places.compactMap(\.cost)
    guard let means, costs.count == places.count, let first = costs.first, let last = costs.last
    else { return nil }
    let crossing = crossing(of: means)
    return TargetReach(
      value: crossing?.cost ?? last, bound: Self.bound(of: crossing), interval: nil,
      first: first, last: last)
  }

  private var means: [Double]? {
    let means = places.compactMap(\.runs.mean)
    return means.count == places.count ? means : nil
  }

  private static func bound(of crossing: TargetCrossing?) -> TargetReach.Bound? {
    guard let crossing else { return .moreThan }
    return crossing.isFirst ? .atMost : nil
  }

  /// Draws problems and seeds, the same ones at every place, and looks where each draw's line
  /// reaches the target. Needs the same problems and as many seeds at every place.
  private var interval: ClosedRange<Double>? {
    let scores = places.compactMap(\.runs.problemValues)
    guard let first = scores.first, scores.count == places.count, isOnSameProblems,
      scores.allSatisfy({ $0.count == first.count }), let problems = first.first?.count,
      problems > 1
    else { return nil }
    var draws = Bootstrap(problems: problems, seeds: first.count)
    let found = (0..<Bootstrap.resamples).map { _ -> Double in
      draws.draw()
      let crossing = crossing(of: scores.map { Self.mean(of: $0, in: draws) })
      guard let crossing else { return .infinity }
      return crossing.isFirst ? -.infinity : crossing.x
    }
    return Bootstrap.bounds(of: found)
  }

  private static func mean(of scores: [[Double]], in draws: Bootstrap) -> Double {
    var sum = 0.0
    for seed in draws.seeds { for problem in draws.problems { sum += scores[seed][problem] } }
    return sum / Double(draws.seeds.count * draws.problems.count)
  }

  private var isOnSameProblems: Bool {
    let all = places.flatMap { $0.runs.runs.map(\.scores) }
    guard let first = all.first ?? nil else { return false }
    return all.allSatisfy { $0?.hasProblems(of: first) == true }
  }
}
