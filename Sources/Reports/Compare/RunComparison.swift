import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// Two runs side by side: what was asked of them, what came out, which problems flipped.
package struct RunComparison: Sendable {
  /// A parameter, an input or a content that differs; nil where a run does not have it.
  package struct Change: Sendable, Equatable {
    /// What differs, such as `loss.clip_low`.
    package let name: String
    package let first: String?
    package let second: String?

    package init(name: String, first: String?, second: String?) {
      self.name = name
      self.first = first
      self.second = second
    }
  }

  /// A stage that differs.
  package struct Stage: Sendable, Equatable {
    package let name: String
    /// The kind in the first run; nil where it has no such stage.
    package let firstKind: String?
    /// The kind in the second run; nil where it has no such stage.
    package let secondKind: String?
    package let changes: [Change]

    package init(name: String, firstKind: String?, secondKind: String?, changes: [Change]) {
      self.name = name
      self.firstKind = firstKind
      self.secondKind = secondKind
      self.changes = changes
    }
  }

  /// An instance that came out differently in both runs.
  package struct Metrics: Sendable {
    package let instance: String
    /// The numbers that differ: name, first and second value.
    package let values: [(name: String, first: Double, second: Double)]
    package let equalCount: Int
  }

  package let first: ComparedRun
  package let second: ComparedRun
  /// The stages that differ, in the order of the first run.
  package let stages: [Stage]
  /// How many instances have the same key, so that nothing about them can differ.
  package let sameCount: Int
  /// The instances that are done in both runs and differ, in the order of the first run.
  package let metrics: [Metrics]
  /// The instances that only one run has done.
  package let onlyFirst: [String]
  /// The instances that only one run has done.
  package let onlySecond: [String]
  /// Accuracy by arm, over seeds, where something differs.
  package let arms: [ArmComparison]
  /// The evaluations of which both runs have completions, and that differ.
  package let evaluations: [EvaluationComparison]

  /// Compares two runs. Instances belong together by their name.
  /// - Throws: what reading completions throws.
  package init(_ first: ComparedRun, _ second: ComparedRun) throws {
    self.first = first
    self.second = second
    stages = Self.stages(first, second)
    let theirs = Dictionary(second.plan.results.map { ($0.name, $0) }) { $1 }
    let pairs = first.plan.results.compactMap { one in theirs[one.name].map { (one, $0) } }
    let differing = pairs.filter { $0.0.key != $0.1.key }
    sameCount = pairs.count - differing.count
    metrics = differing.map(Self.metrics).filter { !$0.values.isEmpty }
    let common = Set(pairs.map(\.0.name))
    func lone(_ run: ComparedRun) -> [String] {
      run.plan.results.filter { !common.contains($0.name) }.map(\.name)
    }
    (onlyFirst, onlySecond) = (lone(first), lone(second))
    arms = try ArmComparison.all(of: pairs)
    evaluations = try differing.compactMap(EvaluationComparison.init)
  }

  private static func metrics(_ first: PlannedInstance, _ second: PlannedInstance) -> Metrics {
    let values = first.values.sorted { $0.key < $1.key }.compactMap { entry in
      entry.value.number.flatMap { one in
        second.values[entry.key]?.number.map {
          (name: entry.key, first: one, second: $0)
        }
      }
    }
    let differing = values.filter { $0.first != $0.second }
    return Metrics(
      instance: first.name, values: differing, equalCount: values.count - differing.count)
  }
}

extension RunComparison {
  private static func stages(_ first: ComparedRun, _ second: ComparedRun) -> [Stage] {
    let ours = OrderedDictionary(grouping: first.plan.items, by: \.stageName)
    let theirs = OrderedDictionary(grouping: second.plan.items, by: \.stageName)
    let names = OrderedSet(ours.keys).union(theirs.keys)
    return names.compactMap { name in
      let (one, other) = (ours[name] ?? [], theirs[name] ?? [])
      let isShared = !one.isEmpty && !other.isEmpty
      let stage = Stage(
        name: name, firstKind: one.first?.kind.name, secondKind: other.first?.kind.name,
        changes: isShared ? changes(one, first.inputs, other, second.inputs) : [])
      let isEqual = isShared && stage.firstKind == stage.secondKind && stage.changes.isEmpty
      return isEqual ? nil : stage
    }
  }

