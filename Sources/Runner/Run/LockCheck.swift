import Base

/// An instance in which a plan is not what was locked.
package struct LockDifference: Sendable, Equatable {
  package let instance: String
  /// What differs, such as `epochs changed from 2 to 3`.
  package let reason: String
}

extension RecipeLock {
  /// The lock of everything that a plan has a key for, done or not.
  /// - Parameter registration: SHA-256 of the registration beside the recipe.
  package init(_ plan: Plan, registration: String? = nil) {
    let locked = plan.items.compactMap { item in
      item.key.map {
        let isStopped = item.state == .stopped
        return (
          item.instance.name, LockedInstance(key: $0, fields: item.fields, isStopped: isStopped)
        )
      }
    }
    self.init(entries: Dictionary(locked) { $1 }, registration: registration)
  }

  /// Where a plan differs from the lock: first in the order of the plan, then what the recipe no
  /// longer has, by name, apart from instances of other runs. None means that the plan is the experiment that was locked, or that part of
  /// it that is asked for: the same kinds in the same versions, the same parameters, inputs and
  /// contents from outside.
  package func differences(
    from plan: Plan, besides others: Set<String> = []
  ) -> [LockDifference] {
    let known = others.union(plan.items.map(\.instance.name))
    let changed = plan.asked.compactMap { item in
      reason(item).map { LockDifference(instance: item.instance.name, reason: $0) }
    }
    let gone = entries.keys.filter { !known.contains($0) }.sorted()
    return changed + gone.map { .init(instance: $0, reason: "the recipe no longer has it") }
  }

  private func reason(_ item: PlannedInstance) -> String? {
    guard let entry = entries[item.instance.name] else { return "the lock does not have it" }
    guard let key = item.key, let fields = item.fields else { return item.reason }
    if key == entry.key { return nil }
    let changes = entry.fields.map { fields.differences(from: $0) } ?? []
    return changes.isEmpty
      ? "its key changed" : changes.map(\.description).joined(separator: "; ")
  }

  /// Makes sure that a plan is the experiment that was locked.
  /// - Parameters:
  ///   - others: the recipe's instances at values of axes that other runs are asked for.
  ///   - path: where the lock is, for people.
  /// - Throws: `LockMismatchError`.
  package func check(
    _ plan: Plan, besides others: Set<String> = [], path: String
  ) throws(LockMismatchError) {
    if entries.isEmpty { throw .missing(path) }
    let differences = differences(from: plan, besides: others)
    let left = others.union(plan.items.map(\.name)).subtracting(plan.asked.map(\.name))
    let total = Set(entries.keys).union(plan.asked.map(\.name)).subtracting(left).count
    if !differences.isEmpty { throw .differs(differences, of: total) }
  }
}

/// Why a recipe does not run with `--locked`.
package enum LockMismatchError: Error, Sendable, CustomStringConvertible {
  /// There is nothing to compare with.
  case missing(String)
  /// Instances differ, of so many planned.
  case differs([LockDifference], of: Int)

  /// A sentence for people, then a line for each instance.
  package var description: String {
    switch self {
    case .missing(let path):
      return "there is no lock at \(path); run once without --locked, or put there the one that "
        + "you were given"
    case .differs(let differences, let count):
      let lines = differences.map { "\n  \($0.instance): \($0.reason)" }.joined()
      return "this is not the experiment that was locked: \(differences.count) of \(count) "
        + "instances differ\(lines)\nNothing ran; without --locked the recipe runs as it is"
    }
  }
}
