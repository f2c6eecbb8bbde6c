import Base

/// What is made anew because this program computes a kind otherwise than the one that made it: a kind
/// whose version was raised, the instances of it, and those that are made from them.
package struct UpgradeLoss: Sendable, Equatable {
  package let kind: String
  /// The version that made what is there, the oldest where there are several, and that of now.
  package let from: Int
  package let to: Int
  /// What became different, as the change log has it, in the order of versions.
  package let notes: [String]
  /// How many instances of the kind are made anew, and how many of others that are made from them.
  package let instances: Int
  package let behind: Int
  /// The names of all of them, in the order of the plan.
  package let names: [String]
  /// How long all of them took, in seconds.
  package let seconds: Double

  /// For people, without what became different.
  package var words: String {
    let more = behind == 0 ? "" : " and \(behind) made from \(instances == 1 ? "it" : "them")"
    return "\(instances) \(instances == 1 ? "instance" : "instances")\(more), which took "
      + NumberText.duration(seconds)
  }

  /// For other programs, as an instance of it has it.
  var json: JSONValue {
    [
      "kind": .string(kind), "from": .integer(from), "to": .integer(to),
      "changes": .array(notes.map { .string($0) }),
    ]
  }
}

extension Plan {
  /// What an upgrade of this program costs, by kind, in the order of the plan. What is made anew
  /// because the recipe changed is not among it.
  package var upgradeLosses: [UpgradeLoss] {
    var owners: [Int: String] = [:]
    var kinds: [String: [PlannedInstance]] = [:]
    var order: [String] = []
    for (index, item) in items.enumerated() {
      guard item.state == .toRun, let old = item.lastFields, let new = item.fields,
        old.kind == new.kind
      else { continue }
      let kind = new.kind
      if old.kindVersion < new.kindVersion {
        if kinds[kind] == nil { order.append(kind) }
        owners[index] = kind
      } else if new.differences(from: old).allSatisfy(\.isOfInput) {
        owners[index] = item.instance.inputs.lazy.compactMap { owners[$0.producer] }.first
      }
      if let owner = owners[index] { kinds[owner, default: []].append(item) }
    }
    return order.map { kind in Self.loss(of: kind, kinds[kind] ?? []) }
  }

  private static func loss(of kind: String, _ items: [PlannedInstance]) -> UpgradeLoss {
    let own = items.filter { $0.kind.name == kind && $0.isOfOlderVersion }
    let from = own.compactMap { $0.lastFields?.kindVersion }.min() ?? 0
    let to = own.first?.kind.version ?? 0
    let notes = own.first?.instance.stage.map { type(of: $0).changes } ?? [:]
    return UpgradeLoss(
      kind: kind, from: from, to: to,
      notes: notes.filter { (from + 1...max(from + 1, to)).contains($0.key) }
        .sorted { $0.key < $1.key }.map(\.value),
      instances: own.count, behind: items.count - own.count, names: items.map(\.name),
      seconds: items.reduce(0) { $0 + ($1.lastSeconds ?? 0) })
  }
}

extension PlannedInstance {
  fileprivate var isOfOlderVersion: Bool {
    guard let old = lastFields, let fields else { return false }
    return old.kindVersion < fields.kindVersion
  }
}

extension KeyDifference {
  fileprivate var isOfInput: Bool { if case .input = field { true } else { false } }
}
