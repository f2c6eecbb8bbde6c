import Base
import Foundation
import Runner

/// A server that a stage asks, and the variable whose key it is sent: what people should see before
/// anything is sent.
package struct ServerUse: Hashable, Sendable {
  private let parameters: ServerParameters

  package static func == (one: ServerUse, other: ServerUse) -> Bool { one.words == other.words }
  package func hash(into hasher: inout Hasher) { hasher.combine(words) }

  /// Nil where an instance asks no server.
  init?(_ instance: Instance) {
    guard let writer = instance.stage as? WriteTracesStage, writer.parameters.teacher == .server
    else { return nil }
    parameters = writer.parameters.server
  }

  /// What some instances ask, each once, in their order.
  package static func all(of instances: [Instance]) -> [ServerUse] {
    var seen: Set<ServerUse> = []
    return instances.compactMap(ServerUse.init).filter { seen.insert($0).inserted }
  }

  var model: String { parameters.model.visible }
  var url: String { parameters.url.visible }
  var variable: String? { parameters.keyVariable?.visible }

  /// Such as `asks m at http://localhost:8000/v1, with the key in WARMUP_KEY_LAB`.
  package var words: String {
    let key = variable.map { ", with the key in \($0)" } ?? ", without a key"
    return "asks \(model) at \(url)\(key)"
  }

  /// Why the server would not be asked; nil where it would.
  package func problem(_ keys: ServerKeys) -> String? {
    do {
      _ = try parameters.access(keys)
      return nil
    } catch { return "\(error)" }
  }

  /// Makes sure that all servers that a plan would ask may be asked, before anything runs.
  /// - Throws: `ServerUseError`.
  package static func check(_ plan: Plan, _ keys: ServerKeys) throws {
    let asking = plan.items.filter { $0.isAsked && $0.state == .toRun }.map(\.instance)
    let problems = all(of: asking).compactMap { $0.problem(keys) }
    if !problems.isEmpty { throw ServerUseError(problems: problems) }
  }
}

/// Servers that may not be asked as a recipe would have it.
package struct ServerUseError: Error, CustomStringConvertible {
  let problems: [String]

  package var description: String { "nothing was run: " + problems.joined(separator: "\n") }
}

extension ServerParameters {
  /// Where requests go, and the key that they carry.
  /// - Throws: `ServerError.address`, `ServerError.unprotected`, `ServerError.proxied`,
  ///   `ServerKeyError`.
  func access(_ keys: ServerKeys) throws -> (address: ServerAddress, key: String?) {
    let address = try ServerAddress(url)
    guard let keyVariable else { return (address, nil) }
    guard address.isConfidential else {
      throw ServerError.unprotected(url: url, variable: keyVariable)
    }
    let host = address.url.host() ?? ""
    if address.url.scheme?.lowercased() == "http", keys.hasProxy(for: host) {
      throw ServerError.proxied(url: url, variable: keyVariable, host: host)
    }
    return (address, try keys.key(in: keyVariable))
  }
}
