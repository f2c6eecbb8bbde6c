import Base
import Runner

/// The texts of a cell, the same in every form of a table.
package struct CellText: Equatable {
  /// `43.8`, `–` for a cell that is not complete, or nothing for one that the recipe excludes.
  let value: String
  /// `0.8`, the deviation over runs, behind ±.
  let spread: String?
  /// `35.1, 52.4`, the interval of the value itself.
  let interval: String?
  /// `+10.2` with `+5.1, +15.0`: the difference to the baseline, the ratio, with their intervals.
  let comparisons: [Comparison]
  /// `p = 0.031`, by McNemar's test.
  let probability: String?
  /// `in form 36.7 (11 of 30)` and `chance 20.8, p = 0.140`: what an accuracy is made of.
  package let ability: [String]
  /// `43.8 ± 0.8`, what was published elsewhere.
  let published: String?
  /// `reproduced`, what is said of the published value.
  let verdict: String?
  /// `a, b`: which footnotes the published value has.
  let letters: String?

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
      + [isShort ? nil : compared].compactMap(\.self) + ability
      + [published.map { "published \($0)" + marks }, verdict].compactMap(\.self)
  }

  private var marks: String { letters.map { " (\($0))" } ?? "" }

  /// The same for a column that is narrower still: intervals stand below what they belong to.
  var narrowLines: [String] {
    let compared = comparisons.flatMap { [$0.value, $0.interval.map { "[\($0)]" }] }
    return [spread.map { "\(value) ± \($0)" } ?? value, interval.map { "[\($0)]" }]
      .compactMap(\.self) + compared.compactMap(\.self) + [probability].compactMap(\.self) + ability
      + [published.map { "published \($0)" + marks }, verdict].compactMap(\.self)
  }

  /// Everything on one line: `54.0 ± 1.4 (+10.2 [+5.1, +15.0]), in form 60.0 (36 of 60) [published
  /// 54.0 ± 1.4: reproduced]`.
  var line: String {
    let own = [main, compared.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
    return [([own] + ability).joined(separator: ", "), publication.map { "[\($0)]" }]
      .compactMap(\.self).joined(separator: " ")
  }
}

