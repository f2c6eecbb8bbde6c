import Base
import Foundation
import OrderedCollections
import Runner

/// Everything that a run of a recipe reports: tables, figures and a page that holds them all.
package struct RecipeReport: Sendable {
  let recipe: Recipe
  let data: Findings
  /// SHA-256 of the registration that the recipe's lock names.
  private let registration: String?
  /// Which source gave what, where results of several are joined.
  let sources: SourcesSection

  /// - Parameters:
  ///   - plan: the recipe's, so that the report can say what is missing.
  ///   - registration: SHA-256 of the registration that the recipe's lock names.
  ///   - shares: what came from which source, where results of several are joined.
  package init(
    _ recipe: Recipe, _ plan: Plan, tables: ResultTables = ResultTables(),
    registration: String? = nil, shares: [JoinedResults.Share] = []
  ) {
    self.recipe = recipe
    self.registration = registration
    data = Findings(axes: recipe.axes, plan: plan, tables: tables)
    sources = SourcesSection(shares, data)
  }

  /// The report on results of several sources.
  package init(_ joined: JoinedResults) {
    self.init(
      joined.recipe, joined.plan, registration: joined.lock.registration, shares: joined.shares)
  }

  var results: [PlannedInstance] { data.instances.filter(\.isDone) }

  /// The tables with their numbers.
  package func tableParts() -> [ReportPart<TableReport>] {
    let folder = recipe.file.deletingLastPathComponent()
    return recipe.tables.map { name, specification in
      ReportPart(.table, name: name, title: specification.title) {
        let published = try specification.published.map { path in
          try PublishedTable(contentsOf: PublishedTable.file(path, beside: folder))
        }
        return try TableReport(name: name, specification, data: data, published: published)
      }
    }
  }

  /// The figures with their numbers.
  package func figureParts() -> [ReportPart<any Figure>] {
    recipe.figures.map { name, specification in
      ReportPart(.figure, name: name, title: specification.title) {
        try specification.figure(name: name, data: data)
      }
    }
  }

  /// What came of the gates.
  package var gates: GatesReport { GatesReport(data) }

  /// How many instances are neither done nor stopped by gates.
  var openCount: Int { data.instances.count { !$0.isDone && $0.state != .stopped } }
  /// How many instances gates stopped.
  var stoppedCount: Int { data.instances.count { $0.state == .stopped } }

  /// What came of the claims.
  package var claims: ClaimsReport { ClaimsReport(recipe, data, locked: registration) }

  /// The axes along which runs are repeated: those that tables average over, and `seed`.
  var runAxes: Set<String> { Set(recipe.tables.flatMap(\.specification.over)).union(["seed"]) }

  /// The point of the axes that the first table with a baseline compares others with.
  var baseline: [String: String] {
    recipe.tables.map(\.specification.baseline).first { !$0.isEmpty } ?? [:]
  }

  /// The two arms that the first confusion of verdicts sets against each other; else the baseline.
  var contrast: [[String: String]] {
    let pairs = recipe.figures.compactMap(\.specification.between.first)
    if let (axis, arms) = pairs.first(where: { $0.value.count == 2 }) {
      return arms.map { [axis: $0] }
    }
    return baseline.isEmpty ? [] : [baseline]
  }

  /// Writes `report.html`, `report.md`, `tables/<name>.{md,csv,tex,html}` and
  /// `figures/<name>.{svg,csv}`. Equal inputs give equal bytes.
  ///
  /// What cannot be made is shown with its reason in its place, and its files go: they would be those
  /// of an earlier report.
  /// - Returns: the tables, which take a while to make, and what could not be made.
  /// - Throws: `FileError`, or what the file system says.
  @discardableResult
  package func write(to folder: URL) throws -> (tables: [TableReport], failures: [String]) {
    let tables = tableParts()
    let figures = figureParts()
    let page = ReportPage(report: self, tables: tables, figures: figures)
    let brief = ReportMarkdown(report: self, tables: tables, figures: figures)
    var files: [(path: String, text: String?)] = tables.flatMap { part in
      let table = part.content
      return [
        ("tables/\(part.name).md", table?.markdown), ("tables/\(part.name).csv", table?.csv),
        ("tables/\(part.name).tex", table?.latex), ("tables/\(part.name).html", table?.html),
      ]
    }
    files += figures.flatMap { part in
      [
        ("figures/\(part.name).svg", part.content?.svg),
        ("figures/\(part.name).csv", part.content?.csv),
      ]
    }
    files.append(("report.md", brief.text))
    for (path, text) in files {
      let file = folder.appending(path: path)
      guard let text else {
        if FileManager.default.fileExists(atPath: file.path) {
          try FileManager.default.removeItem(at: file)
        }
        continue
      }
      let parent = file.deletingLastPathComponent()
      try Folder.make(parent)
      try AtomicFile.write(text, to: file)
    }
    try Folder.make(folder)
    try AtomicFile.write(page.page.pieces, to: folder.appending(path: "report.html"))
    return (
      tables.compactMap(\.content), tables.compactMap(\.failure) + figures.compactMap(\.failure)
    )
  }
}

