/// A table with its numbers, ready to be written in any form.
public struct TableReport: Sendable {
  /// The name in the recipe, which names the files too.
  public let name: String
  /// The heading.
  public let title: String
  /// What the labels of the rows are, such as `start`.
  public let rowHeader: String
  /// The columns.
  public let columns: [Column]
  /// The rows.
  public let rows: [Row]
  /// What the numbers mean and what is missing: a sentence each.
  public let notes: [String]
  /// How numbers are written.
  public let format: NumberFormat
  /// What stands behind ±.
  public let spread: Spread

  /// A column: one value at one point of the column axes.
  public struct Column: Sendable {
    /// The heading.
    public let label: String
    /// What is shown, such as `scores.accuracy`.
    public let metric: String
    /// How many decimals all of the column's numbers have.
    public let decimals: Int
  }

  /// A row: one point of the row axes.
  public struct Row: Sendable {
    /// The heading.
    public let label: String
    /// A cell for each column.
    public let cells: [Cell]
    /// Whether other rows are compared with it.
    public var isBaseline: Bool { !cells.isEmpty && cells.allSatisfy(\.isBaseline) }
  }

  /// The runs of one row and column, taken together.
  public struct Cell: Sendable, Equatable {
    /// How many runs the plan holds for the cell; 0 where the recipe excludes the point.
    public let planned: Int
    /// The value of each run that is done, in the order of the plan, in the table's unit.
    public let values: [Double]
    /// The standard error over problems that a lone run published with its value.
    public let standardError: Double?
    /// Whether others are compared with it.
    public var isBaseline = false
    /// The mean minus the baseline's mean, both complete.
    public var difference: Double?
    /// What was published elsewhere for the same cell, in the table's unit.
    public var published: PublishedTable.Value?

    /// Whether every planned run is done.
    public var isComplete: Bool { planned > 0 && values.count == planned }
    /// The mean over runs; nil until all of them are done.
    public var mean: Double? { isComplete ? Statistics.mean(values) : nil }
    /// The sample standard deviation over runs; nil for a lone run.
    public var deviation: Double? { isComplete ? Statistics.standardDeviation(values) : nil }
  }

  /// What stands behind ± throughout a table; one table never mixes two.
  public enum Spread: Sendable {
    /// The sample standard deviation over runs.
    case deviation
    /// The standard error over problems, where each cell is a lone run.
    case standardError
    /// Nothing is known.
    case none
  }

  /// The unit of all numbers: `%`, or nothing.
  public var unit: String { format == .percent ? "%" : "" }

  /// What stands behind ± in a cell.
  func spread(of cell: Cell) -> Double? {
    switch spread {
    case .deviation: cell.deviation
    case .standardError: cell.standardError
    case .none: nil
    }
  }
}

extension NumberFormat {
  /// What published numbers are multiplied by to be shown.
  var scale: Double { self == .percent ? 100 : 1 }
}
