import Runner

/// Problems divided into two sides that share nothing, unless a way of splitting is asked for by
/// name that is known to let them.
struct ProblemSplit {
  /// A side of a split.
  enum Side {
    case train
    case test
  }

  /// Row numbers of the training side, in order.
  private(set) var train: [Int] = []
  /// Row numbers of the test side, in order.
  private(set) var test: [Int] = []
  /// How many rows were left out since they ask what a row of the other side asks.
  private(set) var removed = 0
  /// How many test rows are on the training side too.
  private(set) var shared = 0

  /// Draws one side; the rest is the other one.
  /// - Throws: `DatasetError`.
  init(
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
  init(_ table: RowTable, ids: [String]) throws {
    let numbers = Dictionary(
      try table.strings("id").enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: min)
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
      let ids = try table.strings("id").map { Array($0.utf8) }
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
