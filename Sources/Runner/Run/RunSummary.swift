/// What became of one instance in a run.
package enum InstanceOutcome: Sendable, Equatable {
  /// It ran and published, in so many seconds.
  case ran(seconds: Double)
  /// Its result was there.
  case cached
  /// It failed; the sentence says why.
  case failed(String)
  /// It was not begun; the words say why.
  case skipped(String)
  /// It is not run, because a gate has failed; the words say which.
  case stopped(String)
  /// It stopped at a checkpoint because it was asked to.
  case interrupted
  /// It lies outside the part that was asked for.
  case notAsked
}

package struct RunSummary: Sendable {
  /// What became of each instance of the plan, in its order.
  package let outcomes: [InstanceOutcome]
  /// The plan that was carried out, with the result of each instance that has one.
  package let plan: Plan
  /// Whether the run stopped because it was asked to.
  package let wasInterrupted: Bool
  /// How long the run took, in seconds.
  package let seconds: Double

  package var ran: Int { outcomes.count { if case .ran = $0 { true } else { false } } }
  /// How many instances had their results already.
  package var cached: Int { outcomes.count { $0 == .cached } }
  /// What failed, and why, in the order of the plan.
  package var failures: [(name: String, sentence: String)] {
    zip(plan.items, outcomes).compactMap { item, outcome in
      if case .failed(let sentence) = outcome { (item.name, sentence) } else { nil }
    }
  }
  package var failed: Int { outcomes.count { if case .failed = $0 { true } else { false } } }
  /// How many instances lie outside the part that was asked for.
  package var notAsked: Int { outcomes.count { $0 == .notAsked } }
  /// How many instances were not begun.
  package var skipped: Int { outcomes.count { if case .skipped = $0 { true } else { false } } }
  /// How many instances gates stopped.
  package var stopped: Int { outcomes.count { if case .stopped = $0 { true } else { false } } }

  /// The program's exit code: 130 interrupted, 1 a stage failed, 0 done.
  package var exitCode: Int32 { wasInterrupted ? 130 : failed > 0 ? 1 : 0 }
}
