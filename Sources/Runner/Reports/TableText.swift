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
    let texts = cellTexts
    let labels = Self.aligned([rowHeader] + rows.map(\.label), isRight: false)
    let body = columns.indices.map { index in
      let cells = texts.map { $0[index] }
      let parts = [
        cells.map(\.main), cells.map { $0.difference ?? "" },
        cells.map { $0.published.map { "[published \($0)]" } ?? "" },
      ].filter { $0.contains { !$0.isEmpty } }.map { Self.aligned($0, isRight: true) }
      let lines = cells.indices.map { row in parts.map { $0[row] }.joined(separator: "  ") }
      return Self.aligned([columns[index].label] + lines, isRight: true)
    }
    let lines = labels.indices.map { row in
      ([labels[row]] + body.map { $0[row] }).joined(separator: "  ")
    }
    let rule = String(repeating: "─", count: lines.first?.count ?? 0)
    let all = [title] + lines.prefix(1) + [rule] + lines.dropFirst() + notes
    return all.map { $0.replacing(/[ ]+$/, with: "") + "\n" }.joined()
  }

  /// The texts at equal width.
  private static func aligned(_ texts: [String], isRight: Bool) -> [String] {
    let width = texts.map(\.count).max() ?? 0
    return texts.map { text in
      let padding = String(repeating: " ", count: width - text.count)
      return isRight ? padding + text : text + padding
    }
  }
}
