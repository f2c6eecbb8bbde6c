/// What became of one instance in a run.
public enum InstanceOutcome: Sendable, Equatable {
  /// It ran and published, in so many seconds.
  case ran(seconds: Double)
  /// Its result was there.
  case cached
  /// It failed; the sentence says why.
  case failed(String)
  /// It was not begun; the words say why.
  case skipped(String)
  /// It stopped at a checkpoint because it was asked to.
  case interrupted
}

/// What became of a run.
public struct RunSummary: Sendable {
  /// What became of each instance of the plan, in its order.
  public let outcomes: [InstanceOutcome]
  /// The result of each instance that has one, in the plan's order.
  public let results: [InstanceResult]
  /// Whether the run stopped because it was asked to.
  public let wasInterrupted: Bool
  /// How long the run took, in seconds.
  public let seconds: Double

  /// How many instances ran.
  public var ran: Int { outcomes.count { if case .ran = $0 { true } else { false } } }
  /// How many instances had their results already.
  public var cached: Int { outcomes.count { $0 == .cached } }
  /// How many instances failed.
  public var failed: Int { outcomes.count { if case .failed = $0 { true } else { false } } }
  /// How many instances were not begun.
  public var skipped: Int { outcomes.count { if case .skipped = $0 { true } else { false } } }

  /// The program's exit code: 130 interrupted, 1 a stage failed, 0 done.
  public var exitCode: Int32 { wasInterrupted ? 130 : failed > 0 ? 1 : 0 }
}
