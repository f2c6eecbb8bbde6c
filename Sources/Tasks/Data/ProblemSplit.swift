import Base
import Foundation

/// Problems divided into two sides that share nothing, unless a way of splitting is asked for by
/// name that is known to let them.
package struct ProblemSplit {
  package enum Side {
    case train
    case test
  }

  /// Row numbers of the training side, in order.
  package private(set) var train: [Int] = []
  /// Row numbers of the test side, in order.
  package private(set) var test: [Int] = []
  /// How many rows were left out since they ask what a row of the other side asks.
  package private(set) var removed = 0
  /// How many test rows are on the training side too.
  package private(set) var shared = 0

  /// Draws one side; the rest is the other one.
  /// - Throws: `DatasetError`.
  package init(
    _ table: RowTable, drawing side: Side, count: Int, by method: SplitMethod, seed: Int,
    each column: String?
  ) throws {
    let drawing = try SplitDrawing(table, count: count, seed: seed, each: column)
    switch method {
    case .trainTestSplit:
      let (test, train) = try drawing.trainTestSplit(drawing: side)
      try self.init(table, train: train, test: test, keeping: side)
    case .numpyChoice, .pythonRandomSample:
      let order: RowOrder = method == .numpyChoice ? .numpyChoice : .pythonRandomSample
      let (drawn, rest) = try drawing.drawn(order)
      try self.init(
        table, train: side == .train ? drawn : rest, test: side == .test ? drawn : rest,
        keeping: side)
    case .mmluProAsReleased:
      try self.init(
        leaking: table, train: drawing.drawn(.numpyChoice).drawn,
        test: drawing.drawn(.pythonRandomSample).rest)
    }
  }

  /// Splits rows off by id, in the order of the ids; the others keep their order.
  /// - Throws: `DatasetError`.
  package init(_ table: RowTable, ids: [String]) throws {
    let numbers = Dictionary(
      try Problems(table).ids.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: min)
    let unknown = ids.filter { numbers[Array($0.utf8)] == nil }
    guard unknown.isEmpty else { throw DatasetError.unknownIDs(unknown) }
    let test = ids.compactMap { numbers[Array($0.utf8)] }
    let chosen = Set(test)
    let rest = (0..<table.count).filter { !chosen.contains($0) }
    try self.init(table, train: rest, test: test, keeping: .test)
  }

  /// Leaves out of the other side what has the id of a kept row or asks the same.
  private init(_ table: RowTable, train: [Int], test: [Int], keeping side: Side) throws {
    let known = try Known(side == .train ? train : test, of: table)
    self.train = try side == .train ? train : train.filter { try !known.contains($0) }
    self.test = try side == .test ? test : test.filter { try !known.contains($0) }
    removed = train.count + test.count - self.train.count - self.test.count
    guard !self.train.isEmpty, !self.test.isEmpty else {
      throw DatasetError.tooFew(wanted: 2, found: self.train.count + self.test.count)
    }
  }

  /// Leaves nothing out, and counts what both sides have.
  private init(leaking table: RowTable, train: [Int], test: [Int]) throws {
    let known = try Known(train, of: table)
    self.train = train
    self.test = test
    shared = try test.count { try known.contains($0) }
  }

  /// The ids and questions of some rows.
  private struct Known {
    private let table: RowTable
    private let ids: [[UInt8]]
    private let knownIDs: Set<[UInt8]>
    private let knownPrompts: Set<[UInt8]>

    init(_ rows: [Int], of table: RowTable) throws {
      self.table = table
      let ids = try Problems(table).ids.map { Array($0.utf8) }
      self.ids = ids
      knownIDs = Set(rows.map { ids[$0] })
      knownPrompts = Set(try rows.map { try NormalisedPrompt.bytes(of: table.row($0)) })
    }

    func contains(_ row: Int) throws -> Bool {
      try knownIDs.contains(ids[row])
        || knownPrompts.contains(NormalisedPrompt.bytes(of: table.row(row)))
    }
  }
}

package enum SplitMethod: String, Sendable, CaseIterable {
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
    ids = try Problems(table).ids
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

/// Prompts with what does not change their meaning taken away, for telling whether two are one.
enum NormalisedPrompt {
  /// NFC, lower case, every run of white space one blank, none at the ends.
  static func text(of prompt: String) -> String {
    prompt.precomposedStringWithCanonicalMapping.lowercased()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// What a problem asks, options included, as bytes to compare.
  /// - Throws: `DatasetError.noQuestion`.
  static func bytes(of row: [String: JSONValue]) throws -> [UInt8] {
    guard let question = DatasetTask.question(of: row) else {
      throw DatasetError.noQuestion(id: Problems.id(of: row) ?? "?")
    }
    return Array(text(of: question).utf8)
  }
}

/// What problems are without their texts: enough to find them again among others.
package struct ProblemFingerprints: Sendable, Equatable {
  package let ids: [String]
  /// SHA-256 of each normalised question, in lower-case hexadecimal.
  package let questions: [String]

  package init(ids: [String], questions: [String]) {
    self.ids = ids
    self.questions = questions
  }

  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing.
  package init(of problems: RowTable) throws {
    ids = try Problems(problems).ids
    questions = try problems.rows.map(Self.question)
  }

  /// The ids of those of some problems that are among these, by id or by normalised question.
  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing.
  package func overlap(with problems: RowTable) throws -> [String] {
    let (known, asked) = (Set(ids.map { Array($0.utf8) }), Set(questions))
    return try zip(try Problems(problems).ids, problems.rows).compactMap { id, row in
      let isKnown = known.contains(Array(id.utf8))
      return try isKnown || asked.contains(Self.question(of: row)) ? id : nil
    }
  }

  private static func question(of row: [String: JSONValue]) throws -> String {
    SHA256Digest.hex(of: Data(try NormalisedPrompt.bytes(of: row)))
  }
}
