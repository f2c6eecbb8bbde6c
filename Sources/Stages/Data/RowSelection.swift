import Foundation
import Runner

/// The order in which rows are taken from a file.
public enum RowOrder: String, ParameterChoice {
  /// As they stand in the file.
  case file
  /// numpy's `default_rng(seed).permutation(n)`, in which Hugging Face's `train_test_split` takes
  /// its test rows first and its training rows from the end.
  case numpyPermutation = "numpy_permutation"
  /// numpy's `default_rng(seed).choice(n, take, replace=False)`.
  case numpyChoice = "numpy_choice"
  /// By SHA-256 of seed and id, so that a row keeps its place among the others whatever joins them.
  case shuffled
}

/// Which rows of a file are taken, and in which order.
struct RowSelection {
  let filter: [String: [String]]
  let order: RowOrder
  let seed: Int
  let skip: Int
  let take: Int?

  /// Selects from rows that have ids.
  /// - Throws: `DatasetError`.
  func apply(to rows: [[String: JSONValue]]) throws -> [[String: JSONValue]] {
    let kept = try rows.filter(passing())
    let wanted = skip + (take ?? (kept.count > skip ? 0 : 1))
    guard wanted <= kept.count else {
      throw DatasetError.tooFew(wanted: wanted, found: kept.count)
    }
    let ordered = ordered(kept).dropFirst(skip)
    return Array(take.map { ordered.prefix($0) } ?? ordered)

    func passing() throws -> ([String: JSONValue]) -> Bool {
      let columns = Set(rows.flatMap(\.keys))
      if let unknown = filter.keys.filter({ !columns.contains($0) }).min() {
        throw DatasetError.unknownColumn(unknown, columns: columns.sorted())
      }
      return { row in
        filter.allSatisfy { column, values in
          let value = row[column].map { $0.string ?? $0.text } ?? "null"
          return values.contains { $0.utf8.elementsEqual(value.utf8) }
        }
      }
    }
  }

  private func ordered(_ rows: [[String: JSONValue]]) -> [[String: JSONValue]] {
    switch order {
    case .file: return rows
    case .numpyPermutation:
      var random = NumpyRandom(seed: seed)
      return random.permutation(rows.count).map { rows[$0] }
    case .numpyChoice:
      var random = NumpyRandom(seed: seed)
      return random.indices(take ?? rows.count, below: rows.count).map { rows[$0] }
    case .shuffled:
      let digests = rows.map { row in
        SHA256Digest.hex(of: Data("\(seed):\(row["id"]?.string ?? "")".utf8))
      }
      return rows.indices.sorted { (digests[$0], $0) < (digests[$1], $1) }.map { rows[$0] }
    }
  }
}
