import Base
import Foundation
import OrderedCollections
import Runner

/// Everything that a run of a recipe reports: tables, figures and a page that holds them all.
package struct RecipeReport: Sendable {
  /// The recipe's name.
  package let recipeName: String
  /// The question that the recipe asks, for people.
  package let summary: String
  /// The recipe as it was written.
  package let sourceText: String
  /// What was changed on the command line, as `stages.warmed.params.epochs=2`.
  package let overrides: [String]
  /// Where the recipe stands; published values are looked for from there.
  package let recipeFolder: URL
  /// What is done, in the order of the plan.
  package let results: [InstanceResult]
  /// Every instance of the plan.
  package let planned: [ExpectedInstance]

  private let tables: [(name: String, specification: TableSpecification)]
  private let figures: [(name: String, specification: FigureSpecification)]
  let data: ReportData

  /// Gathers what a report is made from.
  /// - Parameters:
  ///   - axes: the axes with their values, in the recipe's order.
  ///   - tables: the tables by name, in the recipe's order.
  ///   - figures: the figures by name, in the recipe's order.
  ///   - planned: every instance of the plan, so that the report can say what is missing.
  ///   - results: those that are done.
  package init(
    recipeName: String, summary: String, sourceText: String, overrides: [String] = [],
    recipeFolder: URL,
    axes: OrderedDictionary<String, [JSONValue]>,
    tables: [(name: String, specification: TableSpecification)],
    figures: [(name: String, specification: FigureSpecification)],
    planned: [ExpectedInstance], results: [InstanceResult]
  ) {
    self.recipeName = recipeName
    self.summary = summary
    self.sourceText = sourceText
    self.overrides = overrides
    self.recipeFolder = recipeFolder
    self.tables = tables
    self.figures = figures
    self.planned = planned
    let data = ReportData(axes: axes, planned: planned, results: results)
    self.data = data
    self.results = planned.compactMap(data.result)
  }

  /// How many instances of the plan are done.
  package var doneCount: Int { results.count }

  /// The tables with their numbers.
  /// - Throws: `ReportError`.
  package func tableReports() throws -> [TableReport] {
    try tables.map { name, specification in
      let published = try specification.published.map { path in
        try PublishedTable(contentsOf: PublishedTable.file(path, beside: recipeFolder))
      }
      return try TableReport(name: name, specification, data: data, published: published)
    }
  }

  /// The figures with their numbers.
  /// - Throws: `ReportError`, or what reading results throws.
  package func drawnFigures() throws -> [any Figure] {
    try figures.map { try $0.specification.figure(name: $0.name, data: data) }
  }

  /// The axes along which runs are repeated: those that tables average over, and `seed`.
  var runAxes: Set<String> { Set(tables.flatMap(\.specification.over)).union(["seed"]) }

  /// The point of the axes that the first table with a baseline compares others with.
  var baseline: [String: String] {
    tables.map(\.specification.baseline).first { !$0.isEmpty } ?? [:]
  }

  /// Writes `report.html`, `report.md`, `tables/<name>.{md,csv,tex,html}` and
  /// `figures/<name>.{svg,csv}`. Equal inputs give equal bytes.
  /// - Returns: the tables, which take a while to make.
  /// - Throws: `ReportError`, what reading the metrics throws, or `AtomicFileError`. Nothing is
  ///   written before all tables and figures are made.
  @discardableResult
  package func write(to folder: URL) throws -> [TableReport] {
    let tables = try tableReports()
    let figures = try drawnFigures()
    let page = ReportPage(report: self, tables: tables, figures: figures)
    let brief = ReportMarkdown(report: self, tables: tables, figures: figures)
    var files = tables.flatMap { table in
      [
        ("tables/\(table.name).md", table.markdown), ("tables/\(table.name).csv", table.csv),
        ("tables/\(table.name).tex", table.latex), ("tables/\(table.name).html", table.html),
      ]
    }
    files += figures.flatMap {
      [("figures/\($0.name).svg", $0.svg), ("figures/\($0.name).csv", $0.csv)]
    }
    files += [("report.md", brief.text), ("report.html", page.html)]
    for (path, text) in files {
      let file = folder.appending(path: path)
      let parent = file.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try AtomicFile.write(text, to: file)
    }
    return tables
  }
}