/// A table or a figure of a report, or why it cannot be made; the others are made all the same.
package struct ReportPart<Content: Sendable>: Sendable {
  package enum Sort: String, Sendable {
    case table
    case figure
  }

  package let name: String
  /// What it shows; nil where it cannot be made.
  package let content: Content?
  /// Why it cannot be made, as a sentence; nil where it can.
  package let failure: String?
  private let title: String

  init(_ sort: Sort, name: String, title: String?, make: () throws -> Content) {
    self.name = name
    self.title = title ?? name
    let owner = "\(sort.rawValue) '\(name)'"
    do {
      content = try make()
      failure = nil
    } catch {
      content = nil
      let reason = sentence(for: error)
      let hasOwner = reason.hasPrefix(owner + ": ")
      failure =
        "The \(owner) cannot be made: "
        + (hasOwner ? String(reason.dropFirst(owner.count + 2)) : reason)
    }
  }

  /// What the page shows.
  func markup(_ show: (Content) -> Markup) -> Markup {
    if let content { return show(content) }
    return .element("h3", [:], Markup(title))
      + .element("p", ["class": "warning"], Markup(failure ?? ""))
  }

  /// What the short form of the report shows.
  func markdown(_ show: (Content) -> String) -> String {
    content.map(show)
      ?? "### \(TableReport.markdownText(title))\n\n> \(TableReport.markdownText(failure ?? ""))\n"
  }
}

/// `report.html`: one file with everything in it, that opens without a network.
///
/// The only script that may run is the browser of completions; without it the page says the same,
/// with fewer completions.
struct ReportPage {
  let report: RecipeReport
  let tables: [ReportPart<TableReport>]
  let figures: [ReportPart<any Figure>]

  var page: Markup {
    let places = EvaluationPlaces(report.data, runAxes: report.runAxes)
    let browser = BrowserData(
      places, data: report.data, baseline: report.baseline, contrast: report.contrast)
    let completions = CompletionsSection(report.data, report.results, browser: browser)
    return PageFrame(
      title: report.recipe.name, facts: ReportBasis(Plan(items: report.data.instances)).markup,
      heading: heading,
      sections: sections(places, browser, completions),
      footer: "Made by warmup from the results of this recipe alone.",
      scripts: completions.scripts, runnable: completions.runnable
    ).page
  }

  private func sections(
    _ places: EvaluationPlaces, _ browser: BrowserData, _ completions: CompletionsSection
  ) -> [PageFrame.Section] {
    let data = report.data
    let arms = ArmsSection(
      lineages: ArmLineage.all(of: places, in: data), baseline: browser.baselineName)
    let main = tables.filter { $0.name == "main" } + tables.filter { $0.name != "main" }
    // Gates that all passed are no news.
    let gates = PageFrame.Section(
      id: "gates", title: "Gates", content: report.gates.markup,
      isFolded: report.gates.allPassed)
    // What was asked and found comes first; what it rests on is folded.
    return [PageFrame.Section(id: "claims", title: "Claims", content: report.claims.markup)]
      + (gates.isFolded ? [] : [gates])
      + [
        PageFrame.Section(
          id: "tables", title: "Tables", content: Markup(main.map { $0.markup(\.htmlMarkup) })),
        PageFrame.Section(id: "figures", title: "Figures", content: drawings),
        PageFrame.Section(id: "completions", title: "Completions", content: completions.markup),
        PageFrame.Section(
          id: "arms", title: "Arms", content: arms.markup, isFolded: arms.isLong),
      ] + (gates.isFolded ? [gates] : [])
      + [
        PageFrame.Section(id: "recipe", title: "Recipe", content: recipe, isFolded: true),
        PageFrame.Section(
          id: "data", title: "Data", content: DataSection(data: data).markup, isFolded: true),
        PageFrame.Section(
          id: "splits", title: "Splits", content: SplitsSection(data).markup, isFolded: true),
        PageFrame.Section(
          id: "stages", title: "Stages", content: StagesSection(data: data).markup,
          isFolded: true),
        PageFrame.Section(
          id: "cost", title: "Time and cost", content: CostSection(data).markup, isFolded: true),
        PageFrame.Section(id: "sources", title: "Sources", content: report.sources.markup),
        PageFrame.Section(
          id: "machine", title: "Versions and machine",
          content: Provenance(report.results).markup, isFolded: true),
      ]
  }

  private var drawings: Markup { Markup(figures.map { $0.markup(\.pageMarkup) }) }

  private var recipe: Markup {
    let source = Markup.element(
      "pre", ["class": "source", "tabindex": "0"], Markup(report.recipe.sourceText))
    if report.recipe.overrides.isEmpty { return source }
    let changes = report.recipe.overrides.map {
      Markup.element("li", [:], .element("code", [:], Markup($0)))
    }
    return .element("p", [:], "Changed on the command line:") + .element("ul", [:], changes)
      + source
  }

