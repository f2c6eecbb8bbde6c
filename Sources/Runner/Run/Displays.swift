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
    guard outcome == self.outcome, title.number == last.number + 1 else { return false }
    last = title
    count += 1
    return true
  }
}

/// Shows a run as lines of text, for logs: one when an instance begins, one when it ends, and now
/// and then one between.
package final class PlainProgress: RunDisplay {
  private struct Entry {
    var meter: ProgressMeter
    var lastLine: Double
  }

  private struct State {
    /// What is at work, by number.
    var running: [Int: Entry] = [:]
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
    state.withLock {
      $0.running[title.number] = Entry(meter: ProgressMeter(at: now), lastLine: now)
    }
    output.write("\(prefix(title)): begins\n")
  }

  package func notice(_ sentence: String) {
    finish()
    output.write(sentence.visible + "\n")
  }

  /// Says how far the instance is, if the last line is old enough.
  package func update(_ title: InstanceTitle, _ progress: StageProgress) {
    let now = output.now()
    let meter = state.withLock { state -> ProgressMeter? in
      guard var entry = state.running[title.number] else { return nil }
      entry.meter.update(progress, at: now)
      let isDue = now - entry.lastLine >= interval
      if isDue { entry.lastLine = now }
      state.running[title.number] = entry
      return isDue ? entry.meter : nil
    }
    guard let meter else { return }
    let parts = meter.parts(title.forecast, at: now).joined(separator: ", ")
    output.write("\(prefix(title)): \(parts)\n")
  }

  package func putOff(_ title: InstanceTitle) {
    state.withLock { $0.running[title.number] = nil }
  }

  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    let isTaken = state.withLock { state in
      state.running[title.number] = nil
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
/// for each at work.
package final class TerminalProgress: RunDisplay {
  private struct Entry {
    let title: InstanceTitle
    var meter: ProgressMeter
  }

  private struct State {
    /// What is at work, the earliest first.
    var running: [Entry] = []
    /// How many live lines the terminal shows.
    var shown = 0
    var lastDrawn = -Double.infinity
    var row: EndingRow?
  }

  private static let leastInterval = 0.1
  private static let barWidth = 20
  /// More live lines might not fit, and what has left the screen could not be erased.
  private static let mostLines = 8
  private static let eraseLine = "\r\u{1B}[K"
  private static let eraseLineAbove = "\u{1B}[A\u{1B}[K"

  private let state = Mutex(State())
  private let hasColour: Bool
  private let output: DisplayOutput

  package init(hasColour: Bool, output: DisplayOutput = .standardError) {
    self.hasColour = hasColour
    self.output = output
  }

  /// Draws the live line of an instance, below those of others.
  package func begin(_ title: InstanceTitle) {
    let now = output.now()
    state.withLock { state in
      state.running.removeAll { $0.title.number == title.number }
      state.running.append(Entry(title: title, meter: ProgressMeter(at: now)))
      draw(&state, above: takeRow(&state))
    }
  }

  /// Writes a sentence above the live lines.
  package func notice(_ sentence: String) {
    state.withLock { state in draw(&state, above: takeRow(&state) + sentence.visible + "\n") }
  }

  /// Redraws the live lines, at most ten times a second.
  package func update(_ title: InstanceTitle, _ progress: StageProgress) {
    let now = output.now()
    state.withLock { state in
      guard let place = state.running.firstIndex(where: { $0.title.number == title.number })
      else { return }
      state.running[place].meter.update(progress, at: now)
      if now - state.lastDrawn >= Self.leastInterval { draw(&state) }
    }
  }

  /// Takes the live line of an instance away.
  package func putOff(_ title: InstanceTitle) {
    state.withLock { state in
      state.running.removeAll { $0.title.number == title.number }
      draw(&state)
    }
  }

  /// Leaves a line about an instance in place of the live one.
  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { state in
      state.running.removeAll { $0.title.number == title.number }
      if state.row?.append(title, outcome) == true { return }
      let before = takeRow(&state)
      state.row = EndingRow(title, outcome)
      let own = state.row == nil ? line("\(title.name)  \(title.kind)", outcome) : ""
      if !before.isEmpty || !own.isEmpty { draw(&state, above: before + own) }
    }
  }

  /// Says what there is to say of the instances before.
  package func finish() {
    state.withLock { state in
      let row = takeRow(&state)
      if !row.isEmpty { draw(&state, above: row) }
    }
  }

  /// The line about the instances before; empty where there is none.
  private func takeRow(_ state: inout State) -> String {
    guard let ended = state.row else { return "" }
    state.row = nil
    let names =
      ended.count == 1
      ? "\(ended.first.name)  \(ended.first.kind)" : "\(ended.count) instances"
    return line(names, ended.outcome)
  }

  private func line(_ names: String, _ outcome: InstanceOutcome) -> String {
    "\(mark(outcome)) \(names)  \(Self.words(outcome))\n"
  }

  /// Writes lines in the place of the live ones, and these below.
  private func draw(_ state: inout State, above text: String = "") {
    let now = output.now()
    let entries = state.running.prefix(
      state.running.count > Self.mostLines ? Self.mostLines - 1 : Self.mostLines)
    var lines = entries.enumerated().map { live($1, isFirst: $0 == 0, at: now) }
    if lines.count < state.running.count {
      lines.append("and \(state.running.count - lines.count) more")
    }
    let erasing =
      Self.eraseLine + String(repeating: Self.eraseLineAbove, count: max(0, state.shown - 1))
    output.write(erasing + text + lines.joined(separator: "\n"))
    state.shown = lines.count
    state.lastDrawn = now
  }

  /// - Parameter isFirst: whether the line says how long the whole run will take.
  private func live(_ entry: Entry, isFirst: Bool, at now: Double) -> String {
    let title = entry.title
    var parts = ["\(title.number)/\(title.total) \(title.name)"]
    if entry.meter.latest == nil {
      parts.append(title.kind)
    } else {
      let full = Int((entry.meter.share * Double(Self.barWidth)).rounded(.down))
      let empty = Self.barWidth - full
      parts.append(String(repeating: "█", count: full) + String(repeating: "░", count: empty))
      parts += entry.meter.parts(isFirst ? title.forecast : RunForecast.Seconds(), at: now)
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
