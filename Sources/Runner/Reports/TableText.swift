/// The texts of a cell, the same in every form of a table.
struct CellText: Equatable {
  /// `43.8`, `–` for a cell that is not complete, or nothing for one that the recipe excludes.
  let value: String
  /// `0.8`, what stands behind ±.
  let spread: String?
  /// `+10.2`, the difference to the baseline.
  let difference: String?
  /// `43.8 ± 0.8`, what was published elsewhere.
  let published: String?

  /// `43.8 ± 0.8`.
  var main: String { spread.map { "\(value) ± \($0)" } ?? value }

  /// Everything on one line: `54.0 ± 1.4 (+10.2) [published 54.0 ± 1.4]`.
  var line: String {
    [main, difference.map { "(\($0))" }, published.map { "[published \($0)]" }]
      .compactMap(\.self).joined(separator: " ")
  }
}

extension TableReport {
  /// The texts of a cell.
  func text(of cell: Cell, in column: Column) -> CellText {
    func number(_ value: Double) -> String { NumberText.fixed(value, decimals: column.decimals) }
    let missing = cell.planned == 0 ? "" : "–"
    return CellText(
      value: cell.mean.map(number) ?? missing,
      spread: cell.mean == nil ? nil : spread(of: cell).map(number),
      difference: cell.difference.map { NumberText.signed($0, decimals: column.decimals) },
      published: cell.published.map { published in
        number(published.mean) + (published.deviation.map { " ± " + number($0) } ?? "")
      })
  }

  /// The texts of all cells, by row and column.
  var cellTexts: [[CellText]] {
    rows.map { row in zip(row.cells, columns).map { text(of: $0, in: $1) } }
  }

  /// The table for a terminal: aligned columns, then the notes.
  public var terminalText: String {
    let header = [rowHeader] + columns.map(\.label)
    let body = zip(rows, cellTexts).map { row, cells in [row.label] + cells.map(\.line) }
    let widths = header.indices.map { column in
      ([header] + body).map { $0[column].count }.max() ?? 0
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    let lines = [Self.aligned(header, widths), rule] + body.map { Self.aligned($0, widths) }
    return ([title] + lines + notes).map { $0 + "\n" }.joined()
  }

  /// The first column flush left, the others flush right.
  private static func aligned(_ fields: [String], _ widths: [Int]) -> String {
    zip(fields, widths).enumerated().map { index, pair in
      let padding = String(repeating: " ", count: pair.1 - pair.0.count)
      return index == 0 ? pair.0 + padding : padding + pair.0
    }.joined(separator: "  ")
  }
}
