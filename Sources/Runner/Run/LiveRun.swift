import Base
import Foundation
import Synchronization

/// A run as it goes, for whoever looks at it from elsewhere: what displays are told, kept.
package final class LiveRun: RunDisplay {
  /// An instance at work.
  package struct Work: Sendable {
    package let title: InstanceTitle
    /// How far it is; nil where nobody said, as for jobs elsewhere.
    package let progress: StageProgress?
    /// How much is done, from 0 to 1.
    package let share: Double
    /// Done of total, rate, time left, remark.
    package let words: [String]
  }

  /// What is known at a moment.
  package struct Snapshot: Sendable {
    /// What is at work, the earliest first.
    package let working: [Work]
    /// What became of each instance that has ended, by name.
    package let outcomes: [String: InstanceOutcome]
    /// The names of what has ended, the earliest first.
    package let ended: [String]
    /// Seconds that the run will still take, where that can be told.
    package let secondsLeft: Double?
    /// What people should know, the newest last.
    package let notices: [String]
    /// How long the run has been going, in seconds.
    package let seconds: Double
    /// How it ended; nil while it goes.
    package let ending: Ending?
  }

  package struct Ending: Sendable, Equatable {
    /// Sentences, the first of which sums up.
    package let sentences: [String]
    /// Whether all that was asked for came out.
    package let isGood: Bool

    package init(_ sentences: [String], isGood: Bool) {
      self.sentences = sentences
      self.isGood = isGood
    }
  }

  private struct Entry {
    let title: InstanceTitle
    var meter: ProgressMeter
  }

  private struct State {
    var running: [Entry] = []
    var outcomes: [String: InstanceOutcome] = [:]
    var ended: [String] = []
    var notices: [String] = []
    var ending: Ending?
    var endedAfter: Double?
  }

  private static let keptNotices = 40

  private let state = Mutex(State())
  private let now: @Sendable () -> Double
  private let begun: Double

  /// - Parameter now: seconds on a clock that only goes forward.
  package init(now: @escaping @Sendable () -> Double = DisplayOutput.standardError.now) {
    self.now = now
    begun = now()
  }

  package func begin(_ title: InstanceTitle) {
    let now = now()
    state.withLock { state in
      state.running.removeAll { $0.title.number == title.number }
      state.running.append(Entry(title: title, meter: ProgressMeter(at: now)))
    }
  }

  package func update(_ title: InstanceTitle, _ progress: StageProgress) {
    let now = now()
    state.withLock { state in
      let place = state.running.firstIndex { $0.title.number == title.number }
      if let place { state.running[place].meter.update(progress, at: now) }
    }
  }

  package func notice(_ sentence: String) {
    state.withLock { state in
      state.notices.append(sentence)
      state.notices.removeFirst(max(0, state.notices.count - Self.keptNotices))
    }
  }

  package func putOff(_ title: InstanceTitle) {
    state.withLock { $0.running.removeAll { $0.title.number == title.number } }
  }

  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { state in
      state.running.removeAll { $0.title.number == title.number }
      // What was damaged and is made again ends twice.
      if state.outcomes.updateValue(outcome, forKey: title.name) != nil {
        state.ended.removeAll { $0 == title.name }
      }
      state.ended.append(title.name)
    }
  }

  /// The run has ended, and so has all that it writes.
  package func conclude(_ ending: Ending) {
    let seconds = now() - begun
    state.withLock { state in
      state.running = []
      state.ending = ending
      state.endedAfter = seconds
    }
  }

  package var snapshot: Snapshot {
    let now = now()
    return state.withLock { state in
      Snapshot(
        working: state.running.map { entry in
          Work(
            title: entry.title, progress: entry.meter.latest, share: entry.meter.share,
            words: entry.meter.parts(RunForecast.Seconds(), at: now))
        },
        outcomes: state.outcomes, ended: state.ended,
        secondsLeft: Self.secondsLeft(state.running, at: now), notices: state.notices,
        seconds: state.endedAfter ?? now - begun, ending: state.ending)
    }
  }

  /// As the lines of a terminal have it: what the first at work takes with all behind it, or the longest
  /// of those at work where nothing is behind them.
  private static func secondsLeft(_ running: [Entry], at now: Double) -> Double? {
    guard let first = running.first else { return nil }
    if let seconds = first.meter.secondsLeft(ofRun: first.title.forecast, at: now) {
      return seconds
    }
    guard running.allSatisfy({ $0.title.forecast.behind == 0 }) else { return nil }
    let own = running.map(\.meter.secondsLeft)
    return own.contains { $0 == nil } ? nil : own.compactMap(\.self).max()
  }
}

/// Several displays of one run.
package struct JoinedDisplay: RunDisplay {
  private let all: [any RunDisplay]

  package init(_ all: [any RunDisplay]) { self.all = all }

  package func begin(_ title: InstanceTitle) { for display in all { display.begin(title) } }
  package func update(_ title: InstanceTitle, _ progress: StageProgress) {
    for display in all { display.update(title, progress) }
  }
  package func notice(_ sentence: String) { for display in all { display.notice(sentence) } }
  package func putOff(_ title: InstanceTitle) { for display in all { display.putOff(title) } }
  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    for display in all { display.end(title, outcome) }
  }
  package func finish() { for display in all { display.finish() } }
}
