import Foundation
import OrderedCollections

/// Everything that a run of a recipe reports: tables, figures and a page that holds them all.
public struct RecipeReport: Sendable {
  /// The recipe's name.
  public let recipeName: String
  /// The question that the recipe asks, for people.
  public let summary: String
  /// The recipe as it was written.
  public let sourceText: String
  /// What was changed on the command line, as `stages.warmed.params.epochs=2`.
  public let overrides: [String]
  /// Where the recipe stands; published values are looked for from there.
  public let recipeFolder: URL
  /// What is done, in the order of the plan.
  public let results: [InstanceResult]
  /// Every instance of the plan.
  public let planned: [ExpectedInstance]

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
  public init(
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
  public var doneCount: Int { results.count }

  /// The tables with their numbers.
  /// - Throws: `ReportError`.
  public func tableReports() throws -> [TableReport] {
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
  public func write(to folder: URL) throws -> [TableReport] {
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
