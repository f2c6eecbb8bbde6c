import Base
import Foundation
import OrderedCollections

/// What a run would do, computed without running anything. A run carries out the same value.
package struct Plan: Sendable {
  /// One instance for each of the recipe's, in an order in which producers come first.
  package let items: [PlannedInstance]

  package init(items: [PlannedInstance]) { self.items = items }

  package func count(_ state: PlannedInstance.State) -> Int {
    items.count { $0.state == state }
  }

  package var results: [PlannedInstance] { items.filter(\.isDone) }

  /// The index of the training that must run again for a kept step, because it is done and its
  /// result holds the last step only; nil for all other instances.
  package func repetition(for item: PlannedInstance) -> Int? {
    guard item.state == .toRun, let step = item.instance.keptStep,
      let index = item.instance.inputs.first?.producer, let artifact = items[index].artifact
    else { return nil }
    return items[index].instance.stepsTaken(artifact) == step ? nil : index
  }

  /// The key of each instance that has one, by the instance's name.
  package var keys: [String: String] {
    Dictionary(items.compactMap { item in item.key.map { (item.name, $0) } }) { $1 }
  }

  /// The plan for other programs to read: one object per instance. What an upgrade of this program
  /// makes anew says under `upgrade` for which kind's sake, and what became different.
  package var json: JSONValue {
    let losses = upgradeLosses.flatMap { loss in loss.names.map { ($0, loss) } }
    let lost = Dictionary(losses) { first, _ in first }
    return .array(items.map { $0.json(lost[$0.name]) })
  }
}

/// What a run would do with one instance, and why.
package final class PlannedInstance: Sendable {
  package enum State: String, Sendable {
    /// Nothing: the result is there.
    case cached
    case toRun = "to_run"
    /// Nothing: it cannot run.
    case blocked
    /// Nothing: it lies outside the part that was asked for. Its result may be there all the same.
    case notAsked = "not_asked"
    /// Nothing: a gate has failed that it waits for.
    case stopped
  }

  package let instance: Instance
  package let state: State
  /// Why, in words for people.
  package let reason: String
  /// What identifies the result; nil where it cannot be known.
  package let fields: KeyFields?
  /// The key; nil where it cannot be known.
  package let key: String?
  package let artifact: Artifact?
  /// How long it took last time, in seconds, where that is known.
  package let lastSeconds: Double?
  /// How long it might have taken to stop last time, in seconds, where that is known.
  let lastStopSeconds: Double?
  /// What identified the result last time, where it is another now.
  let lastFields: KeyFields?
  /// What it came to as a gate; nil where it is none, or is not done.
  package let outcome: GateOutcome?

  package init(
    instance: Instance, state: State, reason: String, fields: KeyFields? = nil,
    key: String? = nil, artifact: Artifact? = nil, lastSeconds: Double? = nil,
    lastStopSeconds: Double? = nil, lastFields: KeyFields? = nil, outcome: GateOutcome? = nil
  ) {
    self.instance = instance
    self.state = state
    self.reason = reason
    self.fields = fields
    self.key = key
    self.artifact = artifact
    self.lastSeconds = lastSeconds
    self.lastStopSeconds = lastStopSeconds
    self.lastFields = lastFields
    self.outcome = outcome
  }

  package var name: String { instance.name }
  package var stageName: String { instance.stageName }
  package var point: AxisPoint { instance.point }
  package var kind: KindDescription { instance.kind }
  package var parameters: JSONValue { instance.parameters }
  package var isDone: Bool { artifact != nil }
  package var isAsked: Bool { state != .notAsked }
  /// What the stage published, such as `accuracy`; nothing before it is done.
  package var values: [String: JSONValue] { artifact?.record.values ?? [:] }

  /// - Parameter loss: what it is lost with, where an upgrade of this program makes it anew.
  fileprivate func json(_ loss: UpgradeLoss?) -> JSONValue {
    [
      "instance": .string(instance.name), "kind": .string(instance.kind.name),
      "state": .string(state.rawValue), "reason": .string(reason),
      "key": key.map { .string($0) } ?? .null,
      "seconds": lastSeconds.map { .number($0) } ?? .null,
      "origin": artifact?.origin?.json ?? .null,
      "passes": outcome.map { .boolean($0.passes) } ?? .null,
      "upgrade": loss?.json ?? .null,
      "resources": instance.resources.isEmpty ? .null : instance.resources.json,
    ]
  }
}

