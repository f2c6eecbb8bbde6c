/// What every page has: a head that lets nothing load, a heading, links to the sections.
struct PageFrame {
  /// A part of the page.
  struct Section {
    let id: String
    let title: String
    let content: Markup
  }

  let title: String
  let heading: Markup
  let sections: [Section]
  let footer: String
  /// What stands at the end of the page: data and scripts.
  let scripts: Markup
  /// The scripts whose running the page allows.
  let runnable: [String]

  /// The whole page. Sections without content are left out.
  var html: String {
    let shown = sections.filter { !$0.content.source.isEmpty }
    let links = shown.map { section in
      Markup.element("a", ["href": "#" + section.id], Markup(section.title))
    }
    let body = Markup.element(
      "body", [:],
      .element("header", [:], heading, .element("nav", ["aria-label": "Sections"], links)),
      .element("main", [:], shown.map(markup)),
      .element("footer", [:], Markup(footer)), scripts)
    return "<!doctype html>\n<html lang=\"en\">\n\(head.source)\n\(body.source)\n</html>\n"
  }

  private func markup(_ section: Section) -> Markup {
    Markup(trusted: "\n")
      + .element(
        "section", ["id": section.id], .element("h2", [:], Markup(section.title)), section.content)
  }

  private var head: Markup {
    .element(
      "head", [:],
      Markup(trusted: "<meta charset=\"utf-8\">\n"),
      Markup(
        trusted: "<meta http-equiv=\"Content-Security-Policy\""
          + " content=\"\(ContentPolicy.text(scripts: runnable))\">\n"),
      Markup(
        trusted: "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"),
      Markup(trusted: "<meta name=\"color-scheme\" content=\"light dark\">\n"),
      .element("title", [:], Markup(title)),
      .element("style", [:], Markup(trusted: ReportStyle.css + FigureStyle.css)))
  }
}
