import Foundation
import Runner

/// The kind `split`: divides problems into two sides that share neither ids nor questions.
public struct SplitStage: Stage {
  /// What goes to the test side.
  public struct Parameters: ParameterSet {
    /// How many problems, drawn by the seed.
    public var test: Int?
    /// The seed of the draw.
    public var seed = 0
    /// The problems, by id, instead of a draw.
    public var testIDs: [String] = []

    /// Nothing yet: a recipe must set `test` or `test_ids`.
    public init() {}

    /// What a recipe may set.
    public static var fields: [Field<Parameters>] {
      [
        Field(
          "test", \.test, range: .atLeast(1),
          "problems on the test side: the first of default_rng(seed).permutation, as in "
            + "Hugging Face's train_test_split"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draw"),
        Field("test_ids", \.testIDs, "ids of the test side, instead of a draw"),
      ]
    }

    /// Asks for one way of choosing.
    public func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if (test == nil) == testIDs.isEmpty {
        sink.report(position, "a split needs either 'test' or 'test_ids'")
      } else if Set(testIDs).count != testIDs.count {
        sink.report(positions["test_ids"] ?? position, "'test_ids' names a problem twice")
      }
    }
  }

  /// `split`.
  public static let kind = "split"
  /// 1.
  public static let version = 1
  /// One sentence for the documentation.
  public static let summary =
    "two sides of a set of problems that share neither an id nor a question"
  /// The problems to divide.
  public static let inputs = [Runner.Port("problems", .problems, "problems to divide")]
  /// The two sides.
  public static let outputs = [
    Runner.Port("train", .problems, "problems to train on"),
    Runner.Port("test", .problems, "problems to test on"),
  ]

  private let parameters: Parameters

  /// Makes the stage.
  public init(parameters: Parameters) { self.parameters = parameters }

  /// Divides the problems and writes both sides.
  public func run(_ context: StageContext) throws {
    let sides = try sides(of: try RowTable(contentsOf: context.input("problems").file))
    try sides.train.write(to: context.output("train"))
    try sides.test.write(to: context.output("test"))
    for (name, value) in try Self.facts(of: sides) { context.publish(fact: value, as: name) }
  }

  /// Both sides, and how many training rows were left out since they ask what a test row asks.
  /// - Throws: `DatasetError`.
  package func sides(
    of table: RowTable
  ) throws -> (train: RowTable, test: RowTable, removed: Int) {
    let split =
      if let count = parameters.test {
        try ProblemSplit(table, count: count, seed: parameters.seed)
      } else {
        try ProblemSplit(table, ids: parameters.testIDs)
      }
    return (try table.selecting(split.train), try table.selecting(split.test), split.removed)
  }

  /// Counts, and a hash of each side's ids in their order.
  package static func facts(
    of sides: (train: RowTable, test: RowTable, removed: Int)
  ) throws -> [String: JSONValue] {
    func digest(_ table: RowTable) throws -> JSONValue {
      let lines = try table.strings("id").map { $0 + "\n" }.joined()
      return .string(SHA256Digest.hex(of: Data(lines.utf8)))
    }
    return [
      "train_count": .integer(sides.train.count), "test_count": .integer(sides.test.count),
      "removed_duplicates": .integer(sides.removed),
      "train_ids_sha256": try digest(sides.train), "test_ids_sha256": try digest(sides.test),
    ]
  }
}
