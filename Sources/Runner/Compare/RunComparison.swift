import OrderedCollections

/// Two runs side by side: what was asked of them, what came out, which problems flipped.
public struct RunComparison: Sendable {
  /// A parameter, an input or a content that differs; nil where a run does not have it.
  public struct Change: Sendable, Equatable {
    /// What differs, such as `loss.clip_low`.
    public let name: String
    /// The first run's value.
    public let first: String?
    /// The second run's value.
    public let second: String?

    /// Describes a change.
    package init(name: String, first: String?, second: String?) {
      self.name = name
      self.first = first
      self.second = second
    }
  }

  /// A stage that differs.
  public struct Stage: Sendable, Equatable {
    /// The stage's name.
    public let name: String
    /// The kind in the first run; nil where it has no such stage.
    public let firstKind: String?
    /// The kind in the second run; nil where it has no such stage.
    public let secondKind: String?
    /// What differs.
    public let changes: [Change]

    /// Describes a stage.
    package init(name: String, firstKind: String?, secondKind: String?, changes: [Change]) {
      self.name = name
      self.firstKind = firstKind
      self.secondKind = secondKind
      self.changes = changes
    }
  }

  /// An instance that came out differently in both runs.
  public struct Metrics: Sendable {
    /// The instance.
    public let instance: String
    /// The numbers that differ: name, first and second value.
    public let values: [(name: String, first: Double, second: Double)]
    /// How many numbers are equal.
    public let equalCount: Int
  }

  /// The first run.
  public let first: ComparedRun
  /// The second run.
  public let second: ComparedRun
  /// The stages that differ, in the order of the first run.
  public let stages: [Stage]
  /// How many instances have the same key, so that nothing about them can differ.
  public let sameCount: Int
  /// The instances that are done in both runs and differ, in the order of the first run.
  public let metrics: [Metrics]
  /// The instances that only one run has done.
  public let onlyFirst: [String]
  /// The instances that only one run has done.
  public let onlySecond: [String]
  /// The evaluations of which both runs have completions, and that differ.
  public let evaluations: [EvaluationComparison]

  /// Compares two runs. Instances belong together by their name.
  /// - Throws: what reading completions throws.
  public init(_ first: ComparedRun, _ second: ComparedRun) throws {
    self.first = first
    self.second = second
    stages = Self.stages(first, second)
    let artifacts = Dictionary(second.entries.map { ($0.name, $0.artifact) }) { $1 }
    let pairs = first.entries.compactMap { entry -> (String, Artifact, Artifact)? in
      guard let one = entry.artifact, let other = artifacts[entry.name] ?? nil else { return nil }
      return (entry.name, one, other)
    }
    let differing = pairs.filter { $0.1.key != $0.2.key }
    sameCount = pairs.count - differing.count
    metrics = differing.map(Self.metrics).filter { !$0.values.isEmpty }
    let common = Set(pairs.map(\.0))
    func lone(_ run: ComparedRun) -> [String] {
      run.entries.filter { $0.artifact != nil && !common.contains($0.name) }.map(\.name)
    }
    (onlyFirst, onlySecond) = (lone(first), lone(second))
    evaluations = try differing.compactMap(EvaluationComparison.init)
  }

  private static func metrics(_ name: String, _ first: Artifact, _ second: Artifact) -> Metrics {
    let values = first.record.values.sorted { $0.key < $1.key }.compactMap { entry in
      entry.value.number.flatMap { one in
        second.record.values[entry.key]?.number.map {
          (name: entry.key, first: one, second: $0)
        }
      }
    }
    let differing = values.filter { $0.first != $0.second }
    return Metrics(
      instance: name, values: differing, equalCount: values.count - differing.count)
  }
}

extension RunComparison {
  private static func stages(_ first: ComparedRun, _ second: ComparedRun) -> [Stage] {
    let ours = OrderedDictionary(grouping: first.entries, by: \.stageName)
    let theirs = OrderedDictionary(grouping: second.entries, by: \.stageName)
    let names = OrderedSet(ours.keys).union(theirs.keys)
    return names.compactMap { name in
      let (one, other) = (ours[name] ?? [], theirs[name] ?? [])
      let isShared = !one.isEmpty && !other.isEmpty
      let stage = Stage(
        name: name, firstKind: one.first?.kind, secondKind: other.first?.kind,
        changes: isShared ? changes(one, other) : [])
      let isEqual = isShared && stage.firstKind == stage.secondKind && stage.changes.isEmpty
      return isEqual ? nil : stage
    }
  }

  /// What differs in a stage. Values that vary over its instances are compared as sets, so a seed
  /// that both runs vary alike is no difference.
  private static func changes(
    _ first: [ComparedRun.Entry], _ second: [ComparedRun.Entry]
  ) -> [Change] {
    let (ours, theirs) = (facts(of: first), facts(of: second))
    // What one record lacks because it is older, and what changes nothing, is no difference.
    let (newer, older) = (idle(in: second), idle(in: first))
    let names = OrderedSet(ours.keys).union(theirs.keys)
    return names.compactMap { name in
      let (one, other) = (ours[name], theirs[name])
      if one == nil && newer.contains(name) || other == nil && older.contains(name) { return nil }
      guard one.map(Set.init) != other.map(Set.init) else { return nil }
      return Change(
        name: name, first: one?.joined(separator: ", "), second: other?.joined(separator: ", "))
    }
  }

  /// The parameters that do not belong to the keys.
  private static func idle(in entries: [ComparedRun.Entry]) -> Set<String> {
    let all = entries.flatMap { $0.parameters.leaves.map(\.path) }
    return Set(all).subtracting(entries.flatMap { $0.identity.leaves.map(\.path) })
  }

  private static func facts(
    of entries: [ComparedRun.Entry]
  ) -> OrderedDictionary<String, OrderedSet<String>> {
    var facts: OrderedDictionary<String, OrderedSet<String>> = [:]
    for entry in entries {
      // The same parameters may come to other results where the code is another.
      facts["kind version", default: []].append("\(entry.kindVersion)")
      for leaf in entry.parameters.leaves {
        facts[leaf.path, default: []].append(leaf.value.exactText)
      }
      for (name, digest) in entry.external.sorted(by: { $0.key < $1.key }) {
        facts["content of \(name)", default: []].append(digest)
      }
      for (port, producer) in entry.inputs.sorted(by: { $0.key < $1.key }) {
        facts["input \(port)", default: []].append(producer)
      }
    }
    return facts
  }
}
