import Synchronization

/// Where an engine's time goes, by part, as ``WorkerPool/measure(_:_:)`` finds it.
package final class EngineProfile: Sendable {
  package enum Part: String, Sendable, CaseIterable {
    case copies = "copies of weights in panels"
    case projections = "queries, keys, values"
    case attention = "attention"
    case feedForward = "feed-forward layers, projection of attention"
    case weightGradients = "gradients of weights"
    case output = "output layer, softmax, loss"
    case optimiser = "optimiser, norm of gradients"
    case choice = "choice of tokens"
  }

  private let seconds = Mutex<[Part: Double]>([:])

  package init() {}

  fileprivate func add(_ elapsed: Double, to part: Part) {
    seconds.withLock { $0[part, default: 0] += elapsed }
  }

  /// The parts that took any time, in their order, with their shares of `total` seconds.
  package func shares(of total: Double) -> [(part: Part, share: Double)] {
    let seconds = seconds.withLock { $0 }
    return Part.allCases.compactMap { part in
      seconds[part].map { (part, total > 0 ? $0 / total : 0) }
    }
  }
}

extension WorkerPool {
  /// Does a piece of work, and where the pool has a profile, adds its time to a part. Pieces must not
  /// lie within each other.
  func measure<Result>(
    _ part: EngineProfile.Part, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let profile else { return try body() }
    let start = ContinuousClock.now
    defer { profile.add((ContinuousClock.now - start) / .seconds(1), to: part) }
    return try body()
  }
}
