import Base
import Foundation

/// Why a plan would run an instance, or need not: what differs from the nearest earlier result, what
/// runs again because of it, and what that cost last time.
package struct Explanation: Sendable {
  /// A field in which the key differs, and what in turn differs in what the field is bound to.
  package struct Change: Sendable, Equatable {
    /// Such as `learning_rate changed from 1e-06 to 2e-06`.
    package let description: String
    /// The instance whose output is bound, where the field is an input.
    package let producer: String?
    /// What changed in that one; empty where its earlier record is gone.
    package let causes: [Change]

    package init(description: String, producer: String? = nil, causes: [Change] = []) {
      self.description = description
      self.producer = producer
      self.causes = causes
    }
  }

  package let item: PlannedInstance
  /// The result that is there, or the earlier one that differs least; nil where the cache has none of
  /// the kind.
  package let earlier: ArtifactRecord?
  /// What differs from the earlier result, in the order: kind, parameters, content, inputs.
  package let changes: [Change]
  /// What is made from it, directly or not, in the order of the plan.
  package let downstream: [PlannedInstance]

  /// Explains an instance of a plan.
  /// - Parameter previous: the key of each instance when it last came out, from the recipe's lock.
  package init(
    _ item: PlannedInstance, in plan: Plan, cache: Cache, previous: [String: String]
  ) {
    self.item = item
    downstream = plan.downstream(of: item.name)
    let search = EarlierResults(cache: cache, previous: previous)
    if let artifact = item.artifact {
      earlier = artifact.record
      changes = []
    } else if let fields = item.fields, let nearest = search.nearest(to: fields, item.name) {
      earlier = nearest
      let producers = Dictionary(
        item.instance.inputs.map { ($0.port, $0.producer) }
      ) { first, _ in first }
      changes = search.changes(fields, since: nearest.fields, producers, plan)
    } else {
      earlier = nil
      changes = []
    }
  }

  /// What would run because this one does; where it is cached, what would if it changed.
  package var rerun: [PlannedInstance] {
    item.isDone ? downstream : downstream.filter { !$0.isDone && $0.isAsked }
  }
}

extension Plan {
  /// What is made from an instance, directly or not, in the order of the plan.
  func downstream(of name: String) -> [PlannedInstance] {
    var reached: Set<Int> = []
    for (index, item) in items.enumerated() {
      let isMade = item.instance.inputs.contains { reached.contains($0.producer) }
      if item.name == name || isMade { reached.insert(index) }
    }
    return reached.sorted().map { items[$0] }.filter { $0.name != name }
  }
}

/// Looks through a cache for what came out before.
private struct EarlierResults {
  let cache: Cache
  let previous: [String: String]

  /// The record of what came out under an instance's name last time; else the one of the kind that
  /// differs in the fewest fields, of which one of the same name is nearer, and then the newest.
  func nearest(to fields: KeyFields, _ name: String) -> ArtifactRecord? {
    if let record = previous[name].flatMap(record), record.fields.kind == fields.kind {
      return record
    }
    let records = cache.keys().lazy.compactMap(record).filter { $0.fields.kind == fields.kind }
    let ranked = records.map { record in
      let distance = fields.differences(from: record.fields).count
      return (
        record, (distance, record.instance == name ? 0 : 1, -record.started.timeIntervalSince1970)
      )
    }
    return ranked.min { $0.1 < $1.1 }?.0
  }

  private func record(_ key: String) -> ArtifactRecord? {
    if case .present(let artifact) = cache.lookUp(key) { artifact.record } else { nil }
  }

  /// The differences, and of each input those of what is bound.
  /// - Parameter producers: the index of what is bound to each port now.
  func changes(
    _ fields: KeyFields, since old: KeyFields, _ producers: [String: Int], _ plan: Plan
  ) -> [Explanation.Change] {
    fields.differences(from: old).map { difference in
      guard case .input(let port) = difference.field, let index = producers[port] else {
        return .init(description: difference.description)
      }
      let producer = plan.items[index]
      let causes = old.inputs[port].map { self.causes(producer, since: $0.key, plan) } ?? []
      return .init(
        description: difference.description, producer: producer.name, causes: causes)
    }
  }

