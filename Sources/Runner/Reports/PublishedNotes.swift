import OrderedCollections

/// The sentences about published values: where they are from, what the verdicts mean, and each
/// verdict with its reason.
struct PublishedNotes {
  let specification: TableSpecification
  let rows: [TableReport.Row]
  let columns: [TableReport.Column]
  let published: [PublishedTable]
  let unmatched: [String]

  /// How many unmatched values are listed.
  private static let listed = 6

  private var found: [TableReport.Published] {
    rows.flatMap { $0.cells.compactMap(\.published) }
  }

  /// The sentences for under the table.
  var sentences: [String] { published.flatMap(origin) + [rule].compactMap(\.self) + lost }

  /// What each letter beside a published value stands for, from `a` on.
  var footnotes: [String] { Array(OrderedSet(found.flatMap(\.footnotes))) }

  private func origin(_ table: PublishedTable) -> [String] {
    let source = (["Published: " + table.source] + [table.url].compactMap(\.self))
      .joined(separator: ", ")
    return [source.ending("."), table.spread.map { "Published ±: \($0)".ending(".") }]
      .compactMap(\.self)
  }

  private var rule: String? {
    let compared = found.filter { $0.comparison != nil }
    guard !compared.isEmpty else { return nil }
    let hasShares = columns.contains { $0.format == .percent }
    let points = "±\(NumberText.short(specification.margin)) points"
    let shares = "±\(NumberText.short(specification.relativeMargin * 100)) % of the published value"
    let margin = hasShares ? points : shares
    let same = compared.count(where: \.isSameProblems)
    let problems =
      same == compared.count
      ? "Taken to be of the same problems."
      : same == 0
        ? "Taken to be of other problems of the same kind."
        : "\(same) of \(compared.count) are taken to be of the same problems."
    let lone = rows.flatMap(\.cells).contains { $0.published?.comparison != nil && $0.planned == 1 }
    return "Verdicts: the 95 % interval of ours − published lies within \(margin): reproduced; "
      + "beyond: differs; across: not enough data. \(problems)"
      + (lone ? " A cell of one run does not say how much training runs differ." : "")
  }

  /// The verdict on each published value with its reason.
  var verdicts: [String] {
    rows.flatMap { row in
      zip(columns, row.cells).compactMap { column, cell in
        cell.published.flatMap { published in
          reason(published, in: column).map { reason in
            [row.label, column.label].filter { !$0.isEmpty }.joined(separator: " / ") + ": "
              + reason
          }
        }
      }
    }
  }

  private func reason(
    _ published: TableReport.Published, in column: TableReport.Column
  ) -> String? {
    guard let comparison = published.comparison, let verdict = published.verdict else { return nil }
    let difference = NumberText.signed(comparison.difference, decimals: column.decimals)
    let interval = comparison.interval.map {
      " [\(NumberText.bounds($0, decimals: column.decimals))]"
    }
    let margin = "±" + NumberText.fixed(comparison.margin, decimals: column.decimals)
    let place: String
    switch comparison.verdict {
    case .reproduced: place = ", within \(margin)"
    case .differs: place = ", beyond \(margin)"
    case .notEnoughData: place = interval == nil ? "" : ", across \(margin)"
    }
    let remedy = comparison.remedy.map { "; \($0)" } ?? ""
    return "\(verdict); ours − published is \(difference)\(interval ?? "")\(place)\(remedy)."
  }

  /// Published numbers that no cell shows, so that a misspelt label is not lost.
  private var lost: [String] {
    if unmatched.isEmpty { return [] }
    let rest = unmatched.count - Self.listed
    let names = unmatched.prefix(Self.listed) + (rest > 0 ? ["and \(rest) more"] : [])
    return ["Published numbers without a cell here: \(names.joined(separator: "; "))."]
  }
}

extension String {
  /// The text with a full stop at its end, if it has none.
  func ending(_ mark: String) -> String { hasSuffix(mark) ? self : self + mark }
}
