/// A table that a recipe asks for.
public struct TableSpecification: ParameterSet {
  /// What the cells show: `stage.value`, such as `scores.accuracy`.
  public var value: [String] = []
  /// The axes whose points make the rows.
  public var rows: [String] = []
  /// The axes whose points make the columns.
  public var columns: [String] = []
  /// The axes that a cell is the mean over.
  public var over: [String] = []
  /// The row that the others are compared with.
  public var baseline: [String: String] = [:]
  /// A file of published values, relative to the recipe.
  public var published: String?
  /// The heading.
  public var title: String?
  /// How numbers are written.
  public var format = NumberFormat.percent

  /// An empty table.
  public init() {}

  /// What a recipe may say of a table.
  public static var fields: [Field<Self>] {
    [
      Field("value", \.value, required: true, "what the cells show, as stage.value"),
      Field("rows", \.rows, required: true, "the axes whose points make the rows"),
      Field("columns", \.columns, "the axes whose points make the columns"),
      Field("over", \.over, "the axes that a cell is the mean over, with standard deviation"),
      Field("baseline", \.baseline, "the row that others are compared with, as axis: value"),
      Field("published", \.published, "a file of published values, relative to the recipe"),
      Field("title", \.title, "the heading"),
      Field("format", \.format, "how numbers are written"),
    ]
  }
}

/// How a table writes its numbers.
public enum NumberFormat: String, ParameterChoice {
  /// A share of one, as a percentage with one decimal.
  case percent
  /// Three significant decimals.
  case decimal
}
