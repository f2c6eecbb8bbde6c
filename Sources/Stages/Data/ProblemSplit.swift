import Foundation
import Runner

/// Problems divided into two sides that share nothing.
struct ProblemSplit {
  /// Row numbers of the training side, in order.
  private(set) var train: [Int] = []
  /// Row numbers of the test side, in order.
  private(set) var test: [Int] = []
  /// How many rows were left out since they ask what a test row asks.
  private(set) var removed = 0

  /// Splits rows off by number: the first `count` of numpy's permutation are the test side, as in
  /// Hugging Face's `train_test_split`.
  init(_ table: RowTable, count: Int, seed: Int) throws {
    guard count < table.count else {
      throw DatasetError.tooFew(wanted: count + 1, found: table.count)
    }
    var random = NumpyRandom(seed: seed)
    let order = random.permutation(table.count)
    try self.init(table, test: Array(order.prefix(count)), rest: Array(order.dropFirst(count)))
  }

  /// Splits rows off by id, in the order of the ids; the others keep their order.
  init(_ table: RowTable, ids: [String]) throws {
    let numbers = Dictionary(
      try table.strings("id").enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: min)
    let unknown = ids.filter { numbers[Array($0.utf8)] == nil }
    guard unknown.isEmpty else { throw DatasetError.unknownIDs(unknown) }
    let test = ids.compactMap { numbers[Array($0.utf8)] }
    let chosen = Set(test)
    try self.init(table, test: test, rest: (0..<table.count).filter { !chosen.contains($0) })
  }

  /// Leaves out of the rest what has the id of a test row or asks the same.
  private init(_ table: RowTable, test: [Int], rest: [Int]) throws {
    let ids = try table.strings("id").map { Array($0.utf8) }
    let prompts = try (0..<table.count).map { try Self.prompt(of: table.row($0)) }
    let testIDs = Set(test.map { ids[$0] })
    let testPrompts = Set(test.map { prompts[$0] })
    train = rest.filter { !testIDs.contains(ids[$0]) && !testPrompts.contains(prompts[$0]) }
    self.test = test
    removed = rest.count - train.count
    guard !train.isEmpty, !test.isEmpty else {
      throw DatasetError.tooFew(wanted: 2, found: train.count + test.count)
    }
  }

  private static func prompt(of row: [String: JSONValue]) throws -> [UInt8] {
    guard let question = DatasetTask.question(of: row) else {
      throw DatasetError.noQuestion(id: row["id"]?.string ?? "?")
    }
    return Array(NormalisedPrompt.text(of: question).utf8)
  }
}

/// Prompts with what does not change their meaning taken away, for telling whether two are one.
enum NormalisedPrompt {
  /// NFC, lower case, every run of white space one blank, none at the ends.
  static func text(of prompt: String) -> String {
    prompt.precomposedStringWithCanonicalMapping.lowercased()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
