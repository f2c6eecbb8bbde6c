import Base
import Foundation
import Runner
import Tasks

/// The kind `split`: divides problems into two sides that share neither ids nor questions, unless
/// the paper's leaking way of splitting is asked for.
package struct SplitStage: Stage {
  package struct Parameters: ParameterSet {
    /// How many problems go to the test side.
    package var test: Int?
    /// How many problems go to the training side.
    package var train: Int?
    package var method = SplitMethod.trainTestSplit
    package var seed = 0
    /// A column from whose every value that many are drawn.
    package var each: String?
    /// The problems of the test side, by id, instead of a draw.
    package var testIDs: [String] = []

    /// Nothing yet: a recipe must set `test`, `train` or `test_ids`.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field(
          "test", \.test, range: .atLeast(1),
          "problems on the test side: the first of default_rng(seed).permutation, as in "
            + "Hugging Face's train_test_split, or as 'method' says"),
        Field(
          "train", \.train, range: .atLeast(1), later: true,
          "problems on the training side; all others are on the test side"),
        Field(
          "method", \.method, later: true,
          "train_test_split; numpy_choice (default_rng(seed).choice draws the side whose number "
            + "is given); python_random_sample (random.sample after random.seed); "
            + "mmlu_pro_as_released (the paper's code, which tests on most of what it trains on)"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draw"),
        Field(
          "each", \.each, later: true, "a column: the number is drawn from each of its values"),
        Field("test_ids", \.testIDs, "ids of the test side, instead of a draw"),
      ]
    }

    /// Asks for one way of choosing.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      let ways = [test != nil, train != nil, !testIDs.isEmpty].count { $0 }
      if ways != 1 {
        sink.report(position, "a split needs either 'test' or 'train' or 'test_ids'")
      } else if Set(testIDs).count != testIDs.count {
        sink.report(positions["test_ids"] ?? position, "'test_ids' names a problem twice")
      }
      if method == .mmluProAsReleased, train == nil {
        sink.report(
          positions["method"] ?? position, "the method 'mmlu_pro_as_released' needs 'train'")
      }
    }
  }

  package static let kind = "split"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(
    values: ["train_count", "test_count", "removed_duplicates"],
    facts: ["train_ids_sha256", "test_ids_sha256"])
  package static let summary =
    "two sides of a set of problems that share neither an id nor a question"
  package static let example = """
    halves:
      kind: split
      inputs: {problems: sums}
      params: {test: 256, seed: 1}
    """
  package static let inputs = [StagePort("problems", .problems, "problems to divide")]
  package static let outputs = [
    StagePort("train", .problems, "problems to train on"),
    StagePort("test", .problems, "problems to test on"),
  ]

  /// All but how many rows were left out, which neither side says.
  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    guard let train = try outputs.table("train", needsTexts: true),
      let test = try outputs.table("test", needsTexts: true)
    else { return [:] }
    var facts = try facts(of: (train, test, 0))
    facts["removed_duplicates"] = nil
    return facts
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    (inputs["problems"] ?? [:]).with(rows: rows(of: output))
  }

  /// The side that is drawn is as large as was asked for; the other loses what asks the same.
  private func rows(of output: String) -> Int? {
    guard parameters.each == nil else { return nil }
    if output == "train" { return parameters.train }
    return parameters.testIDs.isEmpty ? parameters.test : parameters.testIDs.count
  }

  /// Divides the problems and writes both sides.
  package func run(_ context: StageContext) throws {
    let sides = try sides(of: try RowTable(contentsOf: context.input("problems").file))
    try sides.train.write(to: context.output("train"))
    try sides.test.write(to: context.output("test"))
    for (name, value) in try Self.facts(of: sides) { context.publish(fact: value, as: name) }
  }

  /// Both sides, and how many rows were left out since they ask what the other side asks. A test
  /// side that shares rows with the training side says so in its attribute `warning`.
  /// - Throws: `DatasetError`.
  package func sides(
    of table: RowTable
  ) throws -> (train: RowTable, test: RowTable, removed: Int) {
    let split = try split(table)
    var test = Problems(try table.selecting(split.test))
    if split.shared > 0 {
      test.warning =
        "\(split.shared) of \(split.test.count) test problems were trained on, as in the paper's "
        + "released code (split by \(parameters.method.rawValue))"
    }
    return (try table.selecting(split.train), test.table, split.removed)
  }

  private func split(_ table: RowTable) throws -> ProblemSplit {
    guard let count = parameters.train ?? parameters.test else {
      return try ProblemSplit(table, ids: parameters.testIDs)
    }
    return try ProblemSplit(
      table, drawing: parameters.train == nil ? .test : .train, count: count,
      by: parameters.method, seed: parameters.seed, each: parameters.each)
  }

  /// Counts, and a hash of each side's ids in their order.
  package static func facts(
    of sides: (train: RowTable, test: RowTable, removed: Int)
  ) throws -> [String: JSONValue] {
    func digest(_ table: RowTable) throws -> JSONValue {
      let lines = try Problems(table).ids.map { $0 + "\n" }.joined()
      return .string(SHA256Digest.hex(of: Data(lines.utf8)))
    }
    return [
      "train_count": .integer(sides.train.count), "test_count": .integer(sides.test.count),
      "removed_duplicates": .integer(sides.removed),
      "train_ids_sha256": try digest(sides.train), "test_ids_sha256": try digest(sides.test),
    ]
  }
}
