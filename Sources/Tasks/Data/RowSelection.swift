import Base
import Foundation
import OrderedCollections

/// The order in which rows are taken.
package enum RowOrder: String, Sendable, CaseIterable {
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
  package var dependsOnSize: Bool { self == .numpyChoice || self == .pythonRandomSample }
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

/// Which rows of a file are taken, and in which order.
package struct RowSelection {
  let filter: [String: [String]]
  /// A column of whose every value rows are taken; nil to take them from all together.
  let column: String?
  let order: RowOrder
  let seed: Int
  /// How many rows are drawn, before some are left out.
  let draw: Int?
  let skip: Int
  let take: Int?

  package init(
    filter: [String: [String]], column: String?, order: RowOrder, seed: Int, draw: Int?, skip: Int,
    take: Int?
  ) {
    self.filter = filter
    self.column = column
    self.order = order
    self.seed = seed
    self.draw = draw
    self.skip = skip
    self.take = take
  }

  /// Selects from rows that have ids.
  /// - Throws: `DatasetError`.
  package func apply(to rows: [[String: JSONValue]]) throws -> [[String: JSONValue]] {
    let kept = try rows.filter(passing(rows))
    var draw = RowDraw(order, seed: seed)
    return try RowGroups(kept, by: column).numbers.flatMap { group in
      let ids = group.map { Problems.id(of: kept[$0]) ?? "" }
      return try numbers(of: ids, &draw).map { kept[group[$0]] }
    }
  }

  private func numbers(of ids: [String], _ draw: inout RowDraw) throws -> ArraySlice<Int> {
    let size = order.dependsOnSize ? self.draw ?? take ?? ids.count : ids.count
    let wanted = skip + (take ?? (size > skip ? 0 : 1))
    guard max(size, wanted) <= ids.count, wanted <= size else {
      throw DatasetError.tooFew(wanted: max(size, wanted), found: ids.count)
    }
    let drawn = draw.numbers(size, of: ids).dropFirst(skip)
    return take.map { drawn.prefix($0) } ?? drawn
  }

  private func passing(
    _ rows: [[String: JSONValue]]
  ) throws -> ([String: JSONValue]) -> Bool {
    let columns = Set(rows.flatMap(\.keys))
    if let unknown = filter.keys.filter({ !columns.contains($0) }).min() {
      throw DatasetError.unknownColumn(unknown, in: "where", columns: columns.sorted())
    }
    return { row in
      filter.allSatisfy { column, values in
        let value = row[column].map { $0.string ?? $0.text } ?? "null"
        return values.contains { $0.utf8.elementsEqual(value.utf8) }
      }
    }
  }
}

extension RowTable {
  /// Some rows, in the order given. Columns keep their types.
  package func selecting(_ rows: [Int]) throws -> RowTable {
    try RowTable(columns: columns.mapValues { $0.selecting(rows) }, attributes: attributes)
  }
}

extension RowTable.Column {
  fileprivate func selecting(_ rows: [Int]) -> RowTable.Column {
    switch self {
    case .strings(let values): .strings(rows.map { values[$0] })
    case .integers(let values): .integers(rows.map { values[$0] })
    case .numbers(let values): .numbers(rows.map { values[$0] })
    case .booleans(let values): .booleans(rows.map { values[$0] })
    case .json(let values): .json(rows.map { values[$0] })
    }
  }
}
