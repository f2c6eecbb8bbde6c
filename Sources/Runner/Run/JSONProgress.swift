import Base
import Foundation
import Synchronization

/// Shows a run to other programs: a JSON object a line.
///
/// `event` is `begin`, `progress` (at most one a second for an instance), `end` or `notice`.
package final class JSONProgress: RunDisplay {
  /// An instance at work.
  private struct Entry {
    var meter: ProgressMeter
    var lastLine: Double
  }

  private static let leastInterval = 1.0

  /// What is at work, by number.
  private let running = Mutex<[Int: Entry]>([:])
  private let output: DisplayOutput

  package init(output: DisplayOutput = .standardError) { self.output = output }

  package func begin(_ title: InstanceTitle) {
    let now = output.now()
    running.withLock { $0[title.number] = Entry(meter: ProgressMeter(at: now), lastLine: now) }
    write(
      "begin", title,
      [
        "expected_seconds": number(title.forecast.own),
        "expected_seconds_behind": number(title.forecast.behind),
      ])
  }

  package func update(_ title: InstanceTitle, _ progress: StageProgress) {
    let now = output.now()
    let due = running.withLock { running -> ProgressMeter? in
      guard var entry = running[title.number] else { return nil }
      entry.meter.update(progress, at: now)
      let isDue = now - entry.lastLine >= Self.leastInterval
      if isDue { entry.lastLine = now }
      running[title.number] = entry
      return isDue ? entry.meter : nil
    }
    guard let meter = due else { return }
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
    putOff(title)
    var members: [String: JSONValue] = ["outcome": .string(outcome.name)]
    if case .ran(let seconds) = outcome {
      members["seconds"] = .number(seconds)
    } else {
      members["reason"] = .string(outcome.reason)
    }
    write("end", title, members)
  }

  package func putOff(_ title: InstanceTitle) { running.withLock { $0[title.number] = nil } }

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
