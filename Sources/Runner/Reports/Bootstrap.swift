/// Draws problems and seeds with replacement, for percentile intervals.
///
/// With several seeds, each draw takes seeds and problems, the same ones under every seed (Owen
/// 2007, "The pigeonhole bootstrap"). One seed fewer is drawn than there are, which makes the
/// variance over seeds unbiased where they are few (Rao and Wu 1988). The random stream is fixed:
/// equal scores give equal intervals.
struct Bootstrap {
  /// The problems of the current draw, by index.
  private(set) var problems: [Int]
  /// The seeds of the current draw, by index.
  private(set) var seeds: [Int]

  private let seedCount: Int
  private var generator: SplitMix64

  /// How often reports draw.
  static let resamples = 10_000

  /// Prepares to draw from so many problems and seeds.
  /// - Parameter stream: names the random stream.
  init(problems: Int, seeds: Int, stream: UInt64 = 0) {
    self.problems = [Int](repeating: 0, count: problems)
    self.seeds = [Int](repeating: 0, count: max(1, seeds - 1))
    seedCount = seeds
    generator = SplitMix64(state: stream)
  }

  /// Draws anew.
  mutating func draw() {
    for index in problems.indices { problems[index] = generator.index(below: problems.count) }
    if seedCount == 1 { return }
    for index in seeds.indices { seeds[index] = generator.index(below: seedCount) }
  }

  /// The bounds within which 95 % of what was drawn lies. Values may be infinite.
  static func bounds(of draws: [Double]) -> ClosedRange<Double> {
    let sorted = draws.sorted()
    let tail = Int(0.025 * Double(sorted.count - 1))
    return sorted[tail]...sorted[sorted.count - 1 - tail]
  }
}
