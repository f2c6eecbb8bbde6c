import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Shows people how a run goes. Several instances may be at work.
package protocol RunDisplay: Sendable {
  /// An instance begins.
  func begin(_ title: InstanceTitle)
  /// An instance says how far it is.
  func update(_ title: InstanceTitle, _ progress: StageProgress)
  /// Something that people should know, such as a wait for another process.
  func notice(_ sentence: String)
  /// An instance that has begun must wait, and begins again later.
  func putOff(_ title: InstanceTitle)
  /// An instance is settled, whether it was begun or not.
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome)
  /// Nothing more comes.
  func finish()
}

extension RunDisplay {
  package func notice(_ sentence: String) {}
  package func putOff(_ title: InstanceTitle) {}
  package func finish() {}
}

/// What a stage sees of the display: it tells of one instance.
struct InstanceDisplay: ProgressSink {
  let title: InstanceTitle
  let display: any RunDisplay

  func update(_ progress: StageProgress) { display.update(title, progress) }
  func notice(_ sentence: String) { display.notice(sentence) }
}

/// What a display says of an instance.
package struct InstanceTitle: Sendable, Equatable {
  package let name: String
  package let kind: String
  /// Its place in the plan, from 1.
  package let number: Int
  /// How many instances the plan has.
  package let total: Int
  /// How long it will take and how long the instances behind it, in seconds, as far as earlier ones
  /// tell.
  package let forecast: RunForecast.Seconds

  package init(
    name: String, kind: String, number: Int, total: Int,
    forecast: RunForecast.Seconds = RunForecast.Seconds()
  ) {
    self.name = name
    self.kind = kind
    self.number = number
    self.total = total
    self.forecast = forecast
  }
}

/// Says nothing but what people should know.
package struct QuietDisplay: RunDisplay {
  private let output: DisplayOutput

  package init(output: DisplayOutput = .standardError) { self.output = output }
  package func begin(_ title: InstanceTitle) {}
  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  package func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  package func notice(_ sentence: String) { output.write(sentence.visible + "\n") }
}

package struct SilentDisplay: RunDisplay {
  package init() {}
  package func begin(_ title: InstanceTitle) {}
  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  package func update(_ title: InstanceTitle, _ progress: StageProgress) {}
}

/// Where a display writes, and the clock that it reads. Tests bring their own.
package struct DisplayOutput: Sendable {
  /// Writes text at once.
  package let write: @Sendable (String) -> Void
  /// Seconds on a clock that only goes forward.
  package let now: @Sendable () -> Double
  /// How many columns the terminal has.
  package let columns: @Sendable () -> Int

  package init(
    write: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Double,
    columns: @escaping @Sendable () -> Int = { 80 }
  ) {
    self.write = write
    self.now = now
    self.columns = columns
  }

  package static let standardError = DisplayOutput(
    write: { text in StandardStream.error.write(text) },
    now: { ProcessInfo.processInfo.systemUptime },
    columns: {
      var size = winsize()
      let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return isKnown ? Int(size.ws_col) : 80
    })

  /// The display that suits the error output: a live line on a terminal, plain lines elsewhere.
  /// - Parameter environment: `TERM`, `CI` and `NO_COLOR` are looked at.
  package static func standardDisplay(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    isTerminal: Bool = isatty(STDERR_FILENO) == 1, output: DisplayOutput = .standardError
  ) -> any RunDisplay {
    let isDumb = environment["TERM"].map { $0.isEmpty || $0 == "dumb" } ?? true
    let isAutomatic = !(environment["CI"] ?? "").isEmpty
    guard isTerminal, !isDumb, !isAutomatic else { return PlainProgress(output: output) }
    let hasColour = (environment["NO_COLOR"] ?? "").isEmpty
    return TerminalProgress(hasColour: hasColour, output: output)
  }
}

/// Works out how fast a stage goes and how long it will still take.
struct ProgressMeter {
  private let begun: Double
  private var base: (time: Double, progress: StageProgress)?
  private(set) var latest: StageProgress?
  private var latestTime: Double

  /// Begins at a time in seconds, on any clock that only goes forward.
  init(at time: Double) {
    begun = time
    latestTime = time
  }

  mutating func update(_ progress: StageProgress, at time: Double) {
    // What a resumed stage did before does not count for its speed, nor does another phase.
    if base == nil || base?.progress.unit != progress.unit || progress.done < (latest?.done ?? 0) {
      base = (time, progress)
    }
    latest = progress
    latestTime = time
  }

  /// How much is done, from 0 to 1.
  var share: Double {
    guard let latest, latest.total > 0 else { return 0 }
    return min(1, max(0, Double(latest.done) / Double(latest.total)))
  }

  /// Units a second, once that can be told.
  var rate: Double? {
    guard let base, let latest, latestTime > base.time, latest.done > base.progress.done else {
      return nil
    }
    return Double(latest.done - base.progress.done) / (latestTime - base.time)
  }

  /// Seconds still to go, once that can be told.
  var secondsLeft: Double? {
    guard let rate, let latest else { return nil }
    return Double(max(0, latest.total - latest.done)) / rate
  }

  /// Seconds that the whole run will still take; nil where nobody can tell, or where only this
  /// instance is left.
  func secondsLeft(ofRun forecast: RunForecast.Seconds, at time: Double) -> Double? {
    guard let behind = forecast.behind, behind > 0 else { return nil }
    let own = secondsLeft ?? forecast.own.map { max(0, $0 - (time - begun)) }
    return own.map { $0 + behind }
  }

  /// The parts of a line: done of total, rate, time left, remark, time left for the run.
  func parts(_ forecast: RunForecast.Seconds, at time: Double) -> [String] {
    guard let latest else { return [] }
    return [
      "\(latest.done)/\(latest.total) \(latest.unit)", rate.map(rateText),
      secondsLeft.map { "\(NumberText.compactDuration($0)) left" },
      latest.remark.isEmpty ? nil : latest.remark,
      secondsLeft(ofRun: forecast, at: time).map { "whole run \(NumberText.about($0))" },
    ].compactMap { $0 }
  }
}

private func rateText(_ rate: Double) -> String {
  if rate >= 10 { return String(format: "%.0f/s", rate) }
  if rate >= 1 { return String(format: "%.1f/s", rate) }
  if rate * 60 >= 1 { return String(format: "%.1f/min", rate * 60) }
  return String(format: "%.1f/h", rate * 3600)
}