extension TableReport {
  func text(of cell: Cell, in column: Column) -> CellText {
    func number(_ value: Double) -> String { Self.text(of: value, in: column) }
    let missing = cell.planned == 0 ? "" : "–"
    let letters = cell.published?.footnotes.compactMap(letter) ?? []
    return CellText(
      value: cell.reach.map { $0.text(number) } ?? cell.mean.map(number) ?? missing,
      spread: cell.mean == nil ? nil : cell.deviation.map(number),
      interval: hasIntervals
        ? cell.reach?.intervalText(number) ?? cell.interval.map { Self.text(of: $0, in: column) }
        : nil,
      comparisons: cell.comparison.map { texts(of: $0, in: column) } ?? [],
      probability: (cell.comparison?.mcNemar?.pValue).map(Self.probability),
      ability: cell.ability?.lines ?? [],
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

  private static func text(of interval: ClosedRange<Double>, in column: Column) -> String {
    [interval.lowerBound, interval.upperBound].map { text(of: $0, in: column) }
      .joined(separator: ", ")
  }

  private static func text(of value: Double, in column: Column) -> String {
    if column.format == .tokens { return NumberText.short(NumberText.rounded(value, decimals: 0)) }
    return NumberText.fixed(value, decimals: column.decimals)
  }

  /// `p = 0.031`, or that it is smaller than what is shown.
  static func probability(_ value: Double) -> String {
    value < 0.001 ? "p < 0.001" : "p = \(NumberText.fixed(value, decimals: 3))"
  }

  /// The letter of a footnote; numbers after `z`.
  func letter(_ footnote: String) -> String? {
    footnotes.firstIndex(of: footnote).map(Self.letter(at:))
  }

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
  package var terminalText: String {
    let texts = cellTexts
    let labels = AlignedText.column([rowHeader] + rows.map(\.label))
    let body = columns.indices.map { index in
      let cells = texts.map { $0[index] }
      let parts = [
        cells.map(\.main), cells.map { $0.compared ?? "" },
        cells.map { $0.ability.joined(separator: ", ") },
        cells.map { $0.publication.map { "[\($0)]" } ?? "" },
      ].filter { $0.contains { !$0.isEmpty } }.map { AlignedText.column($0, isRight: true) }
      let lines = cells.indices.map { row in parts.map { $0[row] }.joined(separator: "  ") }
      return AlignedText.column([columns[index].label] + lines, isRight: true)
    }
    let lines = labels.indices.map { row in
      ([labels[row]] + body.map { $0[row] }).joined(separator: "  ")
    }
    let rule = String(repeating: "─", count: lines.first?.count ?? 0)
    let all = [title] + lines.prefix(1) + [rule] + lines.dropFirst() + allNotes
    return all.map { $0.replacing(/[ ]+$/, with: "") + "\n" }.joined()
  }
}

extension TableReport {
  /// The table as Markdown (GitHub's), with its heading and notes.
  package var markdown: String {
    let header = [rowHeader] + groupLabels
    let lines = zip(rows, groupLines).map { row, cells in [row.label] + cells }
    let rule = ["---"] + groups.map { _ in "---:" }
    let table = ([header.map(Self.markdownText), rule] + lines.map { $0.map(Self.markdownText) })
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    let sentences = notes.map { Self.markdownParagraph($0) + "\n" }.joined()
    let list = allNotes.dropFirst(notes.count).map { "- \(Self.markdownParagraph($0))\n" }.joined()
    return "### \(Self.markdownText(title))\n\n\(table)\n\(sentences)"
      + (list.isEmpty ? "" : "\n" + list)
  }

  /// The table as LaTeX, for `\usepackage{booktabs}`; the notes stand under it in small print.
  package var latex: String {
    let alignment = "l" + String(repeating: "r", count: groups.count)
    let header = ([rowHeader] + groupLabels).map(Self.latexText)
    let lines = zip(rows, cellTexts).map { row, cells in
      // Four columns with intervals are wider than the page of an article.
      let fields = groups.map { group in
        Self.latexCell(group.flatMap { groups.count > 3 ? cells[$0].narrowLines : cells[$0].lines })
      }
      return ([Self.latexText(row.label)] + fields).joined(separator: " & ") + " \\\\\n"
    }
    return """
      \\begin{table}
      \\centering
      \\caption{\(Self.latexText(title))}
      \\label{tab:\(name)}
      \\begin{tabular}{\(alignment)}
      \\toprule
      \(header.joined(separator: " & ")) \\\\
      \\midrule
      \(lines.joined())\\bottomrule
      \\end{tabular}
      \\par\\medskip
      \\begin{minipage}{\\linewidth}\\footnotesize
      \(allNotes.map(Self.latexText).joined(separator: "\\\\\n"))
      \\end{minipage}
      \\end{table}

      """
  }

  /// The cells of each group on one line, by row.
  private var groupLines: [[String]] {
    cellTexts.map { cells in
      groups.map { group in group.map { cells[$0].line }.joined(separator: "; ") }
    }
  }

  /// A cell; several lines stand one below the other.
  private static func latexCell(_ lines: [String]) -> String {
    let texts = lines.map(latexText)
    if texts.count == 1 { return texts[0] }
    let body = texts.joined(separator: " \\\\ ")
    return "\\begin{tabular}[t]{@{}r@{}}\(body)\\end{tabular}"
  }

  /// Text as a paragraph or an item of a list, which begins no heading, quotation or list.
  static func markdownParagraph(_ text: String) -> String {
    let line = markdownText(text).replacing(/^[ \t]+/, with: "")
    if line.prefixMatch(of: /[0-9]+[.)]/) != nil {
      return line.replacing(/^([0-9]+)/) { "\($0.1)\\" }
    }
    return line.first.map { "#>+-=~".contains($0) } == true ? "\\" + line : line
  }

  static func markdownText(_ text: String) -> String {
    replace(text.visible) { scalar in
      switch scalar {
      case "|", "\\", "*", "_", "`", "[", "]", "<", "&": "\\\(scalar)"
      case "\n", "\t": " "
      default: nil
      }
    }
  }

  private static func latexText(_ text: String) -> String {
    replace(text.visible) { scalar in
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": "\\\(scalar)"
      case "[", "]": "{\(scalar)}"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      case "\\": "\\textbackslash{}"
      case "±": "$\\pm$"
      case "≤": "$\\leq$"
      case "\u{2212}": "$-$"
      case "·": "$\\cdot$"
      case "–": "--"
      case "—": "---"
      case "\u{202F}": "\\,"
      case "<": "\\textless{}"
      case ">": "\\textgreater{}"
      case "\n", "\t": " "
      default: nil
      }
    }
  }

