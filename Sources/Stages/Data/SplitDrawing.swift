import Runner

/// How a split draws one of its sides.
public enum SplitMethod: String, ParameterChoice {
  /// Hugging Face's `train_test_split(shuffle=True, seed=seed)`.
  case trainTestSplit = "train_test_split"
  /// numpy's `default_rng(seed).choice(n, count, replace=False)`.
  case numpyChoice = "numpy_choice"
  /// Python's `random.seed(seed)`, then `random.sample(rows, count)`.
  case pythonRandomSample = "python_random_sample"
  /// The paper's released code for MMLU-Pro: what it trains on is drawn by numpy, what it leaves
  /// out of the test by Python, so that most of what was trained on is tested on.
  case mmluProAsReleased = "mmlu_pro_as_released"
}

/// Draws rows of a table, from each value of a column or from all together.
struct SplitDrawing {
  private let groups: [[Int]]
  private let ids: [String]
  private let count: Int
  private let seed: Int

  /// - Throws: `DatasetError.tooFew` where a group holds no more rows than are drawn from it.
  init(_ table: RowTable, count: Int, seed: Int, each column: String?) throws {
    groups = try RowGroups(table.rows, by: column).numbers
    ids = try table.strings("id")
    self.count = count
    self.seed = seed
    if let small = groups.first(where: { $0.count <= count }) {
      throw DatasetError.tooFew(wanted: count + 1, found: small.count)
    }
  }

  /// The rows drawn, in the order drawn, and the rest in the table's order.
  func drawn(_ order: RowOrder) throws -> (drawn: [Int], rest: [Int]) {
    var draw = RowDraw(order, seed: seed)
    let drawn = groups.flatMap { group in
      draw.numbers(count, of: group.map { ids[$0] }).map { group[$0] }
    }
    let chosen = Set(drawn)
    return (drawn, groups.flatMap(\.self).sorted().filter { !chosen.contains($0) })
  }

  /// The first rows of each group's permutation are the test side, the others the training side.
  func trainTestSplit(
    drawing side: ProblemSplit.Side
  ) throws -> (test: [Int], train: [Int]) {
    var draw = RowDraw(.numpyPermutation, seed: seed)
    var (test, train): ([Int], [Int]) = ([], [])
    for group in groups {
      let order = draw.numbers(group.count, of: group.map { ids[$0] }).map { group[$0] }
      let testCount = side == .test ? count : group.count - count
      test += order.prefix(testCount)
      train += order.dropFirst(testCount)
    }
    return (test, train)
  }
}