/// Results that somebody packed: what a run takes over, and what is known where data are missing.
package protocol PackedResults: Sendable {
  /// A result whose files are all there, as they were published.
  func wholeArtifact(_ key: String) -> Artifact?
  /// What is missing of a result, in words; nil where it is all there or not at all.
  func gap(_ key: String) -> String?
  /// What an instance's content from outside was, if it is the same instance still.
  func external(of instance: Instance) -> [String: String]?
}

/// Works out what a run would do.
package struct Planner: Sendable {
  private let cache: Cache
  private let folders: DataFolders
  private let previous: [String: String]
  private let packed: (any PackedResults)?
  private let values: ValueReader

  /// How many results are looked up at once: a plan may have more than memory should hold twice.
  private static let lookAhead = 512

  /// Prepares a planner.
  /// - Parameters:
  ///   - previous: the key of each instance when it last came out, from the recipe's lock.
  ///   - packed: what the recipe was packed with: results that a run takes over, and what content
  ///     from outside was, where it is not at hand.
  ///   - values: reads what gates ask for.
  package init(
    cache: Cache, folders: DataFolders, previous: [String: String] = [:],
    packed: (any PackedResults)? = nil,
    values: @escaping ValueReader = PlannedInstance.publishedValue
  ) {
    self.cache = cache
    self.folders = folders
    self.previous = previous
    self.packed = packed
    self.values = values
  }

  /// Plans instances; producers must come before consumers. Changes nothing on disk.
  package func plan(_ instances: [Instance]) -> Plan {
    var items: [PlannedInstance] = []
    items.reserveCapacity(instances.count)
    var contents = ExternalContents(folders: folders)
    var cached = CachedResults(leftovers: cache.leftovers())
    for (index, instance) in instances.enumerated() {
      if index.isMultiple(of: Self.lookAhead) {
        // Most keys are those of the last time.
        cached.found = cache.lookUp(
          instances[index...].prefix(Self.lookAhead).compactMap { previous[$0.name] })
      }
      items.append(plan(instance, contents.content(of: instance), cached, after: items))
    }
    return Plan(items: items).gated(reading: values)
  }

  private func plan(
    _ instance: Instance, _ content: Result<[ExternalContent], any Error>,
    _ cached: CachedResults, after items: [PlannedInstance]
  ) -> PlannedInstance {
    do {
      let (external, obstacle) = try external(instance, content)
      let fields = try keyFields(of: instance, external, after: items)
      return plan(
        instance, fields, try fields.key(), cached,
        obstacle ?? blockedInput(of: instance, items), after: items)
    } catch {
      return PlannedInstance(
        instance: instance, state: .blocked, reason: sentence(for: error))
    }
  }

  private func plan(
    _ instance: Instance, _ fields: KeyFields, _ key: String, _ results: CachedResults,
    _ obstacle: String?, after items: [PlannedInstance]
  ) -> PlannedInstance {
    func cached(_ reason: String, _ artifact: Artifact) -> PlannedInstance {
      PlannedInstance(
        instance: instance, state: .cached, reason: reason, fields: fields, key: key,
        artifact: artifact, lastSeconds: artifact.record.seconds)
    }
    let entry = results.found[key] ?? cache.lookUp(key)
    if case .present(let found) = entry {
      let artifact = found.sharing(key, fields, of: instance)
      let place = cache.otherPlace(of: artifact)?.relativePath ?? "the cache"
      let origin = artifact.origin.map { ", \($0.words)" } ?? ""
      return cached("its result is in \(place)\(origin)", artifact)
    }
    if let artifact = packed?.wholeArtifact(key) {
      return cached("its result is in the packed file", artifact)
    }
    if let obstacle {
      return PlannedInstance(
        instance: instance, state: .blocked, reason: obstacle, fields: fields, key: key)
    }
    let oldRecord = previous[instance.name].flatMap(record)
    let reason = reason(
      instance, key, entry, hasWork: results.leftovers.contains(key),
      changes: oldRecord.map { fields.differences(from: $0.fields) }, after: items)
    return PlannedInstance(
      instance: instance, state: .toRun, reason: reason, fields: fields, key: key,
      lastSeconds: oldRecord?.seconds, lastStopSeconds: oldRecord?.stopSeconds,
      lastFields: oldRecord?.fields)
  }

  /// The content from outside. Where it is not at hand, but known from a packed file, the words say
  /// what is missing.
  private func external(
    _ instance: Instance, _ content: Result<[ExternalContent], any Error>
  ) throws -> (content: [String: String], obstacle: String?) {
    switch content {
    case .success(let content):
      return (Dictionary(content.map { ($0.name, $0.sha256) }) { $1 }, nil)
    case .failure(let error):
      guard let known = packed?.external(of: instance) else { throw error }
      return (known, sentence(for: error))
    }
  }

  private func blockedInput(of instance: Instance, _ items: [PlannedInstance]) -> String? {
    let input = instance.inputs.first { items[$0.producer].state == .blocked }
    return input.map { input in
      let producer = items[input.producer].instance.name
      return PlanError.blockedInput(port: input.port, producer: producer).description
    }
  }

  private func keyFields(
    of instance: Instance, _ external: [String: String], after items: [PlannedInstance]
  ) throws -> KeyFields {
    var inputs: [String: KeyFields.Input] = [:]
    for input in instance.inputs {
      let producer = items[input.producer]
      guard let key = producer.key else {
        throw PlanError.blockedInput(port: input.port, producer: producer.instance.name)
      }
      inputs[input.port] = .init(key: key, output: input.output)
    }
    return KeyFields(
      kind: instance.kind.name, kindVersion: instance.kind.version, identity: instance.identity,
      external: external, inputs: inputs)
  }

  private func record(of key: String) -> ArtifactRecord? {
    if case .present(let artifact) = cache.lookUp(key) { artifact.record } else { nil }
  }

  private func reason(
    _ instance: Instance, _ key: String, _ entry: CachedArtifact, hasWork: Bool,
    changes: [KeyDifference]?, after items: [PlannedInstance]
  ) -> String {
    if case .damaged(let words) = entry { return "damaged: \(words)" }
    if let words = reasonOfKeptStep(instance, after: items) { return words }
    if hasWork, let step = cache.workFolder(key).newestStep { return "resumes from step \(step)" }
    if let gap = packed?.gap(key) { return gap }
    guard let old = previous[instance.name] else { return "never run" }
    if old == key { return "its result is no longer in the cache" }
    guard let changes else { return "changed since it last ran" }
    return OrderedSet(changes.map { words(for: $0, instance, items) }).joined(separator: "; ")
  }

  /// Where a training's output after a step comes from; nil for other instances.
  private func reasonOfKeptStep(_ instance: Instance, after items: [PlannedInstance]) -> String? {
    guard let step = instance.keptStep, let input = instance.inputs.first else { return nil }
    let training = items[input.producer]
    guard let artifact = training.artifact else { return "kept while \(training.name) runs" }
    if training.instance.stepsTaken(artifact) == step {
      return "what \(training.name) ended with"
    }
    let work = cache.workFolder(WorkFolder.nameOfRepetition(artifact.key))
    let resumed = work.newestStep.map { ", from step \($0)" } ?? ""
    let seconds = Int(artifact.record.seconds.rounded())
    return "\(training.name) is to run again\(resumed), once for all steps that are missing "
      + "(it took \(seconds) s)"
  }

  /// A change of an input, told by what becomes of its producer.
  private func words(
    for change: KeyDifference, _ instance: Instance, _ items: [PlannedInstance]
  ) -> String {
    guard case .input(let port) = change.field else { return change.description }
    if let bracket = port.firstIndex(of: "[") {
      return "what it gathers by '\(port[..<bracket])' changed"
    }
    guard let input = instance.inputs.first(where: { $0.port == port }) else {
      return change.description
    }
    let producer = items[input.producer]
    guard producer.state == .toRun else { return change.description }
    return "its input '\(port)' (\(producer.instance.name)) is to run"
  }
}

