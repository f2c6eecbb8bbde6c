/// How rewards become advantages.
public enum Advantage: String, Sendable, Hashable, CaseIterable {
  /// Reward minus the group's mean (Dr. GRPO, Liu et al., 2025, and the paper's code).
  case centred
  /// That over the group's standard deviation (n - 1) plus 1e-4 (GRPO, Shao et al., 2024, as in TRL).
  case scaled
  /// Centred over the standard deviation of all the batch's rewards plus 1e-4.
  case batchScaled = "batch_scaled"
  /// Reward minus the mean of the group's others (RLOO, Ahmadian et al., 2024); zero for a group of
  /// one.
  case leaveOneOut = "leave_one_out"

  /// The advantages of a batch, group by group.
  ///
  /// A group of one has no baseline and gets advantage 0.
  public func advantages(of groups: [[Double]]) -> [[Double]] {
    let batchDeviation = Self.deviation(groups.flatMap(\.self))
    return groups.map { rewards in
      let centred = rewards.map { $0 - Self.mean(rewards) }
      switch self {
      case .centred: return centred
      case .scaled: return centred.map { $0 / (Self.deviation(rewards) + 1e-4) }
      case .batchScaled: return centred.map { $0 / (batchDeviation + 1e-4) }
      case .leaveOneOut:
        // r - (sum - r) / (n - 1) = (r - mean) n / (n - 1)
        return centred.map { $0 * Double(rewards.count) / Double(max(1, rewards.count - 1)) }
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation with n - 1; 0 for fewer than two values.
  private static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }
}
