import Base
import OrderedCollections
import Runner
import Tasks

/// What each verdict is worth to some trainings, as their rollouts tell. A mean reward says little
/// without it.
package struct RewardScale {
  /// The verdicts that came up with their rewards, by rising reward.
  let rewards: OrderedDictionary<Outcome, Double>

  /// - Returns: nil where a verdict had more than one reward, as where numbers or coins decide, or
  ///   where all had the same.
  package init?(_ judged: some Sequence<(Outcome, Double)>) {
    var found: [Outcome: Double] = [:]
    for (outcome, reward) in judged {
      guard found.updateValue(reward, forKey: outcome) ?? reward == reward else { return nil }
    }
    guard Set(found.values).count > 1 else { return nil }
    rewards = OrderedDictionary(
      uniqueKeysWithValues: found.sorted {
        ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue)
      })
  }

  /// The scale of all trainings; nil where they differ, or where one published no rollouts.
  init?(of instances: [PlannedInstance], _ data: Findings) {
    let columns: [ColumnName] = [.outcome, .reward]
    let judged = instances.map { instance -> [(Outcome, Double)]? in
      guard
        let table = try? data.tables.table(Rollouts.fileName, of: instance, columns: columns),
        let outcomes = try? Rollouts(table).outcomes, let rewards = try? Rollouts(table).rewards
      else { return nil }
      return Array(zip(outcomes, rewards))
    }
    if judged.contains(where: { $0 == nil }) { return nil }
    self.init(judged.compactMap(\.self).joined())
  }

  /// The least and the greatest reward, such as `−2 to 2`.
  package var range: String {
    let ends = [rewards.values.first, rewards.values.last].compactMap(\.self)
    return ends.map(NumberText.short).joined(separator: " to ")
  }

  /// Such as `The reward is −2 for bad format, −0.5 for wrong, 2 for correct.`
  package var sentence: String {
    let parts = rewards.map { "\(NumberText.short($0.value)) for \($0.key.words)" }
    return "The reward is \(parts.joined(separator: ", "))."
  }
}
