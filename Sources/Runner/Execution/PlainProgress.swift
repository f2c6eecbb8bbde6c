import Foundation
import Synchronization

/// Shows a run as lines of text, for logs: one when an instance begins, one when it ends, and now
/// and then one between.
public final class PlainProgress: RunDisplay {
  private struct State {
    var title: InstanceTitle?
    var meter = ProgressMeter(at: 0)
    var lastLine = 0.0
  }

  private let state = Mutex(State())
  private let interval: Double
  private let output: DisplayOutput

  /// Prepares a display.
  /// - Parameter interval: the least time between two lines about the same instance, in seconds.
  public init(interval: Double = 5, output: DisplayOutput = .standardError) {
    self.interval = interval
    self.output = output
  }

  /// Says that an instance begins.
  public func begin(_ title: InstanceTitle) {
    let now = output.now()
    state.withLock { $0 = State(title: title, meter: ProgressMeter(at: now), lastLine: now) }
    output.write("\(prefix(title)): begins\n")
  }

  /// Says a sentence.
  public func notice(_ sentence: String) { output.write(sentence + "\n") }

  /// Says how far the instance is, if the last line is old enough.
  public func update(_ progress: Progress) {
    let now = output.now()
    let line = state.withLock { state -> String? in
      state.meter.update(progress, at: now)
      guard let title = state.title, now - state.lastLine >= interval else { return nil }
      state.lastLine = now
      return "\(prefix(title)): \(state.meter.parts.joined(separator: ", "))\n"
    }
    if let line { output.write(line) }
  }

  /// Says what became of an instance.
  public func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { $0.title = nil }
    output.write("\(prefix(title)): \(outcome.words)\n")
  }

  private func prefix(_ title: InstanceTitle) -> String {
    "[\(title.number)/\(title.total)] \(title.name) (\(title.kind))"
  }
}

extension InstanceOutcome {
  /// What became of the instance, for people.
  var words: String {
    switch self {
    case .ran(let seconds): "done in \(durationText(seconds))"
    case .cached: "cached"
    case .failed(let sentence): "failed: \(sentence)"
    case .skipped(let reason): reason
    case .interrupted: "\(StageError.interrupted)"
    }
  }
}
