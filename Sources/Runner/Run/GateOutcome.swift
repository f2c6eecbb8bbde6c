import Base
import OrderedCollections

/// Reads a number of a result by its name: one that the stage published, or one that follows from
/// what it wrote. Nil where there is none.
package typealias ValueReader = @Sendable (_ name: String, _ result: PlannedInstance) -> Double?

/// What a gate came to at a point.
package struct GateOutcome: Sendable, Equatable {
  /// A value beside its bounds.
  package struct Reading: Sendable, Equatable {
    package let name: String
    package let bounds: GateBounds
    /// Nil where the result has no such number.
    package let value: Double?

    package var passes: Bool {
      value.map { !$0.isNaN && !bounds.isBelow($0) && !bounds.isAbove($0) } ?? false
    }

    /// `accuracy 0.3 is below 0.8` or `accuracy 0.91 (at least 0.8)`.
    package var words: String {
      guard let value, !value.isNaN else { return "there is no value '\(name)'" }
      if bounds.isBelow(value) {
        return "\(name) \(text) is below \(NumberText.exact(bounds.atLeast ?? 0))"
      }
      if bounds.isAbove(value) {
        return "\(name) \(text) is above \(NumberText.exact(bounds.atMost ?? 0))"
      }
      return "\(name) \(text) (\(bounds.words))"
    }

    /// As short as it is fit to be told from the bounds.
    private var text: String {
      guard let value else { return "–" }
      let short = NumberText.short(value)
      let ends = [bounds.atLeast, bounds.atMost].compactMap(\.self)
      return ends.contains { $0 != value && NumberText.short($0) == short }
        ? NumberText.exact(value) : short
    }
  }

  package let readings: [Reading]
  package let otherwise: Gate.Otherwise

  init(_ gate: Gate, of result: PlannedInstance, reading values: ValueReader) {
    readings = gate.bounds.map { name, bounds in
      Reading(name: name, bounds: bounds, value: values(name, result))
    }
    otherwise = gate.otherwise
  }

  package var passes: Bool { readings.allSatisfy(\.passes) }

  /// Whether nothing that waits for it may run.
  package var stops: Bool { !passes && otherwise == .stop }

  /// What does not pass, or else everything: `accuracy 0.3 is below 0.8`.
  package var words: String {
    let failed = readings.filter { !$0.passes }
    return (failed.isEmpty ? readings : failed).map(\.words).joined(separator: ", ")
  }
}

extension PlannedInstance {
  /// Published values alone.
  package static let publishedValue: ValueReader = { $1.values[$0]?.number }

  /// ` at seed=33`; nothing for a gate without axes.
  package var place: String { point.isEmpty ? "" : " at \(point.coordinates)" }

  /// `gate skill_scores failed at seed=33: accuracy 0.3 is below 0.8`; nil where it did not.
  package var gateFailure: String? {
    guard let outcome, !outcome.passes else { return nil }
    return "gate \(stageName) failed\(place): \(outcome.words)"
  }

  /// What is done, judged; or what is stopped or blocked by what comes before it.
  ///
  /// What a gate stops counts as not there, even where an earlier run left its result in the cache:
  /// a report then says the same wherever it is made.
  /// - Parameter earlier: the instances that come before, in the same order as the plan's.
  func gated(after earlier: [PlannedInstance], reading values: ValueReader) -> PlannedInstance {
    if let reason = stop(after: earlier) { return with(.stopped, reason, artifact: nil) }
    if state == .toRun, let gate = unknownGate(after: earlier), earlier[gate].state == .blocked {
      return with(.blocked, "its gate '\(earlier[gate].name)' is blocked", artifact: nil)
    }
    if instance.gate == nil { return self }
    return with(state, reason, artifact: artifact, reading: values)
  }

  /// Why it is not run, in words; nil where no gate says so.
  func stop(after earlier: [PlannedInstance]) -> String? {
    if let gate = instance.guards.first(where: { earlier[$0].outcome?.stops == true }) {
      return "stopped by the gate \(earlier[gate].stageName)\(earlier[gate].place)"
    }
    let input = instance.inputs.first { earlier[$0.producer].state == .stopped }
    return input.map { "its input '\($0.port)' (\(earlier[$0.producer].name)) is stopped" }
  }

  /// The first gate that it waits for, that may stop it, and of which nothing is known.
  func unknownGate(after earlier: [PlannedInstance]) -> Int? {
    instance.guards.first {
      earlier[$0].instance.gate?.otherwise == .stop && earlier[$0].outcome == nil
    }
  }

  /// The same instance in another state, judged where it is a gate and done.
  func with(
    _ state: State, _ reason: String, artifact: Artifact?,
    reading values: ValueReader = PlannedInstance.publishedValue
  ) -> PlannedInstance {
    let unjudged = changed(state, reason, artifact, nil)
    guard let gate = instance.gate, artifact != nil else { return unjudged }
    return changed(state, reason, artifact, GateOutcome(gate, of: unjudged, reading: values))
  }

  private func changed(
    _ state: State, _ reason: String, _ artifact: Artifact?, _ outcome: GateOutcome?
  ) -> PlannedInstance {
    PlannedInstance(
      instance: instance, state: state, reason: reason, fields: fields, key: key,
      artifact: artifact, lastSeconds: lastSeconds, lastStopSeconds: lastStopSeconds,
      lastFields: lastFields, outcome: outcome)
  }
}

extension Plan {
  /// The plan with what its gates come to, and with what they stop.
  package func gated(
    reading values: ValueReader = PlannedInstance.publishedValue
  ) -> Plan {
    var gated: [PlannedInstance] = []
    gated.reserveCapacity(items.count)
    for item in items { gated.append(item.gated(after: gated, reading: values)) }
    return Plan(items: gated)
  }

  /// Whether nothing is missing: everything is done, or stopped by a gate.
  package var isComplete: Bool { items.allSatisfy { $0.isDone || $0.state == .stopped } }

  /// What each gate that has failed stops or marks, a sentence each.
  package var gateFailures: [String] { items.indices.compactMap(consequence) }

  /// The instances that wait for a gate, or are made from such, as indices.
  /// - Parameter gate: the index of the gate's instance.
  package func guarded(by gate: Int) -> [Int] {
    var found: Set<Int> = []
    for (index, item) in items.enumerated() {
      if item.instance.guards.contains(gate)
        || item.instance.inputs.contains(where: { found.contains($0.producer) })
      {
        found.insert(index)
      }
    }
    return found.sorted()
  }

  /// What a failed gate comes to, for people: `gate skill_scores failed at seed=33: accuracy 0.3 is
  /// below 0.8; 18 instances of seed=33 are not run`.
  /// - Parameter index: the gate's instance.
  /// - Returns: nil where it has not failed.
  package func consequence(ofGate index: Int) -> String? {
    let gate = items[index]
    guard let failure = gate.gateFailure else { return nil }
    let place = gate.point.isEmpty ? "" : " of \(gate.point.coordinates)"
    guard gate.outcome?.stops == true else {
      return failure + "; everything\(place) runs, and is marked"
    }
    let count = guarded(by: index).count
    return failure + "; \(count == 1 ? "1 instance" : "\(count) instances")\(place) "
      + (count == 1 ? "is not run" : "are not run")
  }
}
