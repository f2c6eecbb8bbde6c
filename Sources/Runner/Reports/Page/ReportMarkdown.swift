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