/// `report.html`: one file with everything in it, that opens without a network.
///
/// The only script that may run is the browser of completions; without it the page says the same,
/// with fewer completions.
struct ReportPage {
  let report: RecipeReport
  let tables: [TableReport]
  let figures: [any Figure]

  /// The whole page.
  var html: String {
    let places = EvaluationPlaces(report.planned, runAxes: report.runAxes)
    let browser = BrowserData(places, data: report.data, baseline: report.baseline)
    let completions = CompletionsSection(results: report.results, browser: browser)
    return PageFrame(
      title: report.recipeName, heading: heading,
      sections: sections(places, browser, completions),
      footer: "Made by warmup from the results of this recipe alone.",
      scripts: completions.scripts, runnable: completions.runnable
    ).html
  }

  private func sections(
    _ places: EvaluationPlaces, _ browser: BrowserData, _ completions: CompletionsSection
  ) -> [PageFrame.Section] {
    let (planned, data) = (report.planned, report.data)
    let arms = ArmsSection(
      lineages: ArmLineage.all(of: places, planned: planned), baseline: browser.baselineName)
    let main = tables.filter { $0.name == "main" } + tables.filter { $0.name != "main" }
    return [
      PageFrame.Section(id: "arms", title: "Arms", content: arms.markup),
      PageFrame.Section(id: "tables", title: "Tables", content: Markup(main.map(\.htmlMarkup))),
      PageFrame.Section(id: "figures", title: "Figures", content: drawings),
      PageFrame.Section(id: "completions", title: "Completions", content: completions.markup),
      PageFrame.Section(id: "recipe", title: "Recipe", content: recipe),
      PageFrame.Section(
        id: "data", title: "Data", content: DataSection(planned: planned, data: data).markup),
      PageFrame.Section(
        id: "splits", title: "Splits", content: SplitsSection(planned: planned, data: data).markup),
      PageFrame.Section(
        id: "stages", title: "Stages", content: StagesSection(planned: planned, data: data).markup),
      PageFrame.Section(
        id: "cost", title: "Time and cost",
        content: CostSection(planned: planned, data: data).markup),
      PageFrame.Section(
        id: "machine", title: "Versions and machine", content: Provenance(report.results).markup),
    ]
  }

  private var drawings: Markup { Markup(figures.map(\.pageMarkup)) }

  private var recipe: Markup {
    let source = Markup.element(
      "pre", ["class": "source", "tabindex": "0"], Markup(report.sourceText))
    if report.overrides.isEmpty { return source }
    let changes = report.overrides.map {
      Markup.element("li", [:], .element("code", [:], Markup($0)))
    }
    return .element("p", [:], "Changed on the command line:") + .element("ul", [:], changes)
      + source
  }

  private var heading: Markup {
    let seconds = report.results.map(\.seconds).reduce(0, +)
    let done = report.doneCount
    let facts = [
      ("\(done) of \(report.planned.count)", "instances done"),
      (NumberText.duration(seconds), "of work"),
    ]
    let list = facts.map { value, name in
      Markup.element(
        "div", [:], .element("dd", [:], Markup(value)), .element("dt", [:], Markup(name)))
    }
    return .element("p", ["class": "kicker"], "warmup report")
      + .element("h1", [:], Markup(report.recipeName))
      + .element("p", ["class": "summary"], Markup(report.summary))
      + .element("dl", ["class": "facts"], list)
      + (done == report.planned.count ? .empty : .element("p", ["class": "warning"], Markup(gap)))
  }

  private var gap: String {
    let missing = report.planned.count - report.doneCount
    return "This report is not complete: \(missing) of \(report.planned.count) instances are not"
      + " done. Tables and figures say what they lack."
  }

  /// A list of names and values.
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
  let tables: [TableReport]
  let figures: [any Figure]

  /// The whole text.
  var text: String {
    let state = "\(report.doneCount) of \(report.planned.count) instances are done."
    let images = figures.map { figure in
      "![\(figure.title)](figures/\(figure.name).svg)\n"
    }
    return
      (["# \(report.recipeName)\n", report.summary + "\n", state + "\n"]
      + tables.map(\.markdown) + images).joined(separator: "\n")
  }
}
