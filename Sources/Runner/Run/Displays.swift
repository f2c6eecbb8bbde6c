import Base
import Foundation
import Synchronization

/// Instances in a row of which there is the same to say, such as that they are cached.
struct EndingRow {
  let outcome: InstanceOutcome
  let first: InstanceTitle
  private(set) var last: InstanceTitle
  private(set) var count = 1

  /// Nil for an outcome that stands for itself.
  init?(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    switch outcome {
    case .cached, .skipped, .stopped: break
    case .ran, .failed, .interrupted, .notAsked: return nil
    }
    self.outcome = outcome
    first = title
    last = title
  }

  /// Takes another instance along.
  /// - Returns: whether the same can be said of it.
  mutating func append(_ title: InstanceTitle, _ outcome: InstanceOutcome) -> Bool {
    guard outcome == self.outcome else { return false }
    last = title
    count += 1
    return true
  }
}

/// Shows a run as lines of text, for logs: one when an instance begins, one when it ends, and now
/// and then one between.
package final class PlainProgress: RunDisplay {
  private struct State {
    var title: InstanceTitle?
    var meter = ProgressMeter(at: 0)
    var lastLine = 0.0
    var row: EndingRow?
  }

  private let state = Mutex(State())
  private let interval: Double
  private let output: DisplayOutput

  /// Prepares a display.
  /// - Parameter interval: the least time between two lines about the same instance, in seconds.
  package init(interval: Double = 5, output: DisplayOutput = .standardError) {
    self.interval = interval
    self.output = output
  }

  package func begin(_ title: InstanceTitle) {
    finish()
    let now = output.now()
    state.withLock { $0 = State(title: title, meter: ProgressMeter(at: now), lastLine: now) }
    output.write("\(prefix(title)): begins\n")
  }

  package func notice(_ sentence: String) {
    finish()
    output.write(sentence.visible + "\n")
  }

  /// Says how far the instance is, if the last line is old enough.
  package func update(_ progress: StageProgress) {
    let now = output.now()
    let line = state.withLock { state -> String? in
      state.meter.update(progress, at: now)
      guard let title = state.title, now - state.lastLine >= interval else { return nil }
      state.lastLine = now
      return
        "\(prefix(title)): \(state.meter.parts(title.forecast, at: now).joined(separator: ", "))\n"
    }
    if let line { output.write(line) }
  }

  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    let isTaken = state.withLock { state in
      state.title = nil
      return state.row?.append(title, outcome) ?? false
    }
    if isTaken { return }
    finish()
    if let row = EndingRow(title, outcome) { return state.withLock { $0.row = row } }
    output.write("\(prefix(title)): \(outcome.words)\n")
  }

  /// Says what there is to say of the instances before.
  package func finish() {
    let row = state.withLock { state in
      defer { state.row = nil }
      return state.row
    }
    guard let row else { return }
    let range = "[\(row.first.number)–\(row.last.number)/\(row.last.total)]"
    let names = row.count == 1 ? prefix(row.first) : "\(range) \(row.count) instances"
    output.write("\(names): \(row.outcome.words)\n")
  }

  private func prefix(_ title: InstanceTitle) -> String {
    "[\(title.number)/\(title.total)] \(title.name) (\(title.kind))"
  }
}

extension InstanceOutcome {
  /// What became of the instance, for people.
  var words: String {
    switch self {
    case .ran(let seconds): "done in \(NumberText.compactDuration(seconds))"
    case .cached: "cached"
    case .failed(let sentence): "failed: \(sentence)"
    case .skipped(let reason), .stopped(let reason): reason
    case .interrupted: "\(InterruptedError())"
    case .notAsked: "not asked for"
    }
  }
}

/// Shows a run on a terminal: a line for each instance that is settled, and below them a live line
/// for the one at work.
package final class TerminalProgress: RunDisplay {
  private struct State {
    var title: InstanceTitle?
    var meter = ProgressMeter(at: 0)
    var lastDrawn = -Double.infinity
    var row: EndingRow?
  }

  private static let leastInterval = 0.1
  private static let barWidth = 20
  private static let eraseLine = "\r\u{1B}[K"

  private let state = Mutex(State())
  private let hasColour: Bool
  private let output: DisplayOutput

  package init(hasColour: Bool, output: DisplayOutput = .standardError) {
    self.hasColour = hasColour
    self.output = output
  }

  /// Draws the live line of an instance.
  package func begin(_ title: InstanceTitle) {
    let now = output.now()
    state.withLock { state in
      write(&state.row)
      state = State(title: title, meter: ProgressMeter(at: now), lastDrawn: now)
      output.write(Self.eraseLine + line(state, at: now))
    }
  }

  /// Writes a sentence above the live line.
  package func notice(_ sentence: String) {
    let now = output.now()
    state.withLock { state in
      write(&state.row)
      output.write(Self.eraseLine + sentence.visible + "\n" + line(state, at: now))
    }
  }

  /// Redraws the live line, at most ten times a second.
  package func update(_ progress: StageProgress) {
    let now = output.now()
    state.withLock { state in
      state.meter.update(progress, at: now)
      guard state.title != nil, now - state.lastDrawn >= Self.leastInterval else { return }
      state.lastDrawn = now
      output.write(Self.eraseLine + line(state, at: now))
    }
  }

  /// Leaves a line about an instance in place of the live one.
  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { state in
      state.title = nil
      if state.row?.append(title, outcome) == true { return }
      write(&state.row)
      state.row = EndingRow(title, outcome)
      if state.row == nil { write("\(title.name)  \(title.kind)", outcome) }
    }
  }

  /// Says what there is to say of the instances before.
  package func finish() { state.withLock { write(&$0.row) } }

  private func write(_ row: inout EndingRow?) {
    guard let ended = row else { return }
    row = nil
    let names =
      ended.count == 1
      ? "\(ended.first.name)  \(ended.first.kind)" : "\(ended.count) instances"
    write(names, ended.outcome)
  }

  private func write(_ names: String, _ outcome: InstanceOutcome) {
    output.write("\(Self.eraseLine)\(mark(outcome)) \(names)  \(Self.words(outcome))\n")
  }

  private func line(_ state: State, at now: Double) -> String {
    guard let title = state.title else { return "" }
    var parts = ["\(title.number)/\(title.total) \(title.name)"]
    if state.meter.latest == nil {
      parts.append(title.kind)
    } else {
      let full = Int((state.meter.share * Double(Self.barWidth)).rounded(.down))
      let empty = Self.barWidth - full
      parts.append(String(repeating: "█", count: full) + String(repeating: "░", count: empty))
      parts += state.meter.parts(title.forecast, at: now)
    }
    // A line that breaks or wraps could not be erased.
    let whole = parts.joined(separator: "  ").map { $0.isNewline ? " " : $0 }
    return String(whole.prefix(max(10, output.columns() - 1)))
  }

  private static func words(_ outcome: InstanceOutcome) -> String {
    switch outcome {
    case .ran(let seconds): NumberText.compactDuration(seconds)
    case .failed(let sentence): sentence
    default: outcome.words
    }
  }

  private func mark(_ outcome: InstanceOutcome) -> String {
    let (mark, colour) =
      switch outcome {
      case .ran: ("✓", 32)
      case .cached: ("=", 2)
      case .failed: ("✗", 31)
      case .skipped, .stopped, .notAsked: ("-", 2)
      case .interrupted: ("!", 33)
      }
    return hasColour ? "\u{1B}[\(colour)m\(mark)\u{1B}[0m" : mark
  }
}
