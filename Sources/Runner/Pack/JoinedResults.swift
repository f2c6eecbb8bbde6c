import Base
import Foundation
import OrderedCollections

/// The results of one recipe from several places as those of one run: of packed files, each with some
/// of its training seeds, say, and of what was run here.
///
/// Two sources are of one recipe if everything that can change a result is the same in both, apart
/// from the values of axes. What is shown of the results, and claimed, is as the first one has it.
package struct JoinedResults: Sendable {
  /// What came from one of the sources.
  package struct Share: Sendable {
    package let source: String
    /// The instances whose results were taken from it.
    package internal(set) var given: [String] = []
    /// How many of its results another source had as well.
    package internal(set) var repeated = 0
    /// The sections of its recipe that are not as in the first one's: `tables`, `claims`.
    package let otherSections: [String]
  }

  /// The recipe with the values of axes that any source has.
  package let recipe: Recipe
  /// The whole recipe with what is done of it.
  package let plan: Plan
  /// What identifies the result of each instance that any source knows of.
  package let lock: RecipeLock
  /// A share for each source, in their order.
  package let shares: [Share]
  /// Every result and part by its key, from the source that has most of it.
  package let artifacts: [String: UnpackedExperiment.PackedArtifact]

  /// Joins the results of sources, of which there is at least one.
  /// - Parameter values: reads what gates ask for.
  /// - Throws: `JoinError` where they are not of one recipe, or where one result is there twice and
  ///   differs; `RecipeError`.
  package init(
    _ sources: [ResultSource], values: ValueReader = PlannedInstance.publishedValue
  ) throws {
    let recipes = try Self.recipes(sources)
    recipe = recipes[0]
    let agreed = try AgreedLock(recipe, sources)
    let pool = try ArtifactPool(
      sources, first: recipe.instances.compactMap { agreed.entries[$0.name]?.key })
    artifacts = pool.artifacts.mapValues(\.artifact)
    plan = Plan(
      items: recipe.instances.map { instance in
        let entry = agreed.entries[instance.name]
        let found = entry.flatMap { pool.artifacts[$0.key] }
        let artifact = found?.artifact.artifact
        return PlannedInstance(
          instance: instance, state: found == nil ? .toRun : .cached,
          reason: found.map { "its result is in \(sources[$0.source].name)" } ?? "done nowhere",
          fields: entry?.fields, key: entry?.key, artifact: artifact,
          lastSeconds: artifact?.record.seconds)
      }
    ).gated(reading: values)
    shares = Self.shares(sources, recipes, plan, pool)
    let registrations = Set(sources.filter { !$0.artifacts.isEmpty }.map(\.registration))
    lock = RecipeLock(
      plan, registration: registrations.count == 1 ? registrations.first ?? nil : nil)
  }

  private static func shares(
    _ sources: [ResultSource], _ recipes: [Recipe], _ plan: Plan, _ pool: ArtifactPool
  ) -> [Share] {
    var shares = zip(sources, recipes).map { source, recipe in
      Share(source: source.name, otherSections: recipe.otherSections(than: recipes[0]))
    }
    for item in plan.results {
      guard let found = item.key.flatMap({ pool.artifacts[$0] }) else { continue }
      shares[found.source].given.append(item.name)
      for index in found.others { shares[index].repeated += 1 }
    }
    return shares
  }

  /// The recipe of each source, with the axes of all.
  private static func recipes(_ sources: [ResultSource]) throws -> [Recipe] {
    let files = try sources.map { try $0.load([]) }
    for (file, source) in zip(files, sources) where file.name != files[0].name {
      throw JoinError.otherRecipe(
        sources[0].name, files[0].name, source.name, file.name)
    }
    let axes = sources.axes(of: files[0])
    for (file, source) in zip(files, sources) {
      if let axis = file.strangeAxis(among: axes) {
        throw JoinError.differs(sources[0].name, source.name, axis)
      }
    }
    let recipes = try zip(files, sources).map { file, source in
      let changed = axes.filter { axis, values in
        !file.axes[axis, default: []].elementsEqual(values) { $0.isSameAxisValue(as: $1) }
      }
      if changed.isEmpty { return file }
      return try source.load(changed.map { "axes.\($0)=\(JSONValue.array($1).text)" })
    }
    for (recipe, source) in zip(recipes, sources).dropFirst() {
      if let difference = recipe.difference(from: recipes[0]) {
        throw JoinError.differs(sources[0].name, source.name, difference)
      }
    }
    return recipes
  }
}

