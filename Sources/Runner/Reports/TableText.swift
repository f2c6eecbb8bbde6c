/// The texts of a cell, the same in every form of a table.
package struct CellText: Equatable {
  /// `43.8`, `–` for a cell that is not complete, or nothing for one that the recipe excludes.
  let value: String
  /// `0.8`, what stands behind ±.
  let spread: String?
  /// `18.0, > 64`, the interval of the value itself.
  let interval: String?
  /// `+10.2` with `+5.1, +15.0`: the difference to the baseline, the ratio, with their intervals.
  let comparisons: [Comparison]
  /// `p = 0.031`, by McNemar's test.
  let probability: String?
  /// `43.8 ± 0.8`, what was published elsewhere.
  let published: String?
  /// `reproduced`, what is said of the published value.
  let verdict: String?
  /// `a, b`: which footnotes the published value has.
  let letters: String?

  /// A comparison with the baseline.
  struct Comparison: Equatable {
    let value: String
    let interval: String?

    /// `+10.2 [+5.1, +15.0]`.
    var line: String { interval.map { "\(value) [\($0)]" } ?? value }
  }

  /// `43.8 ± 0.8`, or `26.4 [18.0, > 64]`.
  package var main: String {
    value + (spread.map { " ± \($0)" } ?? "") + (interval.map { " [\($0)]" } ?? "")
  }

  /// `+10.2 [+5.1, +15.0], p = 0.031`; nothing where there is nothing to compare with.
  var compared: String? {
    let parts = comparisons.map(\.line) + [probability].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// `published 54.0 ± 1.4 (a): reproduced`.
  var publication: String? {
    published.map { value in
      "published \(value)\(marks)" + (verdict.map { ": \($0)" } ?? "")
    }
  }

  /// The parts that fit a narrow column, from top to bottom.
  var lines: [String] {
    let isShort = probability == nil && comparisons.allSatisfy { $0.interval == nil }
    let first = isShort ? [main, compared.map { "(\($0))" }].compactMap(\.self) : [main]
    return [first.joined(separator: " ")]
      + [isShort ? nil : compared, published.map { "published \($0)" + marks }, verdict]
      .compactMap(\.self)
  }

  private var marks: String { letters.map { " (\($0))" } ?? "" }

  /// The same for a column that is narrower still: intervals stand below what they belong to.
  var narrowLines: [String] {
    let compared = comparisons.flatMap { [$0.value, $0.interval.map { "[\($0)]" }] }
    return [spread.map { "\(value) ± \($0)" } ?? value, interval.map { "[\($0)]" }]
      .compactMap(\.self) + compared.compactMap(\.self)
      + [probability, published.map { "published \($0)" + marks }, verdict].compactMap(\.self)
  }

  /// Everything on one line: `54.0 ± 1.4 (+10.2 [+5.1, +15.0]) [published 54.0 ± 1.4: reproduced]`.
  var line: String {
    [main, compared.map { "(\($0))" }, publication.map { "[\($0)]" }]
      .compactMap(\.self).joined(separator: " ")
  }
}

extension TableReport {
  /// The texts of a cell.
  func text(of cell: Cell, in column: Column) -> CellText {
    func number(_ value: Double) -> String { Self.text(of: value, in: column) }
    let missing = cell.planned == 0 ? "" : "–"
    let letters = cell.published?.footnotes.compactMap(letter) ?? []
    return CellText(
      value: cell.reach.map { $0.text(number) } ?? cell.mean.map(number) ?? missing,
      spread: cell.mean == nil ? nil : spread(of: cell).map(number),
      interval: hasIntervals ? cell.reach?.intervalText(number) : nil,
      comparisons: cell.comparison.map { texts(of: $0, in: column) } ?? [],
      probability: (cell.comparison?.mcNemar?.pValue).map(Self.probability),
      published: cell.published.map { published in
        number(published.value.mean)
          + (published.value.deviation.map { " ± " + number($0) } ?? "")
      },
      verdict: cell.published?.verdict,
      letters: letters.isEmpty ? nil : letters.joined(separator: ", "))
  }

  private func texts(of comparison: Comparison, in column: Column) -> [CellText.Comparison] {
    compare.compactMap { kind in
      switch kind {
      case .difference:
        comparison.difference.map {
          text($0, comparison.interval, unit: "", decimals: column.decimals)
        }
      case .relative:
        comparison.relative.map { ratio in
          let bounds = comparison.relativeInterval.map {
            ($0.lowerBound * 100)...($0.upperBound * 100)
          }
          return text(ratio * 100, bounds, unit: " %", decimals: 1)
        }
      }
    }
  }

  private func text(
    _ value: Double, _ interval: ClosedRange<Double>?, unit: String, decimals: Int
  ) -> CellText.Comparison {
    let bounds = hasIntervals ? interval : nil
    return CellText.Comparison(
      value: NumberText.signed(value, decimals: decimals) + unit,
      interval: bounds.map { NumberText.bounds($0, decimals: decimals) })
  }

  private static func text(of value: Double, in column: Column) -> String {
    if column.format == .tokens { return NumberText.short(value.rounded()) }
    return NumberText.fixed(value, decimals: column.decimals)
  }

  /// `p = 0.031`, or that it is smaller than what is shown.
  private static func probability(_ value: Double) -> String {
    value < 0.001 ? "p < 0.001" : "p = \(NumberText.fixed(value, decimals: 3))"
  }

  /// The letter of a footnote; numbers after `z`.
  func letter(_ footnote: String) -> String? {
    footnotes.firstIndex(of: footnote).map(Self.letter(at:))
  }

  /// The letter of the footnote at an index.
  static func letter(at index: Int) -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
    return letters.indices.contains(index) ? letters[index] : "\(index + 1)"
  }

  /// Everything under the table: notes, footnotes, then verdicts with their reasons.
  var allNotes: [String] {
    notes + footnotes.enumerated().map { "(\(Self.letter(at: $0))) \($1)" } + verdicts
  }

  /// The texts of all cells, by row and column.
  package var cellTexts: [[CellText]] {
    rows.map { row in zip(row.cells, columns).map { text(of: $0, in: $1) } }
  }

  /// The heading of each group of columns.
  var groupLabels: [String] {
    groups.map { group in
      guard group.count > 1 else { return group.map { columns[$0].label }.joined() }
      let values = group.map { columns[$0].valueLabel }.joined(separator: "; ")
      let point = columns[group[0]].pointLabel
      return point.isEmpty ? values : "\(point): \(values)"
    }
  }

  /// The table for a terminal: aligned columns, then the notes.
  public var terminalText: String {
    let texts = cellTexts
    let labels = Self.aligned([rowHeader] + rows.map(\.label), isRight: false)
    let body = columns.indices.map { index in
      let cells = texts.map { $0[index] }
      let parts = [
        cells.map(\.main), cells.map { $0.compared ?? "" },
        cells.map { $0.publication.map { "[\($0)]" } ?? "" },
      ].filter { $0.contains { !$0.isEmpty } }.map { Self.aligned($0, isRight: true) }
      let lines = cells.indices.map { row in parts.map { $0[row] }.joined(separator: "  ") }
      return Self.aligned([columns[index].label] + lines, isRight: true)
    }
    let lines = labels.indices.map { row in
      ([labels[row]] + body.map { $0[row] }).joined(separator: "  ")
    }
    let rule = String(repeating: "─", count: lines.first?.count ?? 0)
    let all = [title] + lines.prefix(1) + [rule] + lines.dropFirst() + allNotes
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
