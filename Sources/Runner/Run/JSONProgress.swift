import Base
import Foundation
import Synchronization

/// Shows a run to other programs: a JSON object a line.
///
/// `event` is `begin`, `progress` (at most one a second for an instance), `end` or `notice`.
package final class JSONProgress: RunDisplay {
  private struct State {
    var title: InstanceTitle?
    var meter = ProgressMeter(at: 0)
    var lastLine = 0.0
  }

  private static let leastInterval = 1.0

  private let state = Mutex(State())
  private let output: DisplayOutput

  package init(output: DisplayOutput = .standardError) { self.output = output }

  package func begin(_ title: InstanceTitle) {
    let now = output.now()
    state.withLock { $0 = State(title: title, meter: ProgressMeter(at: now), lastLine: now) }
    write(
      "begin", title,
      [
        "expected_seconds": number(title.forecast.own),
        "expected_seconds_behind": number(title.forecast.behind),
      ])
  }

  package func update(_ progress: StageProgress) {
    let now = output.now()
    let due = state.withLock { state -> (InstanceTitle, ProgressMeter)? in
      state.meter.update(progress, at: now)
      guard let title = state.title, now - state.lastLine >= Self.leastInterval else { return nil }
      state.lastLine = now
      return (title, state.meter)
    }
    guard let (title, meter) = due else { return }
    write(
      "progress", title,
      [
        "done": .integer(progress.done), "of": .integer(progress.total),
        "unit": .string(progress.unit), "remark": .string(progress.remark),
        "seconds_left": number(meter.secondsLeft),
        "seconds_left_of_run": number(meter.secondsLeft(ofRun: title.forecast, at: now)),
      ])
  }

  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { $0.title = nil }
    var members: [String: JSONValue] = ["outcome": .string(outcome.name)]
    if case .ran(let seconds) = outcome {
      members["seconds"] = .number(seconds)
    } else {
      members["reason"] = .string(outcome.reason)
    }
    write("end", title, members)
  }

  package func notice(_ sentence: String) {
    write(["event": "notice", "text": .string(sentence)])
  }

  private func write(_ event: String, _ title: InstanceTitle, _ more: [String: JSONValue]) {
    let members: [String: JSONValue] = [
      "event": .string(event), "instance": .string(title.name), "kind": .string(title.kind),
      "number": .integer(title.number), "total": .integer(title.total),
    ]
    write(members.merging(more) { $1 })
  }

  private func write(_ members: [String: JSONValue]) {
    output.write(JSONValue.object(members).text.visibleJSON + "\n")
  }

  private func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}

extension InstanceOutcome {
  fileprivate var name: String {
    switch self {
    case .ran: "ran"
    case .cached: "cached"
    case .failed: "failed"
    case .skipped: "skipped"
    case .stopped: "stopped"
    case .interrupted: "interrupted"
    case .notAsked: "not_asked"
    }
  }

  /// Without what the name says.
  fileprivate var reason: String {
    if case .failed(let sentence) = self { sentence } else { words }
  }
}