extension Recipe {
  /// What runs or counts differently than in another recipe with the same values of axes, in words; nil where
  /// nothing does.
  fileprivate func difference(from other: Recipe) -> String? {
    func fields(_ instance: Instance, in recipe: Recipe) -> KeyFields {
      let inputs = instance.inputs.map { input in
        let producer = recipe.instances[input.producer].name
        return (input.port, KeyFields.Input(key: producer, output: input.output))
      }
      return KeyFields(
        kind: instance.kind.name, kindVersion: instance.kind.version, identity: instance.identity,
        inputs: Dictionary(inputs) { $1 })
    }
    let ours = Dictionary(instances.map { ($0.name, $0) }) { $1 }
    for old in other.instances {
      guard let new = ours[old.name] else { return "only the first has '\(old.name)'" }
      let changes = fields(new, in: self).differences(from: fields(old, in: other))
      if let change = changes.first { return "in '\(old.name)' \(change.description)" }
    }
    let theirs = Set(other.instances.map(\.name))
    let stages = OrderedSet(other.gates.keys).union(gates.keys)
    if let stage = stages.first(where: { gates[$0] != other.gates[$0] }) {
      let words = [other, self].map { $0.gates[stage].map(\.words) ?? "nothing" }
      return "'\(stage)' requires \(words[0]) in the first and \(words[1]) in the second"
    }
    return instances.first { !theirs.contains($0.name) }.map { "only the second has '\($0.name)'" }
  }

  /// Which of the sections that say what is shown and claimed are not as in another recipe.
  fileprivate func otherSections(than other: Recipe) -> [String] {
    let (ours, theirs) = (RecipeDocument.entries(of: self), RecipeDocument.entries(of: other))
    return ["summary", "tables", "figures", "claims"].filter { section in
      ours[section]?.node.json != theirs[section]?.node.json
    }
  }

  /// What keeps an axis from having all values that sources give it: it is not there, or the steps
  /// that `keep` names make it. In words; nil where nothing does.
  fileprivate func strangeAxis(
    among all: OrderedDictionary<String, [JSONValue]>
  ) -> String? {
    var declared: [RecipeEntry] = []
    if case .map(let axes)? = RecipeDocument.entries(of: self)["axes"]?.node.value {
      declared = axes
    }
    for (axis, values) in all where declared[axis] == nil {
      guard let own = axes[axis] else { return "not both have an axis '\(axis)'" }
      if own.count != values.count { return "they keep other steps along the axis '\(axis)'" }
    }
    return nil
  }
}

/// Why results of several sources are not those of one recipe.
package enum JoinError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Two sources, each with the name of its recipe.
  case otherRecipe(String, String, String, String)
  /// Two sources, and in what the second differs.
  case differs(String, String, String)
  /// A source, and what does not fit together in it.
  case contradictory(String, String)
  /// Two sources, what differs in their results, and on which machines they were made.
  case otherResult(String, String, String, machines: [String])

  package var description: String {
    switch self {
    case .otherRecipe(let first, let recipe, let second, let other):
      return "\(first) is of the recipe '\(recipe)' and \(second) of '\(other)'; one report is of "
        + "one recipe"
    case .differs(let first, let second, let difference):
      return "\(first) and \(second) are not of one experiment: \(difference). Only the values of "
        + "axes may differ"
    case .contradictory(let source, let reason):
      return "\(source) cannot be trusted: \(reason)"
    case .otherResult(let first, let second, let difference, let machines):
      let machine =
        machines.count < 2
        ? ""
        : ". They were made on \(machines.joined(separator: " and on ")), which may differ in "
          + "the last bits: let one go on from what the other packed ('warmup run \(first)')"
      return
        "\(first) and \(second) have different results of one instance: \(difference)\(machine)"
    }
  }
}
