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
    switch instance.stage {
    case let writer as WriteTracesStage
    where writer.parameters.teacher == .server || writer.parameters.engine == .server:
      parameters = writer.parameters.server
    case let evaluation as EvaluateStage where evaluation.parameters.engine == .server:
      parameters = evaluation.parameters.server
    default: return nil
    }
  }

  /// What some instances ask, each once, in their order.
  package static func all(of instances: [Instance]) -> [ServerUse] {
    var seen: Set<ServerUse> = []
    return instances.compactMap(ServerUse.init).filter { seen.insert($0).inserted }
  }

  /// What is needed: a model, or a server that samples the bound one.
  var name: String {
    if let start = parameters.start { return start.visible }
    return parameters.model.isEmpty ? "a server" : parameters.model.visible
  }

  /// Whether the run brings it about itself.
  var isStarted: Bool { parameters.start != nil }

  /// What has to be done for it.
  var advice: String {
    if isStarted { return "A run starts this server." }
    let offer = parameters.spoken == nil ? "offer it" : "offer the bound model"
    return "A server such as vLLM must \(offer) at \(parameters.url.visible)."
  }

  var variable: String? { parameters.keyVariable?.visible }

  /// Such as `asks m at http://localhost:8000/v1, with the key in WARMUP_KEY_LAB`, or `starts vllm`.
  package var words: String {
    if let start = parameters.start { return "starts \(start.visible)" }
    let key = variable.map { ", with the key in \($0)" } ?? ", without a key"
    return "asks \(name) at \(parameters.url.visible)\(key)"
  }

  /// Why the server would not be asked; nil where it would.
  package func problem(_ keys: ServerKeys, _ site: Site) -> String? {
    do {
      if let start = parameters.start {
        _ = try ServerCommand(named: start, site)
      } else {
        _ = try parameters.access(keys)
      }
      return nil
    } catch { return "\(error)" }
  }
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
