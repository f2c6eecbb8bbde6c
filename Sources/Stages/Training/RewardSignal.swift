import Base
import Foundation
import Runner

/// What the rewards of a training could teach, by its log: groups whose rewards are all equal have
/// no gradient.
package struct RewardSignal {
  /// The metric, and the value, that holds the share of groups with a gradient.
  static let groupsWithGradient = "groups_with_gradient"
  /// The metric that holds the share of groups with a correct completion: pass@k for k the group.
  static let passAtGroup = "pass_at_group"
  /// How many steps show what the model could do before it was trained.
  static let firstSteps = 5

  /// The names of `values`.
  static let names = [
    groupsWithGradient, "start_\(groupsWithGradient)", "start_\(passAtGroup)",
  ]

  private let shares: [Double]
  private let passes: [Double]

  /// Reads what was logged so far.
  package init(_ log: MetricsLog) throws {
    self.init(try log.rows().map { $0.object ?? [:] })
  }

  /// Takes the rows of a log.
  init(_ rows: [[String: JSONValue]]) {
    shares = rows.compactMap { $0[Self.groupsWithGradient]?.number }
    passes = rows.compactMap { $0[Self.passAtGroup]?.number }
  }

  /// Whether no group had a gradient.
  var isSilent: Bool { shares.allSatisfy { $0 == 0 } }

  /// Of all steps, and of the first ones, by the name under which the stage publishes them.
  package var values: [String: Double] {
    [
      Self.groupsWithGradient: Statistics.mean(shares),
      "start_\(Self.groupsWithGradient)": Statistics.mean(Array(shares.prefix(Self.firstSteps))),
      "start_\(Self.passAtGroup)": Statistics.mean(Array(passes.prefix(Self.firstSteps))),
    ].compactMapValues(\.self)
  }

  /// What the log so far says against going on; nil where some group had a gradient.
  package func notice(_ parameters: RLVRParameters) -> String? {
    guard isSilent else { return nil }
    let steps = shares.count == 1 ? "the first step" : "the first \(shares.count) steps"
    return "\(subject(parameters)) in any group of \(steps), so nothing is trained yet; a "
      + "warm-up, easier problems, a larger group or more max_tokens may help"
  }

  /// What a training that ended has to say against itself; nil where some group had a gradient.
  package func warning(_ parameters: RLVRParameters) -> String? {
    guard isSilent else { return nil }
    let decay = parameters.optimiser.weightDecay == 0 ? nil : "weight_decay"
    // The divergence from the start is 0, and so is its gradient, unless something else moves.
    let pull = decay == nil || parameters.loss.kl == 0 ? nil : "loss.kl"
    let rest = [decay, pull].compactMap(\.self).joined(separator: " and ")
    return "\(subject(parameters)) in any group: nothing was trained"
      + (rest.isEmpty ? "" : " (only \(rest) could move a weight)")
  }

  private func subject(_ parameters: RLVRParameters) -> String {
    parameters.maskTruncated
      ? "no reward of a completion that was not cut off differed" : "no reward differed"
  }
}
