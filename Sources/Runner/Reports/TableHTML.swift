extension TableReport {
  /// The table as an HTML fragment: a `<figure>` with the heading, the table and the notes.
  public var html: String { htmlMarkup.source + "\n" }

  var htmlMarkup: Markup {
    let compared = columns.indices.map { index in
      rows.contains { $0.cells[index].difference != nil }
    }
    let body = zip(rows, cellTexts).map { row, cells in
      let label = Markup.element(
        "th", ["scope": "row"], Markup(row.label), Self.tag(row.isBaseline))
      let fields = zip(cells, compared).map { Self.cell($0) + Self.difference($0, isShown: $1) }
      return Markup.element("tr", [:], [label] + fields)
    }
    return .element(
      "figure", ["class": "table", "id": "table-\(name)"],
      .element("figcaption", [:], Markup(title)),
      .element(
        "div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": title],
        .element(
          "table", [:],
          .element("thead", [:], .element("tr", [:], headings(compared: compared))),
          .element("tbody", [:], body))),
      .element("ul", ["class": "notes"], notes.map { .element("li", [:], Markup($0)) }))
  }

  /// The headings; one spans two columns where differences stand beside the numbers.
  private func headings(compared: [Bool]) -> [Markup] {
    let first = Markup.element("th", ["scope": "col"], Markup(rowHeader))
    return [first]
      + zip(columns, compared).enumerated().map { index, column in
        let isBaseline = !rows.isEmpty && rows.allSatisfy { $0.cells[index].isBaseline }
        return .element(
          "th",
          [
            "scope": column.1 ? "colgroup" : "col", "colspan": column.1 ? "2" : "1",
            "class": "number",
          ], Markup(column.0.label), Self.tag(isBaseline))
      }
  }

  private static func tag(_ isBaseline: Bool) -> Markup {
    isBaseline ? span("tag", "baseline") : .empty
  }

  private static func cell(_ text: CellText) -> Markup {
    let spread = text.spread.map { span("spread", "± \($0)") }
    let published = text.published.map { span("published", "published \($0)") }
    let parts = [span("mean", text.value), spread, published].compactMap(\.self)
    return .element("td", ["class": "number"], parts)
  }

  private static func difference(_ text: CellText, isShown: Bool) -> Markup {
    guard isShown else { return .empty }
    return .element("td", ["class": "number difference"], Markup(text.difference ?? ""))
  }

  private static func span(_ style: String, _ text: String) -> Markup {
    Markup(trusted: " ") + .element("span", ["class": style], Markup(text))
  }
}
