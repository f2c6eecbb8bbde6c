import Base
import Foundation

/// A packed file laid out in a folder, with everything checked.
///
/// ```
/// recipe/…            the recipe and the files that it names
/// lock.json           what identifies each instance's result
/// artifacts/<key>/    record.json and the files, apart from those that were left out
/// ```
package struct UnpackedExperiment: PackedResults {
  /// A result, as far as it was packed.
  package struct PackedArtifact: Sendable {
    /// The record, and the folder of the files.
    package let artifact: Artifact
    /// The files that were left out, or whose texts were.
    package let incomplete: Set<String>
  }

  package let folder: URL
  package let recipeFile: URL
  /// The packed file's name.
  let packedFile: String
  /// SHA-256 of the packed file behind its header.
  let sha256: String
  /// What was changed on the command line when it was packed.
  package let overrides: [String]
  /// What identifies the result of each instance, done or not.
  package let lock: RecipeLock
  /// What part of the recipe was packed, as `--only seed=1,2`; nil for all of it.
  package let part: String?
  /// Of a part, the instances that were not done.
  let missing: Set<String>
  /// Every result by its key.
  package let artifacts: [String: PackedArtifact]

  /// Reads the recipe.
  /// - Parameter more: overrides beyond those that it was packed with.
  /// - Throws: `RecipeError`, or `PackError` where it names files outside the packed ones.
  package func recipe(
    overrides more: [String] = [], registry: KindRegistry
  ) throws -> Recipe {
    if !more.isEmpty {
      return try Recipe.load(recipeFile, overrides: overrides + more, registry: registry)
    }
    return try recipe(changed: overrides, registry)
  }

  /// Reads the recipe with other values of axes than those that it was packed with.
  /// - Parameter axes: as `axes.seed=[1,2]`; those of the recipe's file where nothing is given.
  /// - Throws: as `recipe(overrides:registry:)`.
  func recipe(axes: [String], registry: KindRegistry) throws -> Recipe {
    try recipe(changed: RecipeOverride.withoutAxes(overrides) + axes, registry)
  }

  private func recipe(changed overrides: [String], _ registry: KindRegistry) throws -> Recipe {
    let recipe = try Recipe.load(
      recipeFile, overrides: overrides, registry: registry.withoutNameChecks)
    let inside = folder.appending(path: "recipe").standardizedFileURL.path + "/"
    for path in RecipeFiles.references(of: recipe) {
      let place = recipeFile.deletingLastPathComponent().appending(path: path)
      guard !path.hasPrefix("/"), place.standardizedFileURL.path.hasPrefix(inside) else {
        throw PackError.contradictory(recipe.name, "its recipe reads '\(path)', which is not in it")
      }
    }
    if overrides == self.overrides { try check(recipe) }
    return recipe
  }

  /// Makes sure that results are shown as what they are: of the kind that the recipe names, with its
  /// parameters, from the inputs that are shown beside them.
  private func check(_ recipe: Recipe) throws(PackError) {
    for instance in recipe.instances {
      guard let key = lock.entries[instance.name]?.key,
        let fields = artifacts[key]?.artifact.record.fields
      else { continue }
      if let words = fields.mismatch(with: instance) {
        throw .contradictory(packedFile, "the result of '\(instance.name)' is another's: \(words)")
      }
      for input in instance.inputs {
        let producer = recipe.instances[input.producer].name
        guard let bound = fields.inputs[input.port], let made = lock.entries[producer],
          bound.key != made.key
        else { continue }
        throw .contradictory(
          packedFile, "its '\(instance.name)' was made from another '\(producer)'")
      }
    }
  }

  /// What was done of the recipe's instances when it was packed, by their names: for reports and
  /// for looking at results. Needs neither data nor models, nor the same versions of kinds.
  /// - Parameter values: reads what gates ask for.
  package func plan(
    _ instances: [Instance], values: ValueReader = PlannedInstance.publishedValue
  ) -> Plan {
    Plan(
      items: instances.map { instance in
        let entry = lock.entries[instance.name]
        let artifact = entry.flatMap { artifacts[$0.key] }?.artifact
        let (state, reason) = standing(of: instance, isDone: artifact != nil)
        return PlannedInstance(
          instance: instance, state: state, reason: reason,
          fields: entry?.fields, key: entry?.key, artifact: artifact,
          lastSeconds: artifact?.record.seconds)
      }
    ).gated(reading: values)
  }

  /// Lays what was joined of several packed files out in a new folder, as one file would be, with this
  /// one's recipe.
  /// - Throws: `PackError.occupied`, or what writing throws.
  package func layOut(_ joined: JoinedResults, in folder: URL) throws {
    try NewFolder.make(folder) { place in
      let manager = FileManager.default
      let recipe = "recipe"
      try manager.copyItem(
        at: self.folder.appending(path: recipe), to: place.appending(path: recipe))
      let artifacts = place.appending(path: "artifacts")
      try Folder.make(artifacts)
      for (key, packed) in joined.artifacts.sorted(by: { $0.key < $1.key }) {
        try manager.copyItem(at: packed.artifact.folder, to: artifacts.appending(path: key))
      }
      try AtomicFile.write(joined.lock.text, to: RecipeLock.file(in: place))
    }
  }

  private func standing(
    of instance: Instance, isDone: Bool
  ) -> (PlannedInstance.State, reason: String) {
    if isDone { return (.cached, "its result is in the file") }
    guard let part, !missing.contains(instance.name) else {
      return (.toRun, "not done when it was packed")
    }
    return (.notAsked, "not in the file, which was packed with \(part)")
  }

  package func wholeArtifact(_ key: String) -> Artifact? {
    artifacts[key].flatMap { $0.incomplete.isEmpty ? $0.artifact : nil }
  }

  package func gap(_ key: String) -> String? {
    guard let files = artifacts[key]?.incomplete.sorted(), !files.isEmpty else { return nil }
    return "not all of \(files.joined(separator: ", ")) is in the packed file"
  }

  package func external(of instance: Instance) -> [String: String]? {
    guard let fields = lock.entries[instance.name]?.fields, !fields.external.isEmpty,
      fields.kind == instance.kind.name, fields.kindVersion == instance.kind.version,
      fields.equalsIdentity(instance.identity)
    else { return nil }
    return fields.external
  }

  /// Takes the whole results that a plan needs over into a cache, and the parts of its stages. Others,
  /// which another recipe might meet there, are left.
  /// - Parameter waiting: called with a sentence while another run works on the same result.
  /// - Returns: how many were not there yet, and how many the plan does not need.
  /// - Throws: `CacheError`, or `InterruptedError`.
  package func seed(
    _ cache: Cache, for plan: Plan, interruption: Interruption = Interruption(),
    waiting: (String) -> Void = { _ in }
  ) throws -> (taken: Int, left: Int) {
    try cache.prepare()
    let needed = keys(neededBy: plan)
    var count = 0
    for key in needed.sorted() {
      guard let artifact = wholeArtifact(key) else { continue }
      try interruption.check()
      let origin = ArtifactOrigin(
        file: packedFile, sha256: sha256, host: artifact.record.machine.host)
      if try cache.adopt(artifact, from: origin, interruption: interruption, waiting: waiting) {
        count += 1
      }
    }
    return (count, Set(artifacts.keys).subtracting(needed).count)
  }

  private func keys(neededBy plan: Plan) -> Set<String> {
    var needed: Set<String> = []
    for key in plan.items.compactMap(\.key) {
      guard let record = artifacts[key]?.artifact.record else { continue }
      needed.insert(key)
      let named = record.parts.map { Set($0.values) }
      let parts = artifacts.values.map(\.artifact.record).filter { part in
        named?.contains(part.key) != false && record.fields.mayHavePart(part.fields)
      }
      needed.formUnion(parts.map(\.key))
    }
    return needed
  }
}

extension KeyFields {
  /// In what a result differs from what an instance would make, in words. Parameters count that both
  /// name, in the same version of the kind, and that stand in the key as the recipe says them.
  fileprivate func mismatch(with instance: Instance) -> String? {
    if kind != instance.kind.name { return "it is of the kind \(kind)" }
    if kindVersion != instance.kind.version { return nil }
    let (theirs, ours) = (identity.object ?? [:], instance.identity.object ?? [:])
    let said = instance.parameters.object ?? [:]
    let common = ours.filter { name, value in theirs[name] != nil && said[name] == value }
    func fields(_ identity: [String: JSONValue]) -> KeyFields {
      KeyFields(kind: kind, kindVersion: kindVersion, identity: .object(identity))
    }
    return fields(common).differences(from: fields(theirs.filter { common[$0.key] != nil })).first?
      .description
  }

  fileprivate func equalsIdentity(_ other: JSONValue) -> Bool {
    func key(_ identity: JSONValue) -> String? {
      try? KeyFields(kind: kind, kindVersion: kindVersion, identity: identity).key()
    }
    return key(identity) == key(other)
  }
}

/// A folder of its own, removed with the value.
package final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "warmup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Lends a folder.
  package static func with<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.url) }
  }
}
