import Base
import OrderedCollections

/// What identifies the result of each instance of a recipe, as far as all sources agree.
struct AgreedLock {
  private(set) var entries: [String: LockedInstance] = [:]
  private var owners: [String: Int] = [:]
  private let sources: [ResultSource]

  /// Compares what sources say of each instance.
  /// - Throws: `JoinError`.
  init(_ recipe: Recipe, _ sources: [ResultSource]) throws(JoinError) {
    self.sources = sources
    // Of each source, what it gathered over other values of axes, and what was made from that.
    var others = [Set<String>](repeating: [], count: sources.count)
    for instance in recipe.instances {
      let producers = instance.inputs.map { recipe.instances[$0.producer].name }
      for (index, source) in sources.enumerated() {
        guard let entry = source.entries[instance.name] else { continue }
        if !others[index].isDisjoint(with: producers) || entry.gathersOtherwise(than: instance) {
          others[index].insert(instance.name)
          continue
        }
        try agree(on: instance, entry, of: index, producers)
      }
    }
    try checkKinds(recipe)
  }

  private mutating func agree(
    on instance: Instance, _ entry: LockedInstance, of index: Int, _ producers: [String]
  ) throws(JoinError) {
    let name = instance.name
    if let known = entries[name], let owner = owners[name] {
      if known.key == entry.key { return }
      let change = entry.fields.flatMap { fields in
        known.fields.flatMap { fields.differences(from: $0).first?.description }
      }
      throw .differs(
        sources[owner].name, sources[index].name, "in '\(name)' \(change ?? "the key changed")")
    }
    for (input, producer) in zip(instance.inputs, producers) {
      guard let bound = entry.fields?.inputs[input.port], let made = entries[producer],
        bound.key != made.key
      else { continue }
      let reason = "its '\(name)' was made from another '\(producer)'"
      guard let owner = owners[producer], owner != index else {
        throw .contradictory(sources[index].name, reason)
      }
      throw .differs(sources[owner].name, sources[index].name, "in the second, " + reason)
    }
    entries[name] = entry
    owners[name] = index
  }

  /// Makes sure that a stage has one kind in one version, also where no source has an instance of
  /// another.
  private func checkKinds(_ recipe: Recipe) throws(JoinError) {
    var first: [String: (fields: KeyFields, owner: Int)] = [:]
    for instance in recipe.instances {
      guard let fields = entries[instance.name]?.fields, let owner = owners[instance.name] else {
        continue
      }
      guard let known = first[instance.stageName] else {
        first[instance.stageName] = (fields, owner)
        continue
      }
      if known.fields.kind != fields.kind || known.fields.kindVersion != fields.kindVersion {
        let change = fields.differences(from: known.fields).first?.description ?? ""
        throw .differs(
          sources[known.owner].name, sources[owner].name, "in '\(instance.stageName)' \(change)")
      }
    }
  }
}

extension LockedInstance {
  /// Whether the instance gathered its inputs over other values of axes than it would now.
  fileprivate func gathersOtherwise(than instance: Instance) -> Bool {
    guard let fields, instance.inputs.contains(where: { !$0.over.isEmpty }) else { return false }
    return Set(fields.inputs.keys) != Set(instance.inputs.map(\.port))
  }
}

/// The results of several sources by their keys, each once.
struct ArtifactPool {
  /// A result, which source it is from, and which others have it.
  struct Found {
    var artifact: UnpackedExperiment.PackedArtifact
    var source: Int
    var others: [Int]
  }

  private(set) var artifacts: [String: Found] = [:]

  /// Compares what is there several times; of those that lack files or texts the fullest is taken.
  /// - Parameter first: keys to begin with, producers first, so that the first difference is named.
  /// - Throws: `JoinError.otherResult`.
  init(_ sources: [ResultSource], first: [String]) throws(JoinError) {
    let all = Set(sources.flatMap(\.artifacts.keys)).sorted()
    for key in OrderedSet(first + all) {
      for (index, source) in sources.enumerated() {
        guard let artifact = source.artifacts[key] else { continue }
        guard var found = artifacts[key] else {
          artifacts[key] = Found(artifact: artifact, source: index, others: [])
          continue
        }
        let (one, other) = (found.artifact.artifact.record, artifact.artifact.record)
        if let difference = one.difference(from: other) {
          let machines = OrderedSet([one, other].map(\.machine.processor)).elements
          throw .otherResult(
            sources[found.source].name, source.name, difference, machines: machines)
        }
        if artifact.incomplete.count < found.artifact.incomplete.count {
          found.others.append(found.source)
          (found.artifact, found.source) = (artifact, index)
        } else {
          found.others.append(index)
        }
        artifacts[key] = found
      }
    }
  }
}

extension ArtifactRecord {
  /// In what a result is another than one of the same key: a value, or else a file; nil where it is
  /// the same. When and where it was made does not count.
  fileprivate func difference(from other: ArtifactRecord) -> String? {
    let names = Set(values.keys).union(other.values.keys).sorted()
    if let name = names.first(where: { values[$0] != other.values[$0] }) {
      let texts = [self, other].map { $0.values[name]?.text ?? "not there" }
      return "\(name) of '\(instance)' is \(texts[0]) in the first and \(texts[1]) in the second"
    }
    let all = Set(files.keys).union(other.files.keys).sorted()
    // One of them may have been made when there were no supplements.
    let supplements = Set(supplements() + other.supplements())
    func isMissing(_ name: String) -> Bool { files[name] == nil || other.files[name] == nil }
    let compared = all.filter { !(supplements.contains($0) && isMissing($0)) }
    return compared.first { files[$0] != other.files[$0] }.map { "\($0) of '\(instance)'" }
  }
}
