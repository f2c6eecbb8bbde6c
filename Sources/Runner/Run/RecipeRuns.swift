import Base
import Foundation
import OrderedCollections

/// All runs of a recipe that share a folder of results, each at the values of axes that it was asked
/// for, such as one job for each seed: none of them drops from the lock or from the report what the
/// others made.
package struct RecipeRuns: Sendable {
  /// The recipe as this run was asked for it.
  private let asked: Recipe
  /// The recipe at the values of axes that its file names, this run was asked for and others were.
  package let whole: Recipe
  /// What the lock keeps beside this run's instances.
  package let others: OtherRuns
  private let load: @Sendable (_ overrides: [String]) throws(RecipeError) -> Recipe

  /// Works out what other runs were asked for.
  /// - Parameters:
  ///   - written: the changes that belong to the recipe, where it is a packed one.
  ///   - lock: the recipe's lock. Values of axes in it with which the recipe can no longer be read
  ///     are passed over.
  package init(
    _ asked: Recipe, written: [String] = [], lock: RecipeLock, registry: KindRegistry
  ) {
    self.asked = asked
    let file = asked.file
    load = { overrides throws(RecipeError) in
      try Recipe.load(file, overrides: overrides, registry: registry)
    }
    let changes = asked.overrides.dropFirst(written.count)
    let axes =
      changes.contains(where: RecipeOverride.isOfAxes)
      // Without the values that were asked for, the file may be no recipe.
      ? (try? load(written + RecipeOverride.withoutAxes(Array(changes))))?.axes ?? [:] : asked.axes
    var own = asked.axes
    var all = asked.axes
    var further: [String: [JSONValue]] = [:]
    for (axis, values) in asked.axes {
      guard let known = axes[axis] else { continue }
      let new = values.missing(from: known)
      if !new.isEmpty { further[axis] = new }
      let others = (lock.axes[axis] ?? []).missing(from: known + new)
      own[axis] = known + new.sorted(by: JSONValue.isBeforeOnAxis)
      all[axis] = known + (new + others).sorted(by: JSONValue.isBeforeOnAxis)
    }
    whole =
      (try? Self.recipe(asked, at: all, load)) ?? (try? Self.recipe(asked, at: own, load)) ?? asked
    others = OtherRuns(
      names: changes.isEmpty ? Set(whole.instances.map(\.name)) : nil, axes: further,
      known: lock.axes)
  }

  /// The recipe that a report is of: at the values of axes that this run was asked for, and at those
  /// at which other runs made something.
  package func reported(_ lock: RecipeLock) -> Recipe {
    var all = whole.axes
    for (axis, values) in whole.axes {
      let made = whole.instances.filter { lock.entries[$0.name] != nil }
        .compactMap { $0.point[axis] }
      let wanted = AxisValues((asked.axes[axis] ?? []) + made)
      all[axis] = values.filter { wanted.value(sameAs: $0) != nil }
    }
    return (try? Self.recipe(asked, at: all, load)) ?? asked
  }

  /// The values of a reported recipe that this run was not asked for, such as `seed=2`.
  package func furtherValues(of reported: Recipe) -> [String] {
    reported.axes.flatMap { axis, values in
      values.missing(from: asked.axes[axis] ?? []).map { "\(axis)=\($0.label)" }
    }
  }

  private static func recipe(
    _ asked: Recipe, at axes: OrderedDictionary<String, [JSONValue]>,
    _ load: (_ overrides: [String]) throws(RecipeError) -> Recipe
  ) throws -> Recipe {
    let changed = axes.filter { axis, values in
      let own = asked.axes[axis] ?? []
      return values.count != own.count || !values.missing(from: own).isEmpty
    }
    if changed.isEmpty { return asked }
    // Where they are all that the file names, there is nothing to change.
    let others = asked.overrides.filter { override in
      !changed.keys.contains { override.hasPrefix("axes.\($0)=") }
    }
    if let written = try? load(others), written.hasAxes(axes) { return written }
    return try load(others + changed.map { "axes.\($0)=\(JSONValue.array($1).text)" })
  }
}

extension Recipe {
  fileprivate func hasAxes(_ other: OrderedDictionary<String, [JSONValue]>) -> Bool {
    axes.keys == other.keys
      && axes.allSatisfy { axis, values in
        values.elementsEqual(other[axis] ?? []) { $0.isSameAxisValue(as: $1) }
      }
  }
}

extension [JSONValue] {
  /// The values of an axis that are not among others.
  fileprivate func missing(from others: [JSONValue]) -> [JSONValue] {
    let known = AxisValues(others)
    return filter { known.value(sameAs: $0) == nil }
  }
}
