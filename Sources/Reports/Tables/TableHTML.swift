extension TableReport {
  /// The table as an HTML fragment: a `<figure>` with the heading, the table, the notes, and
  /// everything that is known of each cell to open.
  package var html: String { htmlMarkup.source + "\n" }

  var htmlMarkup: Markup {
    let body = zip(rows, cellTexts).map { row, cells in
      let label = Markup.element(
        "th", ["scope": "row"], Markup(row.label), Self.tag(row.isBaseline))
      let fields = groups.map { group in field(group.map { ($0, row.cells[$0], cells[$0]) }) }
      return Markup.element("tr", [:], [label] + fields)
    }
    return .element(
      "figure", ["class": "table", "id": "table-\(name)"],
      .element("figcaption", [:], Markup(title)),
      HTMLTable.scroll(
        HTMLTable.table(HTMLTable.headRow(headings), [.element("tbody", [:], body)]), label: title),
      HTMLTable.notes(notes),
      footnoteList, verdictList, allNumbers)
  }

  private var headings: [Markup] {
    let first = Markup.element("th", ["scope": "col"], Markup(rowHeader))
    return [first]
      + groups.map { group in
        let isBaseline =
          !rows.isEmpty && rows.allSatisfy { row in group.allSatisfy { row.cells[$0].isBaseline } }
        let point = columns[group[0]].pointLabel
        let parts =
          group.count == 1
          ? [Markup(columns[group[0]].label)]
          : [Markup(point)] + group.map { Self.line("quiet", columns[$0].valueLabel) }
        return .element(
          "th", ["scope": "col", "class": "number"], parts + [Self.tag(isBaseline)])
      }
  }

  /// A cell: its number, below it how it compares, below that what was published.
  private func field(_ cells: [(index: Int, cell: Cell, text: CellText)]) -> Markup {
    let parts = cells.map { _, cell, text in
      let number =
        Self.span("mean", text.value)
        + (text.spread.map { Self.span("spread", "± \($0)") } ?? .empty)
        + (text.interval.map { Self.span("spread", "[\($0)]") } ?? .empty)
      let compared = text.comparisons.map { comparison in
        Markup.element(
          "span", ["class": "difference"], .element("b", [:], Markup(comparison.value)),
          comparison.interval.map { Self.span("interval", "[\($0)]") } ?? .empty)
      }
      let probability = text.probability.map { Self.line("difference", $0) } ?? .empty
      return Markup.element(
        "div", ["class": "metric"],
        [number] + compared + [probability]
          + text.ability.map { Self.line("ability", $0) } + [Self.published(text, cell)])
    }
    return .element("td", ["class": "number"], parts)
  }

  private static func published(_ text: CellText, _ cell: Cell) -> Markup {
    guard let value = text.published else { return .empty }
    let letters = text.letters.map { Markup.element("sup", [:], Markup($0)) } ?? .empty
    var style = "open"
    switch cell.published?.comparison?.verdict {
    case .reproduced: style = "right"
    case .differs: style = "wrong"
    case .notEnoughData, nil: break
    }
    let verdict = text.verdict.map { span("verdict \(style)", $0) } ?? .empty
    return .element(
      "span", ["class": "published"], Markup("published "), span("estimate", value), letters)
      + verdict
  }

  private var footnoteList: Markup {
    if footnotes.isEmpty { return .empty }
    let items = footnotes.enumerated().map { index, text in
      Markup.element(
        "li", [:], .element("sup", [:], Markup(Self.letter(at: index))), Markup(" " + text))
    }
    return .element("ul", ["class": "notes"], items)
  }

  private var verdictList: Markup {
    if verdicts.isEmpty { return .empty }
    let found = rows.flatMap { $0.cells.compactMap { $0.published?.comparison?.verdict } }
    let tally = PublishedComparison.Reproduction.allCases.compactMap { verdict -> String? in
      let count = found.count { $0 == verdict }
      return count == 0 ? nil : "\(count) \(verdict.rawValue)"
    }
    let refused = rows.flatMap(\.cells).count { $0.published?.refusal != nil }
    let others = refused == 0 ? [] : ["\(refused) of another quantity"]
    let items = verdicts.map { Markup.element("li", [:], Markup($0)) }
    return .element(
      "details", ["class": "more"],
      .element("summary", [:], Markup("Verdicts: \((tally + others).joined(separator: ", "))")),
      .element("ul", ["class": "notes"], items))
  }

  /// The same as the CSV file, without columns in which nothing stands.
  private var allNumbers: Markup {
    let lines = numbers
    let shown = Self.numberNames.indices.filter { index in lines.contains { !$0[index].isEmpty } }
    let head = shown.map { Self.numberNames[$0].replacing("_", with: " ") }
    let body = lines.map { line in
      Markup.element("tr", [:], shown.map { Markup.element("td", [:], Markup(line[$0])) })
    }
    return .element(
      "details", ["class": "more"], .element("summary", [:], "All numbers"),
      HTMLTable.scroll(
        HTMLTable.table(HTMLTable.head(head), [.element("tbody", [:], body)], style: "all"),
        label: "All numbers of \(title)"))
  }

  private static func tag(_ isBaseline: Bool) -> Markup {
    isBaseline ? span("tag", "baseline") : .empty
  }

  private static func span(_ style: String, _ text: String) -> Markup {
    Markup(trusted: " ") + .element("span", ["class": style], Markup(text))
  }

  private static func line(_ style: String, _ text: String) -> Markup {
    .element("span", ["class": "line \(style)"], Markup(text))
  }
}