/// What the cache has, as far as it was looked up before it was asked for.
private struct CachedResults {
  var found: [String: CachedArtifact] = [:]
  /// The names under which work goes on, or was left.
  let leftovers: Set<String>
}

/// What instances take from outside; that of equal ones is read once.
private struct ExternalContents {
  typealias Content = Result<[ExternalContent], any Error>

  let folders: DataFolders
  private var known: [String: Content] = [:]
  /// Of the other kinds, thousands of instances need not be told apart.
  private var kindsWithContent: Set<String> = []

  init(folders: DataFolders) { self.folders = folders }

  mutating func content(of instance: Instance) -> Content {
    let kind = instance.kind.name
    func question() -> String { kind + " " + instance.parameters.text }
    if kindsWithContent.contains(kind), let content = known[question()] { return content }
    let content = Content { try instance.stage?.externalContent(in: folders) ?? [] }
    if case .success([]) = content { return content }
    kindsWithContent.insert(kind)
    known[question()] = content
    return content
  }
}

/// Why an instance has no key.
enum PlanError: Error, CustomStringConvertible {
  case blockedInput(port: String, producer: String)

  var description: String {
    switch self {
    case .blockedInput(let port, let producer): "its input '\(port)' (\(producer)) is blocked"
    }
  }
}