  private func causes(
    _ producer: PlannedInstance, since key: String, _ plan: Plan
  ) -> [Explanation.Change] {
    guard key != producer.key, let fields = producer.fields, let old = record(key),
      old.fields.kind == fields.kind
    else { return [] }
    let producers = Dictionary(
      producer.instance.inputs.map { ($0.port, $0.producer) }
    ) { first, _ in first }
    return changes(fields, since: old.fields, producers, plan)
  }
}

extension Explanation {
  /// For people.
  package var text: String {
    var lines = ["\(item.name) (\(item.kind.name)): \(verdict)"]
    if let earlier {
      let isThere = item.isDone
      lines.append(
        "  \(isThere ? "made" : "nearest earlier result:") \(Self.origin(earlier, named: !isThere))"
      )
      if !isThere {
        let nothing = "nothing differs: its result is no longer in the cache, or damaged"
        lines += changes.isEmpty ? ["    \(nothing)"] : changes.flatMap { Self.lines($0, depth: 2) }
      }
    } else if item.state == .toRun {
      lines.append("  the cache has no result of the kind \(item.kind.name) to compare with")
    }
    let resources = item.instance.resources
    if !resources.isEmpty { lines.append("  asks a batch system for \(resources.words)") }
    return lines.map { $0 + "\n" }.joined() + downstreamText
  }

  private var verdict: String {
    let word =
      switch item.state {
      case .cached: "cached"
      case .toRun: "to run"
      case .blocked: "blocked"
      case .notAsked: "not asked for"
      case .stopped: "stopped"
      }
    return "\(word), \(item.reason)"
  }

  private static func origin(_ record: ArtifactRecord, named: Bool) -> String {
    let day = record.started.formatted(.iso8601)
    let name = named ? "\(record.instance), " : ""
    return "\(name)\(day), in \(NumberText.duration(record.seconds)) on \(record.machine.host), "
      + "key \(record.key.prefix(12))…"
  }

  private static func lines(_ change: Change, depth: Int) -> [String] {
    let indent = String(repeating: "  ", count: depth)
    let name = change.producer.map { " (\($0))" } ?? ""
    return ["\(indent)\(change.description)\(name)"]
      + change.causes.flatMap { lines($0, depth: depth + 1) }
  }

  private var downstreamText: String {
    guard !downstream.isEmpty else { return "  nothing is made from it\n" }
    let names = rerun.map(\.name)
    let shown = names.prefix(6).joined(separator: ", ")
    let more = names.count > 6 ? " and \(names.count - 6) more" : ""
    let known = rerun.compactMap(\.lastSeconds)
    let cost =
      known.isEmpty
      ? ""
      : "; last time \(known.count == rerun.count ? "" : "\(known.count) of them ")took "
        + NumberText.duration(known.reduce(0, +))
    if rerun.isEmpty { return "  what is made from it is cached\n" }
    let verb = item.isDone ? "would run again if it changed" : "to run behind it"
    return "  \(counted(rerun.count, "instance")) \(verb): \(shown)\(more)\(cost)\n"
  }

  /// For other programs.
  package var json: JSONValue {
    [
      "instance": .string(item.name), "kind": .string(item.kind.name),
      "state": .string(item.state.rawValue), "reason": .string(item.reason),
      "key": item.key.map { .string($0) } ?? .null,
      "earlier": earlier.map { record in
        [
          "instance": .string(record.instance), "key": .string(record.key),
          "started": .string(record.started.formatted(.iso8601)),
          "seconds": .number(record.seconds),
        ]
      } ?? .null,
      "changes": .array(changes.map(\.json)),
      "resources": item.instance.resources.isEmpty ? .null : item.instance.resources.json,
      "downstream": .array(
        rerun.map {
          [
            "instance": .string($0.name),
            "seconds": $0.lastSeconds.map { .number($0) } ?? .null,
          ]
        }),
    ]
  }
}

extension Explanation.Change {
  fileprivate var json: JSONValue {
    [
      "change": .string(description), "producer": producer.map { .string($0) } ?? .null,
      "causes": .array(causes.map(\.json)),
    ]
  }
}
