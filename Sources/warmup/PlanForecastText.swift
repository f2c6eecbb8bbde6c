import Foundation
import Runner
import Stages

/// What a plan needs and how much work it is, as lines for people.
struct PlanForecastText {
  let forecast: PlanForecast
  /// How long completions are taken to be, where that was said.
  let meanTokens: Int?
  /// Operations a second to reckon with.
  let rate: Double

  /// What an H100 does in bfloat16 at 30 % of its 989e12 operations a second.
  private static let gpuRate = 3e14

  /// What is reckoned with where nothing is said: 50e9 a core.
  static var assumedRate: Double { 5e10 * Double(ProcessInfo.processInfo.activeProcessorCount) }

  /// Empty where nothing is needed and no work is foreseen.
  var text: String {
    [needs, work].filter { !$0.isEmpty }.map { "\n" + $0.joined(separator: "\n") + "\n" }.joined()
  }

  private var needs: [String] {
    guard !forecast.needs.isEmpty else { return [] }
    return ["needs what is not here:"] + forecast.needs.map { "  \($0.name)  \($0.advice)" }
  }

  private var work: [String] {
    let rows = stages
    guard !rows.isEmpty else { return [] }
    let basis =
      meanTokens.map { "with completions of \($0) tokens" } ?? "at most, every completion "
      + "as long as it may be"
    let name = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { row in
      "  \(row.name.padded(to: name))  \(row.words)"
    }
    return ["work \(basis):"] + lines + [time]
  }

  /// The work of each stage, over its instances.
  private var stages: [(name: String, words: String)] {
    var order: [String] = []
    var groups: [String: [PlanForecast.Item]] = [:]
    for item in forecast.items where item.work != nil || item.unknown != nil {
      if groups[item.instance.stageName] == nil { order.append(item.instance.stageName) }
      groups[item.instance.stageName, default: []].append(item)
    }
    return order.map { ($0, words(for: groups[$0] ?? [])) }
  }

  private func words(for items: [PlanForecast.Item]) -> String {
    if let unknown = items.compactMap(\.unknown).first { return "it is not known \(unknown)" }
    let work = items.compactMap(\.work).reduce(Work(), +)
    let tokens = [(work.sampledTokens, "sampled"), (work.trainedTokens, "trained on")]
      .filter { $0.0 > 0 }.map { "\(Self.number(Double($0.0))) tokens \($0.1)" }
    let count = items.count == 1 ? "" : "\(items.count) instances, "
    return count + tokens.joined(separator: ", ") + ", \(Self.number(work.operations)) operations"
  }

  private var time: String {
    let total = forecast.total
    let hours = total.operations / 3600
    return "  together \(Self.number(total.operations)) operations and \(Self.number(total.bytes)) "
      + "bytes of memory; \(Self.number(hours / rate)) h at \(Self.number(rate)) operations a second, "
      + "\(Self.number(hours / Self.gpuRate)) GPU hours at \(Self.number(Self.gpuRate))"
  }

  /// Two significant digits.
  private static func number(_ value: Double) -> String {
    switch value {
    case 0: "0"
    case 0.01..<10: String(format: "%.2g", value)
    case 10..<100_000: String(format: "%.0f", value)
    default: String(format: "%.1e", value).replacing("e+0", with: "e").replacing("e+", with: "e")
    }
  }
}
