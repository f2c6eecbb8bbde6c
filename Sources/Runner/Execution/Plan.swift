/// What a run would do, computed without running anything. A run carries out the same value.
public struct Plan: Sendable {
  /// One instance for each of the recipe's, in an order in which producers come first.
  public let items: [PlannedInstance]

  /// Gathers the instances.
  public init(items: [PlannedInstance]) { self.items = items }

  /// How many instances are in a state.
  public func count(_ state: PlannedInstance.State) -> Int {
    items.count { $0.state == state }
  }

  /// What is already published, for reports.
  public var results: [InstanceResult] {
    items.compactMap { item in item.artifact.map { InstanceResult(item.instance, $0) } }
  }

  /// The plan for other programs to read, an object an instance.
  public var json: JSONValue { .array(items.map(\.json)) }
}

/// What a run would do with one instance, and why.
public struct PlannedInstance: Sendable {
  /// What a run would do.
  public enum State: String, Sendable {
    /// Nothing: the result is there.
    case cached
    /// Run it.
    case toRun = "to_run"
    /// Nothing: it cannot run.
    case blocked
  }

  /// The instance.
  public let instance: Instance
  /// What a run would do.
  public let state: State
  /// Why, in words for people.
  public let reason: String
  /// What identifies the result; nil where it cannot be known.
  public let fields: KeyFields?
  /// The key; nil where it cannot be known.
  public let key: String?
  /// The result, when cached.
  public let artifact: Artifact?
  /// How long it took last time, in seconds, where that is known.
  public let lastSeconds: Double?

  var json: JSONValue {
    [
      "instance": .string(instance.name), "kind": .string(instance.kind.kind),
      "state": .string(state.rawValue), "reason": .string(reason),
      "key": key.map { .string($0) } ?? .null,
      "seconds": lastSeconds.map { .number($0) } ?? .null,
    ]
  }
}
