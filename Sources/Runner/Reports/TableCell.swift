extension TableReport {
  /// The runs of one row and column, taken together. All numbers are in the column's unit.
  public struct Cell: Sendable, Equatable {
    /// How many runs the plan holds for the cell; 0 where the recipe excludes the point.
    public let planned: Int
    /// How many of them are done.
    public let done: Int
    /// The value of each run that is done, in the order of the plan; none where the cell shows what
    /// many runs reach together.
    public let values: [Double]
    /// How many problems each run was measured on, where the stage says so.
    public let problems: Int?
    /// How many samples each problem has, where the stage says so.
    public let samples: Int?
    /// The standard error of the mean, clustered by problem; for several runs, each problem's mean
    /// over runs counts.
    public let standardError: Double?
    /// The standard error of a lone run from sampling alone, the problems being given.
    public let samplingError: Double?
    /// Where the runs reach a target together, for tables that ask for that.
    public var reach: TargetReach?
    /// Whether others are compared with it.
    public var isBaseline = false
    /// How it compares with the baseline, both complete.
    public var comparison: Comparison?
    /// What was published elsewhere for the same cell, and how ours compares.
    public var published: Published?

    /// Whether every planned run is done.
    public var isComplete: Bool { planned > 0 && done == planned }
    /// The mean over runs, or where they reach a target; nil until all of them are done.
    public var mean: Double? {
      isComplete ? reach?.value ?? Statistics.mean(values) : nil
    }
    /// The sample standard deviation over runs; nil for a lone run.
    public var deviation: Double? { isComplete ? Statistics.standardDeviation(values) : nil }
    /// The mean minus the baseline's mean.
    public var difference: Double? { comparison?.difference }
  }

  /// A cell against its baseline.
  public struct Comparison: Sendable, Equatable {
    /// The mean minus the baseline's mean; nil where the two must not be compared.
    public var difference: Double?
    /// The bounds of its 95 % interval, paired by problem.
    public var interval: ClosedRange<Double>?
    /// The mean over the baseline's mean, − 1; nil for a baseline of 0.
    public var relative: Double?
    /// The bounds of its 95 % interval.
    public var relativeInterval: ClosedRange<Double>?
    /// McNemar's test, where both are lone runs with one answer a problem.
    public var mcNemar: McNemarTest?
    /// Why there is no interval, or no difference, where this needs saying.
    public var refusal: String?
  }

  /// A published value beside a cell.
  public struct Published: Sendable, Equatable {
    /// The value.
    public let value: PublishedTable.Value
    /// How ours compares; nil until the cell is complete.
    public var comparison: PublishedComparison?
    /// What a verdict must not be read without, such as `another model`.
    public var qualifier: String?
    /// Sentences on the value, for the foot of the table.
    public var footnotes: [String] = []
    /// Whether both are taken to be of the same problems.
    public var isSameProblems = false

    /// The verdict, never without its qualifier.
    public var verdict: String? {
      comparison.map { comparison in
        comparison.verdict.rawValue + (qualifier.map { " (\($0))" } ?? "")
      }
    }
  }
}
