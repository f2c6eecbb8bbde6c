import OrderedCollections

/// `report.html`: one file with everything in it, that opens without a network.
///
/// The only script that may run is the browser of completions; without it the page says the same,
/// with fewer completions.
struct ReportPage {
  let report: RecipeReport
  let tables: [TableReport]
  let figures: [LineFigure]

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

  private var drawings: Markup {
    Markup(
      figures.map { figure in
        .element(
          "figure", ["class": "scroll drawing", "tabindex": "0"],
          LineFigureSVG(figure).markup(styled: false))
      })
  }

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
