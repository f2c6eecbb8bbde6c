import Synchronization

/// The values that a stage publishes with its artifact.
final class PublishedValues: Sendable {
  private let storage = Mutex<[String: JSONValue]>([:])

  func set(_ name: String, _ value: JSONValue) { storage.withLock { $0[name] = value } }

  var all: [String: JSONValue] { storage.withLock { $0 } }
}
