import Foundation

/// The machine that made a result.
public struct Machine: Sendable, Equatable {
  /// Its name.
  public let host: String
  /// The processor's model.
  public let processor: String
  /// How many cores it has.
  public let cores: Int

  /// Describes a machine.
  public init(host: String, processor: String, cores: Int) {
    self.host = host
    self.processor = processor
    self.cores = cores
  }

  /// This machine.
  public static func current() -> Machine {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = lines.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    let process = ProcessInfo.processInfo
    return Machine(
      host: process.hostName, processor: name ?? "unknown", cores: process.processorCount)
  }

  var json: JSONValue {
    ["host": .string(host), "processor": .string(processor), "cores": .integer(cores)]
  }

  init?(json: JSONValue?) {
    guard let host = json?["host"]?.string, let processor = json?["processor"]?.string,
      let cores = json?["cores"]?.integer
    else { return nil }
    self.init(host: host, processor: processor, cores: cores)
  }
}
