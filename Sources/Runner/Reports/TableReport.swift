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
  /// What letters beside published values stand for, from `a` on.
  public let footnotes: [String]
  /// The verdict on each published value, with its reason: a sentence each.
  public let verdicts: [String]
  /// What stands behind ±.
  public let spread: Spread
  /// How cells are compared with the baseline.
  let compare: [TableComparison]
  /// Whether comparisons show their interval.
  let hasIntervals: Bool
  /// The columns that share a cell, by index; each alone where none do.
  let groups: [[Int]]

  /// A column: one value at one point of the column axes.
  public struct Column: Sendable {
    /// The heading.
    public let label: String
    /// The heading of the point alone; empty where the table has no column axes.
    public let pointLabel: String
    /// What is shown, such as `scores.accuracy`.
    public let metric: String
    /// The name of the value, such as `accuracy`.
    public let valueLabel: String
    /// How numbers are written.
    public let format: NumberFormat
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

  /// What stands behind ± throughout a table; one table never mixes two.
  public enum Spread: Sendable {
    /// The sample standard deviation over runs.
    case deviation
    /// The standard error over problems, where each cell is a lone run.
    case standardError
    /// Nothing is known.
    case none
  }

  /// What stands behind ± in a cell.
  func spread(of cell: Cell) -> Double? {
    switch spread {
    case .deviation: cell.deviation
    case .standardError: cell.standardError
    case .none: nil
    }
  }
}