  /// What differs in a stage. Values that vary over its instances are compared as sets, so a seed
  /// that both runs vary alike is no difference.
  private static func changes(
    _ first: [PlannedInstance], _ firstInputs: [String: [String: String]],
    _ second: [PlannedInstance], _ secondInputs: [String: [String: String]]
  ) -> [Change] {
    let (ours, theirs) = (facts(of: first, firstInputs), facts(of: second, secondInputs))
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
  private static func idle(in instances: [PlannedInstance]) -> Set<String> {
    let all = instances.flatMap { $0.parameters.leaves.map(\.path) }
    return Set(all).subtracting(instances.flatMap { $0.instance.identity.leaves.map(\.path) })
  }

  private static func facts(
    of instances: [PlannedInstance], _ inputs: [String: [String: String]]
  ) -> OrderedDictionary<String, OrderedSet<String>> {
    var facts: OrderedDictionary<String, OrderedSet<String>> = [:]
    for instance in instances {
      // The same parameters may come to other results where the code is another.
      facts["kind version", default: []].append("\(instance.kind.version)")
      // Where a recipe leaves something to a default, the key names what that was.
      let keyed = instance.fields?.identity.leaves ?? []
      let leaves = OrderedDictionary(instance.parameters.leaves + keyed) { $1 }
      for (path, value) in leaves {
        facts[path, default: []].append(value.exactText)
      }
      for (name, digest) in (instance.fields?.external ?? [:]).sorted(by: { $0.key < $1.key }) {
        facts["content of \(name)", default: []].append(digest)
      }
      for (port, producer) in inputs[instance.name, default: [:]].sorted(by: { $0.key < $1.key }) {
        facts["input \(port)", default: []].append(producer)
      }
    }
    return facts
  }
}

/// One side of a comparison: a recipe's instances with what is done of them, from wherever they
/// come.
package struct ComparedRun: Sendable {
  package let name: String
  /// The instances, done or not; of a folder of results, those that its lock names and its cache
  /// holds.
  package let plan: Plan
  /// What is bound to the input ports, as `stage.output`, by the instance's name and the port.
  let inputs: [String: [String: String]]

  /// Takes what a plan knows, done or not.
  package init(name: String, plan: Plan) {
    self.name = name
    self.plan = plan
    let found = Findings(axes: [:], plan: plan)
    let inputs = plan.items.map { item in
      let bindings = found.bindings(of: item).map { ($0.port, "\($0.producerStage).\($0.output)") }
      return (item.name, Dictionary(uniqueKeysWithValues: bindings))
    }
    self.inputs = Dictionary(uniqueKeysWithValues: inputs)
  }

  /// Takes artifacts by the name of their instance: what a lock or a packed file holds.
  package init(name: String, artifacts: [String: Artifact]) {
    self.name = name
    plan = Plan(
      items: artifacts.sorted { $0.key < $1.key }.map { PlannedInstance($0, recorded: $1) })
    inputs = artifacts.mapValues { artifact in
      let record = artifact.record
      let bound = record.fields.inputs.map { port, input in
        (port, "\((record.producers[port] ?? "?").prefix { $0 != "[" }).\(input.output)")
      }
      return Dictionary(uniqueKeysWithValues: bound)
    }
  }

  /// Reads what last came out in a folder of results: `results/<recipe>`, or `results` where there
  /// is one recipe only, with the cache in it or beside it; or what a packed file was unpacked to.
  /// - Throws: `ComparisonError`, or `CacheError`.
  package init(resultsFolder folder: URL) throws {
    let place = try Self.recipeFolder(in: folder)
    let keys = try RecipeLock(recipeFolder: place).keys
    let find = try Self.artifactFinder(place)
    let artifacts = keys.compactMapValues(find)
    if artifacts.isEmpty { throw ComparisonError.nothingDone(folder.relativePath) }
    self.init(name: place.lastPathComponent, artifacts: artifacts)
  }

  /// Finds artifacts by their keys: among those of an unpacked file, or in the cache.
  private static func artifactFinder(_ place: URL) throws -> (String) -> Artifact? {
    let unpacked = place.appending(path: "artifacts")
    if FileManager.default.fileExists(atPath: unpacked.path) {
      return { key in
        let folder = unpacked.appending(path: key)
        let record = try? ArtifactRecord(contentsOf: folder.appending(path: Artifact.recordName))
        return record.map { Artifact(folder: folder, record: $0) }
      }
    }
    let caches = [place, place.deletingLastPathComponent()].map { $0.appending(path: "cache") }
    let others = Cache.path()
    let own = caches.first { FileManager.default.fileExists(atPath: $0.path) }
    guard let cache = own ?? others.first
    else { throw ComparisonError.noCache(place.relativePath) }
    return { key in
      if case .present(let artifact) = Cache(folder: cache, others: others).lookUp(key) {
        artifact
      } else {
        nil
      }
    }
  }

  private static func recipeFolder(in folder: URL) throws -> URL {
    func hasLock(_ place: URL) -> Bool {
      FileManager.default.fileExists(atPath: place.appending(path: "lock.json").path)
    }
    if hasLock(folder) { return folder.standardizedFileURL }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.sorted().map { folder.appending(path: $0) }.filter(hasLock)
    guard found.count <= 1 else {
      throw ComparisonError.manyRecipes(
        folder.relativePath, names: found.map(\.lastPathComponent))
    }
    guard let only = found.first else { throw ComparisonError.noResults(folder.relativePath) }
    return only.standardizedFileURL
  }

}

extension PlannedInstance {
  /// An instance of which only its artifact is known.
  convenience init(_ name: String, recorded artifact: Artifact) {
    let record = artifact.record
    self.init(
      instance: Instance(
        recorded: name,
        kind: KindDescription(name: record.fields.kind, version: record.fields.kindVersion),
        parameters: record.parameters, identity: record.fields.identity),
      state: .cached, reason: "", fields: record.fields, key: artifact.key, artifact: artifact)
  }
}

/// Why two runs cannot be compared.
package enum ComparisonError: Error, CustomStringConvertible, Equatable {
  /// A folder without a lock.
  case noResults(String)
  /// A folder with the results of more than one recipe.
  case manyRecipes(String, names: [String])
  case noCache(String)
  /// A lock of which nothing is in the cache.
  case nothingDone(String)

  package var description: String {
    switch self {
    case .noResults(let path):
      "\(path) is neither a recipe nor a folder of results; name a recipe's YAML file, or the"
        + " folder results/<recipe> that a run wrote"
    case .manyRecipes(let path, let names):
      "\(path) holds the results of \(names.joined(separator: ", ")); name one of them, such as"
        + " \(path)/\(names.first ?? "")"
    case .noCache(let path):
      "there is no cache in \(path) or beside it; keep results/<recipe> and results/cache together"
    case .nothingDone(let path):
      "nothing that \(path)/lock.json names is in the cache; run the recipe again"
    }
  }
}

/// One evaluation in two runs: how accuracy differs, and which problems flipped.
package struct EvaluationComparison: Sendable {
  /// A problem's completion that one run got right and the other did not.
  package struct Flip: Sendable {
    package let problem: String
    /// Which completion of the problem.
    package let sample: Int
    /// The verdict in the first run.
    package let firstOutcome: Outcome
    package let secondOutcome: Outcome
    /// The end of what the first run's model wrote.
    package let firstEnd: String
    /// The end of what the second run's model wrote.
    package let secondEnd: String
  }

  /// The instance, such as `scores[arm=base]`.
  package let instance: String
  /// How often each change happened, over all completions that both runs have.
  let counts: [CompletionSlots.Change: Int]
  /// Completions that were right in the first run and are not in the second.
  package let lost: [Flip]
  /// Completions that are right in the second run and were not in the first.
  package let won: [Flip]
  /// The problems that both runs have, in their order.
  let problems: [String]
  /// The share of right completions of each of these problems; nil where there is none.
  let paired: PairedArms?
  /// Accuracy of the second run minus that of the first, problem by problem; nil where they share
  /// none.
  package var difference: Estimate? { paired?.difference }

  /// How many characters (Unicode scalars) of a completion's end are kept.
  static let endLength = 160

  /// Pairs completions by problem and sample.
  /// - Returns: nil where either has no completions.
  /// - Throws: what reading the tables throws.
  init?(_ first: PlannedInstance, _ second: PlannedInstance) throws {
    func completions(_ instance: PlannedInstance) throws -> GradedCompletions? {
      try ResultTables.fromArtifact(Scores.fileName, nil, instance)
        .flatMap { GradedCompletions(Scores($0)) }
    }
    guard let one = try completions(first), let other = try completions(second) else { return nil }
    self.init(first.name, one, other)
  }

  package init(_ instance: String, _ first: GradedCompletions, _ second: GradedCompletions) {
    self.instance = instance
    let slots = CompletionSlots(
      [
        .init(index: 0, arm: 0, run: "", verdicts: first.verdicts),
        .init(index: 1, arm: 1, run: "", verdicts: second.verdicts),
      ], arms: 2)
    counts = slots.count(from: 0, to: 1)
    func flips(_ change: CompletionSlots.Change) -> [Flip] {
      slots.slots.compactMap { slot in
        guard slot.change(from: 0, to: 1) == change, let one = slot.cells[0],
          let other = slot.cells[1]
        else { return nil }
        return Flip(
          problem: slot.problem, sample: slot.sample, firstOutcome: one.outcome,
          secondOutcome: other.outcome, firstEnd: Self.end(first.content(at: one.row).text),
          secondEnd: Self.end(second.content(at: other.row).text))
      }
    }
    lost = flips(.lost)
    won = flips(.won)
    (problems, paired) = Self.pair(slots)
  }

  private static func pair(_ slots: CompletionSlots) -> (problems: [String], shares: PairedArms?) {
    func share(_ cells: [CompletionSlots.Cell]) -> Double {
      Double(cells.count(where: \.isCorrect)) / Double(cells.count)
    }
    var (first, second, samples) = ([Double](), [Double](), Int.max)
    var problems: [String] = []
    for (problem, slots) in OrderedDictionary(grouping: slots.slots, by: \.problem) {
      let one = slots.compactMap { $0.cells[0] }
      let other = slots.compactMap { $0.cells[1] }
      if one.isEmpty || other.isEmpty { continue }
      problems.append(problem)
      first.append(share(one))
      second.append(share(other))
      samples = min(samples, one.count, other.count)
    }
    guard !problems.isEmpty else { return ([], nil) }
    return (
      problems, PairedArms(first: [first], second: [second], isShare: true, samples: samples)
    )
  }

  private static func end(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let tail = String(scalars.suffix(endLength))
    let line = tail.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return scalars.count > endLength ? "…" + line : line
  }
}
