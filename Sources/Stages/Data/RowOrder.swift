import Foundation
import Runner

/// The order in which rows are taken.
public enum RowOrder: String, ParameterChoice {
  /// As they stand in the file.
  case file
  /// numpy's `default_rng(seed).permutation(n)`, in which Hugging Face's `train_test_split` takes
  /// its test rows first and its training rows from the end.
  case numpyPermutation = "numpy_permutation"
  /// numpy's `default_rng(seed).choice(n, draw, replace=False)`.
  case numpyChoice = "numpy_choice"
  /// Python's `random.seed(seed)`, then `random.sample(rows, draw)`.
  case pythonRandomSample = "python_random_sample"
  /// By SHA-256 of seed and id: a row keeps its place among the others whatever joins them, and a
  /// smaller `take` lies inside every greater one.
  case nested

  /// Whether the rows that come first depend on how many are drawn.
  var dependsOnSize: Bool { self == .numpyChoice || self == .pythonRandomSample }
}

/// Draws rows in an order, from one random stream however often it draws.
struct RowDraw {
  private let order: RowOrder
  private let seed: Int
  private var numpy: NumpyRandom
  private var python: PythonRandom

  init(_ order: RowOrder, seed: Int) {
    self.order = order
    self.seed = seed
    numpy = NumpyRandom(seed: seed)
    python = PythonRandom(seed: seed)
  }

  /// The numbers of rows that have these ids, in the order drawn.
  /// - Precondition: `size` is not greater than their number.
  mutating func numbers(_ size: Int, of ids: [String]) -> [Int] {
    switch order {
    case .file: Array(0..<size)
    case .numpyPermutation: Array(numpy.permutation(ids.count).prefix(size))
    case .numpyChoice: numpy.indices(size, below: ids.count)
    case .pythonRandomSample: python.sample(size, below: ids.count)
    case .nested: Array(nested(ids).prefix(size))
    }
  }

  private func nested(_ ids: [String]) -> [Int] {
    let digests = ids.map { SHA256Digest.hex(of: Data("\(seed):\($0)".utf8)) }
    return ids.indices.sorted { (digests[$0], $0) < (digests[$1], $1) }
  }
}

/// Row numbers under each value of a column, in the order in which the values first occur.
struct RowGroups {
  let numbers: [[Int]]

  /// One group of all rows where no column is named.
  /// - Throws: `DatasetError.unknownColumn`.
  init(_ rows: [[String: JSONValue]], by column: String?) throws {
    guard let column else {
      numbers = [Array(rows.indices)]
      return
    }
    guard rows.contains(where: { $0[column] != nil }) else {
      throw DatasetError.unknownColumn(
        column, in: "each", columns: Set(rows.flatMap(\.keys)).sorted())
    }
    var places: [JSONValue: Int] = [:]
    var numbers: [[Int]] = []
    for (number, row) in rows.enumerated() {
      let value = row[column, default: .null]
      if let place = places[value] {
        numbers[place].append(number)
      } else {
        places[value] = numbers.count
        numbers.append([number])
      }
    }
    self.numbers = numbers
  }
}
