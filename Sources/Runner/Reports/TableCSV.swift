extension TableReport {
  /// The table as tidy CSV: one line a cell, each number in a column of its own, in the unit that
  /// the column `unit` names. Ratios are shares of one.
  public var csv: String {
    ([Self.numberNames] + numbers).map(CSV.line).joined()
  }

  /// What each field of `numbers` is.
  static let numberNames = [
    "row", "column", "metric", "unit", "mean", "sd_over_seeds", "se_over_problems", "problems",
    "samples", "seeds", "planned", "baseline", "difference", "difference_low", "difference_high",
    "relative", "relative_low", "relative_high", "mcnemar_p", "published_mean",
    "published_deviation", "published_problems", "published_model", "published_caveat",
    "published_difference", "published_difference_low", "published_difference_high", "margin",
    "verdict", "verdict_remedy", "reach_bound", "reach_low", "reach_high",
  ]

  /// Everything that is known of each cell, row by row.
  var numbers: [[String]] {
    rows.flatMap { row in
      zip(columns, row.cells).map { column, cell in
        [row.label, column.label, column.metric, column.format.unit] + Self.own(cell)
          + Self.compared(cell.comparison) + Self.published(cell.published)
          + Self.reach(cell.reach)
      }
    }
  }

  private static func own(_ cell: Cell) -> [String] {
    let sizes = [cell.problems, cell.samples, cell.done, cell.planned]
    return [number(cell.mean), number(cell.deviation), number(cell.standardError)]
      + sizes.map { $0.map { String($0) } ?? "" } + [cell.isBaseline ? "true" : "false"]
  }

  private static func compared(_ comparison: Comparison?) -> [String] {
    [
      comparison?.difference, comparison?.interval?.lowerBound, comparison?.interval?.upperBound,
      comparison?.relative, comparison?.relativeInterval?.lowerBound,
      comparison?.relativeInterval?.upperBound, comparison?.mcNemar?.pValue,
    ].map(number)
  }

  private static func published(_ published: Published?) -> [String] {
    let comparison = published?.comparison
    return [number(published?.value.mean), number(published?.value.deviation)]
      + [
        published?.value.problems.map { String($0) }, published?.value.model,
        published?.value.caveat,
      ].map { $0 ?? "" }
      + [
        comparison?.difference, comparison?.interval?.lowerBound, comparison?.interval?.upperBound,
        comparison?.margin,
      ].map(number) + [published?.verdict ?? "", comparison?.remedy ?? ""]
  }

  private static func reach(_ reach: TargetReach?) -> [String] {
    [
      reach?.bound?.rawValue ?? "", number(reach?.interval?.lowerBound),
      number(reach?.interval?.upperBound),
    ]
  }

  private static func number(_ value: Double?) -> String { value.map(NumberText.exact) ?? "" }
}
