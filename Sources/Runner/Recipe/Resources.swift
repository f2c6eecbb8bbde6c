import Base
import Foundation

/// What a stage asks for where a batch system hands machines out: the key `resources` of a stage. It
/// never changes a result, and a run in one process does not look at it.
package struct Resources: ParameterSet, Equatable {
  /// How many GPUs, on one machine.
  package var gpus = 0
  /// How many processors; as many as the batch system gives where nil.
  package var cpus: Int?
  /// As the batch system gives where nil.
  package var memory: MemoryAmount?
  /// How long it may take at most; as long as the batch system allows where nil.
  package var time: TimeLimit?

  package init() {}

  package static var fields: [Field<Resources>] {
    [
      Field(
        "gpus", \.gpus, range: 0...1024, identity: false, "how many GPUs, all on one machine"),
      Field(
        "cpus", \.cpus, range: 1...65536, identity: false,
        "how many processors; as many as the batch system gives where nothing is said"),
      Field("memory", \.memory, identity: false, "how much memory, such as 16 GB or 500 MB"),
      Field(
        "time", \.time, identity: false,
        "how long it may take at most, such as 90 min, 12 h or 2 d"),
    ]
  }

  /// Whether nothing is asked for.
  package var isEmpty: Bool { self == Resources() }

  /// For people, such as `1 GPU, 8 CPUs, 32 GB, 12 h`; empty where nothing is asked for.
  package var words: String {
    [
      gpus == 0 ? nil : counted(gpus, "GPU"), cpus.map { counted($0, "CPU") }, memory?.text,
      time?.text,
    ].compactMap(\.self).joined(separator: ", ")
  }
}

/// An amount of memory, as `16 GB`.
package struct MemoryAmount: ParameterValue, Equatable {
  /// As the recipe says it.
  package let text: String
  package let bytes: Int

  private static let units = ["MB": 1e6, "GB": 1e9, "TB": 1e12]

  /// Nil where the text is no positive number with one of the units MB, GB and TB.
  package init?(_ text: String) {
    guard let bytes = amount(text, Self.units), bytes <= 1e15 else { return nil }
    self.text = text
    self.bytes = Int(bytes.rounded(.up))
  }

  package static var shape: ParameterShape { .string }
  package var json: JSONValue { .string(text) }

  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> MemoryAmount? {
    if case .string(let text) = node.value, let amount = MemoryAmount(text) { return amount }
    sink.report(
      node.position, "expected an amount of memory with its unit, such as 16 GB or 500 MB")
    return nil
  }
}

/// A span of time, as `12 h`.
package struct TimeLimit: ParameterValue, Equatable {
  /// As the recipe says it.
  package let text: String
  package let seconds: Double

  private static let units = ["s": 1.0, "min": 60, "h": 3600, "d": 86_400]

  /// Nil where the text is no positive number with one of the units s, min, h and d.
  package init?(_ text: String) {
    guard let seconds = amount(text, Self.units), seconds <= 1e9 else { return nil }
    self.text = text
    self.seconds = seconds
  }

  package init(minutes: Int) {
    text = "\(minutes) min"
    seconds = Double(minutes) * 60
  }

  package static var shape: ParameterShape { .string }
  package var json: JSONValue { .string(text) }

  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> TimeLimit? {
    if case .string(let text) = node.value, let limit = TimeLimit(text) { return limit }
    sink.report(node.position, "expected a time with its unit, such as 90 min, 12 h or 2 d")
    return nil
  }
}

/// A number above 0 with a unit behind it, in units of 1; nil for any other text.
private func amount(_ text: String, _ units: [String: Double]) -> Double? {
  let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
  let unit = text[number.endIndex...].drop { $0 == " " }
  guard let value = Double(number), value > 0, value.isFinite, let factor = units[String(unit)]
  else { return nil }
  return value * factor
}
