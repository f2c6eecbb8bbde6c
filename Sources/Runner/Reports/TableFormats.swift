extension TableReport {
  /// The table as Markdown (GitHub's), with its heading and notes.
  public var markdown: String {
    let header = [rowHeader] + columns.map(\.label)
    let lines = zip(rows, cellTexts).map { row, cells in [row.label] + cells.map(\.line) }
    let rule = ["---"] + columns.map { _ in "---:" }
    let table = ([header.map(Self.markdownText), rule] + lines.map { $0.map(Self.markdownText) })
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    let list = notes.map { Self.markdownText($0) + "\n" }.joined()
    return "### \(Self.markdownText(title))\n\n\(table)\n\(list)"
  }

  /// The table as CSV: one line a cell, in the unit that the column `unit` names.
  public var csv: String {
    let header = [
      "row", "column", "metric", "unit", "mean", "std", "n", "planned", "standard_error",
      "difference_to_baseline", "published_mean", "published_std",
    ]
    func number(_ value: Double?) -> String { value.map(NumberText.exact) ?? "" }
    let lines = rows.flatMap { row in
      zip(columns, row.cells).map { column, cell in
        [
          row.label, column.label, column.metric, unit, number(cell.mean),
          number(cell.deviation), "\(cell.values.count)", "\(cell.planned)",
          number(cell.standardError), number(cell.difference), number(cell.published?.mean),
          number(cell.published?.deviation),
        ]
      }
    }
    return ([header] + lines).map(CSV.line).joined()
  }

  /// The table as LaTeX, for `\usepackage{booktabs}`.
  public var latex: String {
    let alignment = "l" + String(repeating: "r", count: columns.count)
    let header = ([rowHeader] + columns.map(\.label)).map(Self.latexText)
    let lines = zip(rows, cellTexts).map { row, cells in
      ([row.label] + cells.map(\.line)).map(Self.latexText).joined(separator: " & ") + " \\\\\n"
    }
    return """
      \\begin{table}
      \\centering
      \\caption{\(Self.latexText(title)). \(Self.latexText(notes.joined(separator: " ")))}
      \\label{tab:\(name)}
      \\begin{tabular}{\(alignment)}
      \\toprule
      \(header.joined(separator: " & ")) \\\\
      \\midrule
      \(lines.joined())\\bottomrule
      \\end{tabular}
      \\end{table}

      """
  }

  private static func markdownText(_ text: String) -> String {
    replace(text) { scalar in
      switch scalar {
      case "|", "\\", "*", "_", "`", "[", "]", "<": "\\\(scalar)"
      case "\n", "\r": " "
      default: nil
      }
    }
  }

  private static func latexText(_ text: String) -> String {
    replace(text) { scalar in
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": "\\\(scalar)"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      case "\\": "\\textbackslash{}"
      case "±": "$\\pm$"
      case "\u{2212}": "$-$"
      case "·": "$\\cdot$"
      case "–": "--"
      case "<": "\\textless{}"
      case ">": "\\textgreater{}"
      case "\n", "\r": " "
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
