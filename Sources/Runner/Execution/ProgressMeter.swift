import Foundation

/// Works out how fast a stage goes and how long it will still take.
struct ProgressMeter {
  private var base: (time: Double, progress: Progress)?
  private(set) var latest: Progress?
  private var latestTime: Double

  /// Begins at a time in seconds, on any clock that only goes forward.
  init(at time: Double) {
    latestTime = time
  }

  mutating func update(_ progress: Progress, at time: Double) {
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

  /// The parts of a line: done of total, rate, time left, remark.
  var parts: [String] {
    guard let latest else { return [] }
    return [
      "\(latest.done)/\(latest.total) \(latest.unit)", rate.map(rateText),
      secondsLeft.map { "\(durationText($0)) left" }, latest.remark.isEmpty ? nil : latest.remark,
    ].compactMap { $0 }
  }
}

private func rateText(_ rate: Double) -> String {
  if rate >= 10 { return String(format: "%.0f/s", rate) }
  if rate >= 1 { return String(format: "%.1f/s", rate) }
  if rate * 60 >= 1 { return String(format: "%.1f/min", rate * 60) }
  return String(format: "%.1f/h", rate * 3600)
}

/// A duration for people: `0.4s`, `12s`, `1m 12s`, `2h 05m`.
package func durationText(_ seconds: Double) -> String {
  if seconds < 9.95 { return String(format: "%.1fs", max(0, seconds)) }
  let whole = Int(min(seconds, 1e9).rounded())
  if whole < 60 { return "\(whole)s" }
  if whole < 3600 { return String(format: "%dm %02ds", whole / 60, whole % 60) }
  return String(format: "%dh %02dm", whole / 3600, whole / 60 % 60)
}
