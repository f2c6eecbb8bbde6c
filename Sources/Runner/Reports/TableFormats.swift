extension TableReport {
  /// The table as Markdown (GitHub's), with its heading and notes.
  public var markdown: String {
    let header = [rowHeader] + groupLabels
    let lines = zip(rows, groupLines).map { row, cells in [row.label] + cells }
    let rule = ["---"] + groups.map { _ in "---:" }
    let table = ([header.map(Self.markdownText), rule] + lines.map { $0.map(Self.markdownText) })
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    let sentences = notes.map { Self.markdownText($0) + "\n" }.joined()
    let list = allNotes.dropFirst(notes.count).map { "- \(Self.markdownText($0))\n" }.joined()
    return "### \(Self.markdownText(title))\n\n\(table)\n\(sentences)"
      + (list.isEmpty ? "" : "\n" + list)
  }

  /// The table as LaTeX, for `\usepackage{booktabs}`; the notes stand under it in small print.
  public var latex: String {
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
