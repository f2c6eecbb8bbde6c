import Base

/// How long a run will take, from how long its instances took before and from what has run so far.
///
/// An instance takes as long as last time, though its parameters may have changed; one that never ran
/// takes the mean of its stage's others. A quick kind takes no time. What is none of these is not known.
package struct RunForecast: Sendable {
  /// What a display is told when an instance begins, in seconds; nil for what is not known.
  package struct Seconds: Sendable, Equatable {
    package var own: Double?
    /// Of all instances behind it.
    package var behind: Double?

    package init(own: Double? = nil, behind: Double? = nil) {
      self.own = own
      self.behind = behind
    }
  }

  /// What is known of a stage.
  private struct Stage {
    let isQuick: Bool
    /// Instances that have run, and how long they took together.
    var known = 0
    var sum = 0.0
    /// Instances that are yet to run: how long they took last time, and how many never ran.
    var lastSum = 0.0
    var open = 0

    var mean: Double? { known > 0 ? sum / Double(known) : isQuick ? 0 : nil }
    var left: Double? { open == 0 ? lastSum : mean.map { lastSum + $0 * Double(open) } }
  }

  private var stages: [String: Stage] = [:]
  private let width: Double

  /// - Parameter width: how many instances run side by side.
  init(_ plan: Plan, width: Int = 1) {
    self.width = Double(width)
    for item in plan.items {
      var stage = stages[item.stageName] ?? Stage(isQuick: item.instance.isQuick)
      if let seconds = item.lastSeconds {
        stage.known += 1
        stage.sum += seconds
      }
      if item.state == .toRun {
        stage.lastSum += item.lastSeconds ?? 0
        stage.open += item.lastSeconds == nil ? 1 : 0
      }
      stages[item.stageName] = stage
    }
  }

  /// Takes an instance from those that are yet to run.
  mutating func begin(_ item: PlannedInstance) -> Seconds {
    guard item.state == .toRun, var stage = stages[item.stageName] else { return Seconds() }
    stage.lastSum -= item.lastSeconds ?? 0
    stage.open -= item.lastSeconds == nil ? 1 : 0
    stages[item.stageName] = stage
    var behind: Double? = 0
    for stage in stages.values { behind = behind.flatMap { sum in stage.left.map { sum + $0 } } }
    return Seconds(own: item.lastSeconds ?? stage.mean, behind: behind.map { $0 / width })
  }

  /// Notes how long an instance took that had never run before.
  mutating func note(_ item: PlannedInstance, seconds: Double) {
    guard item.lastSeconds == nil else { return }
    stages[item.stageName]?.known += 1
    stages[item.stageName]?.sum += seconds
  }
}
