import OrderedCollections

/// Reads a table that a finished instance published: file, instance.
package typealias TableReader = (String, InstanceResult) throws -> RowTable

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

    /// The share of right samples.
    package var share: Double { Double(solved) / Double(samples) }
  }

  /// The visits of each problem, by its id.
  package let visits: OrderedDictionary<String, [Visit]>
  /// The last step of the run.
  package let lastStep: Int

  /// Reads `rollouts.h5`: a row for each completion, with `step`, `problem_id` and `outcome`.
  /// - Throws: what reading the columns throws.
  package init(rollouts: RowTable) throws {
    let steps = try rollouts.integers("step")
    let problems = try rollouts.strings("problem_id")
    let outcomes = try rollouts.strings("outcome")
    var counts: OrderedDictionary<String, [Int: (solved: Int, samples: Int)]> = [:]
    for ((step, problem), outcome) in zip(zip(steps, problems), outcomes) {
      counts[problem, default: [:]][step, default: (0, 0)].samples += 1
      if outcome == "correct" { counts[problem, default: [:]][step, default: (0, 0)].solved += 1 }
    }
    visits = counts.mapValues { byStep in
      byStep.sorted { $0.key < $1.key }.map {
        Visit(step: $0.key, solved: $0.value.solved, samples: $0.value.samples)
      }
    }
    lastStep = steps.max() ?? 0
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