  private static func replace(
    _ text: String, _ replacement: (Unicode.Scalar) -> String?
  ) -> String {
    text.unicodeScalars.map { replacement($0) ?? String($0) }.joined()
  }
}

extension TableReport {
  /// The table as tidy CSV: one line a cell, each number in a column of its own, in the unit that
  /// the column `unit` names. Ratios are shares of one.
  package var csv: String {
    ([Self.numberNames] + numbers).map(CSV.line).joined()
  }

  /// What each field of `numbers` is.
  static let numberNames = [
    "row", "column", "metric", "unit", "mean", "low", "high", "over", "sd_over_seeds",
    "se_over_problems", "problems", "samples", "seeds", "planned", "baseline", "difference",
    "difference_low", "difference_high",
    "relative", "relative_low", "relative_high", "mcnemar_p", "published_mean",
    "published_deviation", "published_problems", "published_model", "published_caveat",
    "published_difference", "published_difference_low", "published_difference_high", "margin",
    "verdict", "verdict_remedy", "reach_bound", "reach_low", "reach_high", "completions",
    "in_form", "accuracy_in_form", "chance_basis", "chance_right", "chance_of", "chance",
    "above_chance_p",
  ]

  /// Everything that is known of each cell, row by row.
  var numbers: [[String]] {
    rows.flatMap { row in
      zip(columns, row.cells).map { column, cell in
        [row.label, column.label, column.metric, column.format.unit] + Self.own(cell)
          + Self.compared(cell.comparison) + Self.published(cell.published)
          + Self.reach(cell.reach) + Self.ability(cell.ability)
      }
    }
  }

  private static func own(_ cell: Cell) -> [String] {
    let sizes = [cell.problems, cell.samples, cell.done, cell.planned]
    let interval = cell.interval
    return [number(cell.mean), number(interval?.lowerBound), number(interval?.upperBound)]
      + [interval == nil ? "" : cell.scope?.rawValue ?? ""]
      + [number(cell.deviation), number(cell.standardError)]
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
      ].map(number) + [
        published?.verdict ?? "", published?.refusal ?? comparison?.remedy ?? "",
      ]
  }

  private static func reach(_ reach: TargetReach?) -> [String] {
    [
      reach?.bound?.rawValue ?? "", number(reach?.interval?.lowerBound),
      number(reach?.interval?.upperBound),
    ]
  }

  /// Counts of completions, and rates in %.
  private static func ability(_ ability: Ability?) -> [String] {
    let test = ability?.aboveChance
    let inForm = ability.flatMap { $0.inForm.count > 0 ? $0.inForm.rate * 100 : nil }
    return [
      ability.map { "\($0.all.count)" } ?? "", ability.map { "\($0.inForm.count)" } ?? "",
      number(inForm), test?.basis.rawValue ?? "", test.map { "\($0.group.right)" } ?? "",
      test.map { "\($0.group.count)" } ?? "", number(test.map { $0.chance * 100 }),
      number(test?.pValue),
    ]
  }

  private static func number(_ value: Double?) -> String { value.map(NumberText.exact) ?? "" }
}
