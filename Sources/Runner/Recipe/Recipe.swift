import Foundation
import OrderedCollections

/// An experiment: what to run, at which points of which axes, and what to show of it.
public struct Recipe: Sendable {
  /// The file that it was read from.
  public let file: URL
  /// The text of that file.
  public let sourceText: String
  /// What was changed on the command line, as `stages.warmed.params.epochs=2`.
  public let overrides: [String]
  /// The name, made of `[a-z0-9_-]`; results are kept under it.
  public let name: String
  /// What the experiment asks, for people.
  public let summary: String
  /// The values of each axis, in the recipe's order.
  public let axes: OrderedDictionary<String, [JSONValue]>
  /// The names of the stages, in the recipe's order.
  public let stageNames: [String]
  /// Every stage at every point of the axes that it depends on. Producers come first; apart from
  /// that the order is the recipe's, and the last axis varies fastest.
  public let instances: [Instance]
  /// The tables, in the recipe's order.
  public let tables: [(name: String, specification: TableSpecification)]
  /// The figures, in the recipe's order.
  public let figures: [(name: String, specification: FigureSpecification)]

  /// Reads and checks a recipe, so that it can be planned.
  /// - Parameters:
  ///   - file: a YAML file.
  ///   - overrides: changes such as `stages.warmed.params.epochs=2`, in the order of precedence.
  ///   - registry: the kinds that stages may have.
  /// - Throws: `RecipeError`, which holds everything that is wrong.
  public static func load(
    _ file: URL, overrides: [String] = [], registry: KindRegistry
  ) throws(RecipeError) -> Recipe {
    let text: String
    do {
      text = try RecipeText.read(file)
    } catch {
      let diagnostic = Diagnostic(SourcePosition(line: 1, column: 1), error.description)
      throw RecipeError([diagnostic], sources: RecipeSources(file: file.relativePath))
    }
    return try parse(text, file: file, overrides: overrides, registry: registry)
  }

  /// Checks a recipe's text. The file gives it a name and a place to look for what it extends.
  /// - Throws: `RecipeError`, which holds everything that is wrong.
  package static func parse(
    _ text: String, file: URL, overrides: [String] = [], registry: KindRegistry
  ) throws(RecipeError) -> Recipe {
    var sources = RecipeSources(file: file.relativePath)
    var sink = DiagnosticSink()
    let tree = RecipeDocument.read(
      text, file: file, overrides: overrides, sources: &sources, into: &sink)
    let outline = tree.flatMap { RecipeOutline($0, registry: registry, into: &sink) }
    let folder = file.deletingLastPathComponent()
    guard let outline, let body = RecipeBody(outline, folder: folder, into: &sink),
      sink.diagnostics.isEmpty
    else {
      throw RecipeError(sink.diagnostics, sources: sources)
    }
    return Recipe(outline, body, file: file, sourceText: text, overrides: overrides)
  }

  private init(
    _ outline: RecipeOutline, _ body: RecipeBody, file: URL, sourceText: String,
    overrides: [String]
  ) {
    self.file = file
    self.sourceText = sourceText
    self.overrides = overrides
    name = outline.name
    summary = outline.summary
    axes = outline.axes.values
    stageNames = outline.stages.map(\.name)
    instances = body.instances
    tables = body.tables
    figures = body.figures
  }
}
