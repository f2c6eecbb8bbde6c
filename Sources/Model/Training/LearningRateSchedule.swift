import Foundation

/// How the learning rate changes over the steps of a run.
public enum LearningRateSchedule: Sendable, Hashable {
  /// Rises from zero in equal steps, then stays: step 0 runs with rate zero.
  case constantWithWarmup(steps: Int)
  /// Rises like that, then falls to zero in equal steps at step `total`.
  case linear(warmup: Int, total: Int)
  /// Rises like that, then falls along half a cosine to `floor` times the base rate at `total`.
  case cosine(warmup: Int, total: Int, floor: Double)

  /// The rate of a step, counted from 0, for a base rate.
  public func rate(step: Int, base: Double) -> Double {
    switch self {
    case .constantWithWarmup(let warmup):
      return base * Self.rise(step, warmup)
    case .linear(let warmup, let total):
      if step < warmup { return base * Self.rise(step, warmup) }
      return base * (1 - Self.progress(step, warmup, total))
    case .cosine(let warmup, let total, let floor):
      if step < warmup { return base * Self.rise(step, warmup) }
      let fall = 0.5 * (1 + cos(.pi * Self.progress(step, warmup, total)))
      return base * (floor + (1 - floor) * fall)
    }
  }

  private static func rise(_ step: Int, _ warmup: Int) -> Double {
    step < warmup ? Double(step) / Double(warmup) : 1
  }

  /// How much of the steps after the warm-up is over, 0...1.
  private static func progress(_ step: Int, _ warmup: Int, _ total: Int) -> Double {
    min(1, Double(step - warmup) / Double(max(1, total - warmup)))
  }
}
