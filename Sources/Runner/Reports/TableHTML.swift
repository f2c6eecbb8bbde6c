extension TableReport {
  /// The table as an HTML fragment: a `<figure>` with the heading, the table and the notes.
  public var html: String { htmlMarkup.source + "\n" }

  var htmlMarkup: Markup {
    let head = [Markup.element("th", ["scope": "col"], Markup(rowHeader))]
    let headings = columns.map { column in
      Markup.element("th", ["scope": "col", "class": "number"], Markup(column.label))
    }
    let body = zip(rows, cellTexts).map { row, cells in
      let label = Markup.element(
        "th", ["scope": "row"],
        Markup(row.label) + (row.isBaseline ? Self.span("tag", "baseline") : .empty))
      return Markup.element("tr", [:], [label] + cells.map(Self.cell))
    }
    return .element(
      "figure", ["class": "table", "id": "table-\(name)"],
      .element("figcaption", [:], Markup(title)),
      .element(
        "div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": title],
        .element(
          "table", [:],
          .element("thead", [:], .element("tr", [:], head + headings)),
          .element("tbody", [:], body))),
      .element(
        "ul", ["class": "notes"], notes.map { .element("li", [:], Markup($0)) }))
  }

  private static func cell(_ text: CellText) -> Markup {
    var parts = [span("mean", text.value)]
    if let spread = text.spread { parts.append(span("spread", " ± \(spread)")) }
    if let difference = text.difference { parts.append(span("difference", difference)) }
    if let published = text.published { parts.append(span("published", "published \(published)")) }
    return .element("td", ["class": "number"], parts)
  }

  private static func span(_ style: String, _ text: String) -> Markup {
    Markup(trusted: " ") + .element("span", ["class": style], Markup(text))
  }
}
