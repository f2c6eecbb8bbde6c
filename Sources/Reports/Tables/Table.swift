import Base
import Runner

/// A table with its numbers, ready to be written in any form.
package struct TableReport: Sendable {
  /// The name in the recipe, which names the files too.
  package let name: String
  package let title: String
  /// What the labels of the rows are, such as `start`.
  package let rowHeader: String
  package let columns: [Column]
  package let rows: [Row]
  /// What the numbers mean and what is missing: a sentence each.
  package let notes: [String]
  /// What letters beside published values stand for, from `a` on.
  package let footnotes: [String]
  /// The verdict on each published value, with its reason: a sentence each.
  package let verdicts: [String]
  /// How cells are compared with the baseline.
  let compare: [TableComparison]
  let hasIntervals: Bool
  /// The columns that share a cell, by index; each alone where none do.
  let groups: [[Int]]

  /// A column: one value at one point of the column axes.
  package struct Column: Sendable {
    package let label: String
    /// The heading of the point alone; empty where the table has no column axes.
    package let pointLabel: String
    /// What is shown, such as `scores.accuracy`.
    package let metric: String
    /// The name of the value, such as `accuracy`.
    package let valueLabel: String
    package let format: NumberFormat
    /// How many decimals all of the column's numbers have.
    package let decimals: Int
  }

  /// A row: one point of the row axes.
  package struct Row: Sendable {
    package let label: String
    package let cells: [Cell]
    package var isBaseline: Bool { !cells.isEmpty && cells.allSatisfy(\.isBaseline) }
  }

}

extension TableReport {
  /// The runs of one row and column, taken together. All numbers are in the column's unit.
  package struct Cell: Sendable, Equatable {
    /// How many runs the plan holds for the cell; 0 where the recipe excludes the point.
    package let planned: Int
    package let done: Int
    /// The value of each run that is done, in the order of the plan; none where the cell shows what
    /// many runs reach together.
    package let values: [Double]
    /// How many problems each run was measured on, where the stage says so.
    package let problems: Int?
    /// How many samples each problem has, where the stage says so.
    package let samples: Int?
    /// The standard error of the mean, clustered by problem; for several runs, each problem's mean
    /// over runs counts.
    package let standardError: Double?
    /// The mean with its error, over runs and problems; nil where nothing is known of it.
    package let estimate: Estimate?
    /// The same with the error that it has on just these problems.
    package let onTheseProblems: Estimate?
    /// Where the runs reach a target together, for tables that ask for that.
    package var reach: TargetReach?
    package var isBaseline = false
    /// How it compares with the baseline, both complete.
    package var comparison: Comparison?
    /// What was published elsewhere for the same cell, and how ours compares.
    package var published: Published?

    package var isComplete: Bool { planned > 0 && done == planned }
    /// The mean over runs, or where they reach a target; nil until all of them are done.
    package var mean: Double? {
      isComplete ? reach?.value ?? Statistics.mean(values) : nil
    }
    /// The sample standard deviation over runs; nil for a lone run.
    package var deviation: Double? { isComplete ? Statistics.standardDeviation(values) : nil }
    /// The bounds of the mean's 95 % interval.
    package var interval: ClosedRange<Double>? { isComplete ? estimate?.interval() : nil }
    /// What its interval is over.
    package var scope: IntervalScope? {
      estimate.map { IntervalScope(runs: $0.runs, hasProblems: $0.count(of: .problems) != nil) }
    }
    /// The mean minus the baseline's mean.
    package var difference: Double? { comparison?.difference }
  }

  /// What a 95 % interval is over.
  package enum IntervalScope: String, Sendable {
    case runsAndProblems = "runs and problems"
    case problems
    case runs

    init(runs: Int, hasProblems: Bool) {
      self = runs == 1 ? .problems : hasProblems ? .runsAndProblems : .runs
    }
  }

  /// A cell against its baseline.
  package struct Comparison: Sendable, Equatable {
    /// The mean minus the baseline's mean; nil where the two must not be compared.
    package var difference: Double?
    /// The difference with its error, paired by run and problem.
    package var estimate: Estimate?
    /// The bounds of its 95 % interval.
    package var interval: ClosedRange<Double>? { estimate?.interval() }
    /// The mean over the baseline's mean, − 1; nil for a baseline of 0.
    package var relative: Double?
    /// The bounds of its 95 % interval.
    package var relativeInterval: ClosedRange<Double>?
    /// McNemar's test, where both are lone runs with one answer a problem.
    package var mcNemar: McNemarTest?
    /// Why there is no interval, or no difference, where this needs saying.
    package var refusal: String?
  }

  /// A published value beside a cell.
  package struct Published: Sendable, Equatable {
    package let value: PublishedValue
    /// How ours compares; nil until the cell is complete.
    package var comparison: PublishedComparison?
    /// What a verdict must not be read without, such as `another model`.
    package var qualifier: String?
    /// Sentences on the value, for the foot of the table.
    package var footnotes: [String] = []
    /// Whether both are taken to be of the same problems.
    package var isSameProblems = false

    /// The verdict, never without its qualifier.
    package var verdict: String? {
      comparison.map { comparison in
        comparison.verdict.rawValue + (qualifier.map { " (\($0))" } ?? "")
      }
    }
  }
}

extension NumberFormat {
  init(naming value: String) {
    if value.contains("tokens") {
      self = .tokens
    } else if ["problems", "samples", "parameters"].contains(value) {
      self = .integer
    } else if value.contains("accuracy") || value.hasPrefix("pass@")
      || ProblemScores.names.contains(value) || MetricLabel.isShare(value)
    {
      self = .percent
    } else {
      self = .decimal
    }
  }
}

extension TableSpecification {
  func format(of reference: ValueReference, at index: Int) -> NumberFormat {
    if format.count > 1, format.indices.contains(index) { return format[index] }
    return format.first ?? NumberFormat(naming: reference.name)
  }
}
