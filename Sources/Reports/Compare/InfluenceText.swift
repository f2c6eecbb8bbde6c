import Base

/// Influences as text for terminals, and for other programs.
package struct InfluenceText {
  private let influence: Influence
  private let unit: String
  private let isShare: Bool

  /// - Parameters:
  ///   - value: what was measured, such as `accuracy`.
  ///   - unit: what was left out, such as `problem`.
  package init(_ influence: Influence, value: String, unit: String) {
    self.influence = influence
    self.unit = unit
    isShare = ProblemScores.isShare(value)
  }

  package var text: String {
    let head = [
      "No", unit.prefix(1).uppercased() + unit.dropFirst(), "Without",
      isShare ? "Worth, points [95 %]" : "Worth [95 %]",
      "Right only with it", "Right only without it",
    ]
    let rows = influence.rows.map { row in
      [
        "\(row.number)", row.id.visible, number(row.without), worth(row.worth), "\(row.won)",
        "\(row.lost)",
      ]
    }
    let runs = influence.runs == 1 ? "one run" : "\(influence.runs) runs"
    let lines =
      ["\(influence.name), \(runs): \(number(influence.whole)) with all of them"]
      + AlignedText.lines([head] + rows) { $0 == 0 || $0 >= 2 } + [verdict]
    return lines.joined(separator: "\n") + "\n"
  }

  private func number(_ value: Double) -> String {
    isShare ? NumberText.fixed(100 * value, decimals: 1) + " %" : NumberText.short(value)
  }

  private func worth(_ estimate: Estimate) -> String {
    func signed(_ value: Double) -> String {
      NumberText.signed(isShare ? 100 * value : value, decimals: isShare ? 1 : 3)
    }
    let bounds = estimate.interval().map {
      " [\(signed($0.lowerBound)), \(signed($0.upperBound))]"
    }
    return signed(estimate.mean) + (bounds ?? "")
  }

  /// What may be made of it.
  private var verdict: String {
    guard influence.runs > 1 else {
      return
        "Whatever is left out, what is sampled afterwards becomes another: of one run it cannot be "
        + "said how much of a difference is that. Several seeds can."
    }
    return [influence.agreement.map(words), expectation].compactMap(\.self).joined(separator: " ")
  }

  private func words(_ agreement: Influence.Agreement) -> String {
    let p = agreement.probability
    let test =
      "F(\(agreement.rows - 1), \((agreement.rows - 1) * (agreement.runs - 1))) = "
      + NumberText.fixed(agreement.ratio, decimals: 2)
      + (p < 0.001 ? ", p < 0.001" : ", p = \(NumberText.fixed(p, decimals: 3))")
    return p < 0.05
      ? "Runs agree that some \(unit)s are worth more than others: \(test)."
      : "Runs do not agree that any \(unit) is worth more than another: \(test)."
  }

  /// How many intervals are expected to look like a finding where there is none.
  private var expectation: String? {
    let count = Int((0.05 * Double(influence.rows.count)).rounded())
    return count == 0
      ? nil : "About \(count) of \(influence.rows.count) intervals exclude 0 by chance."
  }
}

extension InfluenceText {
  package var json: JSONValue {
    [
      "evaluation": .string(influence.name), "runs": .integer(influence.runs),
      "with_all": .number(influence.whole),
      "rows": .array(
        influence.rows.map { row in
          let interval = row.worth.interval()
          return [
            "number": .integer(row.number), "id": .string(row.id),
            "without": .number(row.without), "worth": .number(row.worth.mean),
            "interval": interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
            "right_only_with": .integer(row.won), "right_only_without": .integer(row.lost),
            "worth_by_run": .array(row.runs.map(JSONValue.number)),
          ]
        }),
      "agreement": influence.agreement.map {
        ["f": .number($0.ratio), "p": .number($0.probability)]
      } ?? .null,
    ]
  }
}
