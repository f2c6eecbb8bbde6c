import Foundation

/// When a request is tried again, and after how long.
package struct RetryPolicy: Sendable {
  /// How often a request is tried in all.
  package let attempts: Int
  /// Seconds before the second attempt.
  package let backoff: Double

  package init(attempts: Int, backoff: Double) {
    self.attempts = attempts
    self.backoff = backoff
  }

  /// No wait is longer, whatever a server asks for.
  package static let longestWait = 300.0

  /// Whether an answer with this status may be followed by a better one.
  package static func isTransient(_ status: Int) -> Bool {
    [408, 409, 425, 429].contains(status) || (500...599).contains(status)
  }

  /// Seconds to wait after a failed attempt, which counts from 0: twice as long each time, longer
  /// where the server asks for it.
  /// - Parameter share: a random number in [0, 1), so that not all requests come back at once.
  package func wait(after attempt: Int, retryAfter: Double?, share: Double) -> Double {
    let doubled = backoff * pow(2, Double(min(attempt, 30))) * (1 + share / 2)
    return min(max(doubled, retryAfter ?? 0), Self.longestWait)
  }

  /// Reads the header `Retry-After`: seconds, or a date.
  package static func seconds(retryAfter value: String?, now: Date = Date()) -> Double? {
    guard let value = value?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = Double(value) { return seconds.isFinite ? max(0, seconds) : nil }
    let reader = DateFormatter()
    reader.locale = Locale(identifier: "en_US_POSIX")
    reader.timeZone = TimeZone(secondsFromGMT: 0)
    reader.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return reader.date(from: value).map { max(0, $0.timeIntervalSince(now)) }
  }
}
