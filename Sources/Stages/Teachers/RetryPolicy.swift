import Foundation

/// When a request is tried again, and after how long.
package struct RetryPolicy: Sendable {
  /// How often a request is tried in all.
  package let attempts: Int
  /// Seconds before the second attempt.
  package let backoff: Double

  /// Sets both.
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

/// Why a server's completion cannot be had.
enum ServerError: Error, CustomStringConvertible {
  /// The address is none.
  case address(String)
  /// The key's environment variable is not set.
  case noKey(variable: String)
  /// The server refuses this one request; another one may go through.
  case refused(status: Int, message: String)
  /// The server refuses all requests.
  case denied(url: String, status: Int, message: String)
  /// Every attempt failed.
  case exhausted(id: String, attempts: Int, last: String)

  /// A sentence for people.
  var description: String {
    switch self {
    case .address(let url):
      "'\(url)' is no address of a server; write 'url' like http://localhost:8000/v1"
    case .noKey(let variable):
      "the environment variable \(variable), which 'key_variable' names, is not set"
    case .refused(let status, let message):
      "the server refused the request with status \(status): \(message)"
    case .denied(let url, let status, let message):
      "\(url) answers with status \(status): \(message); check 'url', 'model' and 'key_variable'"
    case .exhausted(let id, let attempts, let last):
      "no completion of '\(id)' came in \(attempts) attempts, the last of which failed because "
        + "\(last); what has come is kept, so run again to go on"
    }
  }
}
