import Base
import Foundation
import OrderedCollections

/// Where results of a recipe come from: a packed file, or what was run here.
package struct ResultSource: Sendable {
  /// What people call it: the name of the packed file, or of the recipe.
  package let name: String
  /// The values of each axis that it was made with.
  let axes: OrderedDictionary<String, [JSONValue]>
  /// Reads its recipe with its own changes from the command line, but other values of axes: given as
  /// `axes.seed=[1,2]`, and those of the recipe's file where nothing is given.
  let load: @Sendable (_ axes: [String]) throws -> Recipe
  /// What identifies the result of each instance, done or not.
  let entries: [String: LockedInstance]
  /// SHA-256 of the registration that its lock names.
  let registration: String?
  /// Every result by its key.
  let artifacts: [String: UnpackedExperiment.PackedArtifact]

  /// What a packed file holds.
  /// - Throws: as `UnpackedExperiment.recipe`.
  package init(
    _ experiment: UnpackedExperiment, name: String, registry: KindRegistry
  ) throws {
    self.name = name
    axes = try experiment.recipe(registry: registry).axes
    load = { try experiment.recipe(axes: $0, registry: registry) }
    entries = experiment.lock.entries
    registration = experiment.lock.registration
    artifacts = experiment.artifacts
  }

  /// What is done of a recipe here.
  /// - Parameter registration: SHA-256 of the registration that the lock of the results names.
  package init(_ recipe: Recipe, _ plan: Plan, registration: String?, registry: KindRegistry) {
    name = recipe.file.lastPathComponent
    axes = recipe.axes
    load = { axes in
      try Recipe.load(
        recipe.file, overrides: RecipeOverride.withoutAxes(recipe.overrides) + axes,
        registry: registry)
    }
    // Keys of what is not done may be those of another version: they bind nobody.
    let results = plan.results.compactMap { item in item.artifact.map { (item, $0) } }
    entries = Dictionary(
      results.map { ($0.name, LockedInstance(key: $1.key, fields: $0.fields)) }
    ) { $1 }
    artifacts = Dictionary(
      results.map { ($1.key, .init(artifact: $1, incomplete: [])) }
    ) { $1 }
    self.registration = registration
  }
}

extension RecipeOverride {
  /// Changes from the command line but for those of axes.
  static func withoutAxes(_ overrides: [String]) -> [String] {
    overrides.filter { !isOfAxes($0) }
  }

  static func isOfAxes(_ override: String) -> Bool {
    override.hasPrefix("axes.") || override.hasPrefix("axes=")
  }
}

extension [ResultSource] {
  /// The values of each axis over all sources: first in the order of the first recipe's file, then as
  /// the sources name them.
  func axes(of file: Recipe) -> OrderedDictionary<String, [JSONValue]> {
    var all: OrderedDictionary<String, [JSONValue]> = [:]
    for source in self {
      for (axis, values) in source.axes {
        for value in values where !all[axis, default: []].contains(where: value.isSameAxisValue) {
          all[axis, default: []].append(value)
        }
      }
    }
    for (axis, values) in file.axes {
      guard let union = all[axis] else { continue }
      let first = values.filter { value in union.contains(where: value.isSameAxisValue) }
      all[axis] = first + union.filter { value in !first.contains(where: value.isSameAxisValue) }
    }
    return all
  }
}
