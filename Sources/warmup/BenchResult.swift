import Foundation
import Model
import Runner

/// What a benchmark measured.
struct BenchResult {
  let work: String
  let bench: Bench
  /// Tokens that one repetition makes or trains on.
  let tokens: Int
  /// Seconds of each repetition.
  let seconds: [Double]
  /// The least seconds that a repetition can take.
  let floor: Double
  /// What numbers were used.
  var precision = Precision.float32.rawValue
  /// Further figures under their names.
  var more: [(name: String, value: Double)] = []

  private var median: Double { Statistics.median(seconds) ?? .nan }
  private var tokensPerSecond: Double { Double(tokens) / median }

  /// One JSON object.
  var json: String {
    var entries: [String: JSONValue] = [
      "work": .string(work), "dtype": .string(precision),
      "threads": .integer(bench.pool.threadCount), "tokens": .integer(tokens),
      "seconds": .array(seconds.map { .number($0) }),
      "tokens_per_second": .number(tokensPerSecond), "floor_seconds": .number(floor),
      "share_of_floor": .number(floor / median),
      "matrix_gflops": .number(bench.rates.operations / 1e9),
      "bandwidth_gb_per_second": .number(bench.rates.bytes / 1e9),
      "peak_memory_bytes": PeakMemory.bytes.map { .integer($0) } ?? .null,
    ]
    for (name, value) in more { entries[name] = .number(value) }
    return JSONValue.object(entries).text
  }

  /// Lines for people.
  var text: String {
    func line(_ name: String, _ value: String) -> String {
      name.padding(toLength: 20, withPad: " ", startingAt: 0) + value
    }
    func number(_ value: Double) -> String {
      String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
    var lines = [
      line(
        "tokens a second",
        "\(number(tokensPerSecond)) (\(tokens) tokens, median of "
          + "\(seconds.count): \(number(median)) s)"),
      line("share of the floor", "\(number(100 * floor / median)) % (floor \(number(floor)) s)"),
    ]
    lines += more.map { line($0.name.replacingOccurrences(of: "_", with: " "), number($0.value)) }
    if let bytes = PeakMemory.bytes {
      lines.append(line("peak memory", "\(number(Double(bytes) / 1e9)) GB"))
    }
    lines.append(
      line(
        "this machine",
        "\(number(bench.rates.operations / 1e9)) GFLOP/s in products, "
          + "\(number(bench.rates.bytes / 1e9)) GB/s, \(bench.pool.threadCount) threads"))
    return lines.joined(separator: "\n")
  }
}
