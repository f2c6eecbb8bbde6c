/// The tables of pages: headings over rows. Wide ones scroll sideways within their frame.
enum HTMLTable {
  /// - Parameter numbers: the columns of numbers; nil for a table whose cells have no classes.
  static func head(_ texts: [String], numbers: [Int]? = nil) -> Markup {
    headRow(
      texts.enumerated().map { column, text in
        // A heading without words would be announced as one.
        if text.isEmpty { return .element("td") }
        guard let numbers else { return .element("th", ["scope": "col"], Markup(text)) }
        return .element("th", ["scope": "col", "class": style(column, numbers)], Markup(text))
      })
  }

  static func headRow(_ cells: [Markup]) -> Markup {
    .element("thead", [:], .element("tr", [:], cells))
  }

  static func style(_ column: Int, _ numbers: [Int]) -> String {
    numbers.contains(column) ? "number" : ""
  }

  static func number(_ text: String) -> Markup {
    .element("td", ["class": "number"], Markup(text))
  }

  /// - Parameter style: the table's class; nil for none.
  static func table(_ head: Markup, _ bodies: [Markup], style: String? = nil) -> Markup {
    guard let style else { return .element("table", [:], [head] + bodies) }
    return .element("table", ["class": style], [head] + bodies)
  }

  /// - Parameter label: what it is called for people who cannot see it.
  static func scroll(_ table: Markup, label: String) -> Markup {
    .element(
      "div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": label], table)
  }

  /// A table on a card of its own, with what follows it.
  static func framed(_ table: Markup, label: String, _ more: [Markup] = []) -> Markup {
    .element("div", ["class": "table"], [scroll(table, label: label)] + more)
  }

  static func notes(_ sentences: [String]) -> Markup {
    .element("ul", ["class": "notes"], sentences.map { .element("li", [:], Markup($0)) })
  }
}