  private var heading: Markup {
    let seconds = report.results.map(\.seconds).reduce(0, +)
    let done = report.results.count
    let stopped = report.stoppedCount
    let facts =
      ["\(done) of \(report.data.instances.count) instances done"]
      + (stopped == 0 ? [] : ["\(stopped) stopped by gates"])
      + ["\(NumberText.duration(seconds)) of work"] + Provenance(report.results).machines
    return .element("p", ["class": "kicker"], "warmup report")
      + .element("h1", [:], Markup(report.recipe.name))
      + .element("p", ["class": "summary"], Markup(report.recipe.summary))
      + .element("p", ["class": "facts"], Markup(facts.joined(separator: " · ")))
      + (report.openCount == 0
        ? .empty : .element("p", ["class": "warning"], Markup(gap)))
  }

  private var gap: String {
    let missing = report.openCount
    return
      "This report is not complete: \(missing) of \(report.data.instances.count) instances are not"
      + " done. Tables and figures say what they lack."
  }

  static func definitions(_ entries: [(String, String)]) -> Markup {
    .element(
      "dl", ["class": "entries"],
      entries.map { name, value in
        .element(
          "div", [:], .element("dt", [:], Markup(name)), .element("dd", [:], Markup(value)))
      })
  }
}

/// `report.md`: the summary, the tables and the figures, for a repository's pages.
struct ReportMarkdown {
  let report: RecipeReport
  let tables: [ReportPart<TableReport>]
  let figures: [ReportPart<any Figure>]

  /// The recipe's summary, which may have several paragraphs.
  private var summary: String {
    report.recipe.summary.split(separator: "\n", omittingEmptySubsequences: false)
      .map { TableReport.markdownParagraph(String($0)) }.joined(separator: "\n")
  }

  var text: String {
    let stopped = report.stoppedCount
    let done =
      "\(report.results.count) of \(report.data.instances.count) instances are done"
      + (stopped == 0 ? "." : ", \(stopped) are stopped by gates.")
    let sources = report.sources.sentences.map(TableReport.markdownParagraph)
    let state = ([done] + sources).joined(separator: " ")
    let images = figures.map { part in
      part.markdown { "![\(TableReport.markdownText($0.title))](figures/\($0.name).svg)\n" }
    }
    return
      (["# \(report.recipe.name)\n", summary + "\n", state + "\n"]
      + [report.claims.markdown, report.gates.markdown].filter { !$0.isEmpty }
      + tables.map { $0.markdown(\.markdown) }
      + images).joined(separator: "\n")
  }
}

/// What every page has: a head that lets nothing load, a heading, links to the sections.
struct PageFrame {
  struct Section {
    let id: String
    let title: String
    let content: Markup
    /// Whether it is shown when it is asked for.
    var isFolded = false
  }

  let title: String
  /// What the head says to programs.
  var facts = Markup.empty
  let heading: Markup
  let sections: [Section]
  let footer: String
  /// What stands at the end of the page: data and scripts.
  let scripts: Markup
  /// The scripts whose running the page allows.
  let runnable: [String]
  /// Whether they ask whoever sent the page.
  var asksItsServer = false

  var html: String { page.source }

  /// The whole page. Sections without content are left out.
  var page: Markup {
    let shown = sections.filter { !$0.content.isEmpty }
    let links = shown.map { section in
      Markup.element("a", ["href": "#" + section.id], Markup(section.title))
    }
    let body = Markup.element(
      "body", [:], .element("header", [:], heading),
      .element("nav", ["aria-label": "Sections"], .element("div", [:], links)),
      .element("main", [:], shown.map(markup)),
      .element("footer", [:], Markup(footer)), scripts)
    return Markup(trusted: "<!doctype html>\n<html lang=\"en\">\n") + head()
      + Markup(trusted: "\n") + body + Markup(trusted: "\n</html>\n")
  }

  /// The id of a folded section is that of its content: a link to what is inside unfolds it.
  private func markup(_ section: Section) -> Markup {
    let heading = Markup.element("h2", [:], Markup(section.title))
    let content =
      section.isFolded
      ? Markup.element(
        "section", ["class": "folded"],
        .element(
          "details", [:], .element("summary", [:], heading),
          .element("div", ["id": section.id], section.content)))
      : .element("section", ["id": section.id], heading, section.content)
    return Markup(trusted: "\n") + content
  }

  /// - Parameter style: what its style sheet has beyond that of reports.
  func head(style: String = "") -> Markup {
    .element(
      "head", [:],
      Markup(trusted: "<meta charset=\"utf-8\">\n"),
      Markup(
        trusted: "<meta http-equiv=\"Content-Security-Policy\""
          + " content=\"\(ContentPolicy.text(scripts: runnable, asksItsServer: asksItsServer))\">\n"
      ),
      Markup(
        trusted: "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"),
      Markup(trusted: "<meta name=\"color-scheme\" content=\"light dark\">\n"),
      .element("title", [:], Markup(title)), facts,
      .element("style", [:], Markup(trusted: ReportStyle.css + FigureStyle.css + style)))
  }
}
