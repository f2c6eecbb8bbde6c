import Base
import OrderedCollections

/// How many rows of each input go into a mix.
package enum MixShares: Sendable, Equatable {
  case everything
  case counts([String: Int])
  /// A number of rows, divided by weights.
  case weights([String: Double], total: Int)

  /// How many rows there are in all; nil where that depends on the inputs.
  package var total: Int? {
    switch self {
    case .everything: nil
    case .counts(let counts): counts.values.reduce(0, +)
    case .weights(_, let total): total
    }
  }

  /// How many rows an input gives; nil for all that it has.
  ///
  /// Weights give each input the whole part of its share, and what is left to those with the largest
  /// fractions, of equal ones to the first by name.
  package var counts: [String: Int]? {
    switch self {
    case .everything: return nil
    case .counts(let counts): return counts
    case .weights(let weights, let total):
      let sum = weights.values.reduce(0, +)
      let exact = weights.mapValues { $0 / sum * Double(total) }
      var counts = exact.mapValues { Int($0.rounded(.down)) }
      let byFraction = exact.keys.sorted { one, other in
        func fraction(_ name: String) -> Double { (exact[name] ?? 0) - Double(counts[name] ?? 0) }
        let (a, b) = (fraction(one), fraction(other))
        return a == b ? one.utf8.lexicographicallyPrecedes(other.utf8) : a > b
      }
      let left = total - counts.values.reduce(0, +)
      for name in byFraction.prefix(max(0, left)) { counts[name, default: 0] += 1 }
      return counts
    }
  }
}

/// The order of a mix's rows.
package enum MixOrder: String, Sendable, CaseIterable {
  /// Random rows of each input, in random order.
  case shuffled
  /// The first rows of each input, one input after the other, by their names.
  case given
}

/// Joins rows of several tables of one kind, and says of each where it came from.
package struct RowMix: Sendable {
  let shares: MixShares
  let order: MixOrder
  let seed: Int
  /// Whether rows are taken again where an input has too few.
  let repeats: Bool
  /// Whether ids begin with the input's name, so that those of two inputs never meet.
  let keepsIDsApart: Bool

  package init(
    shares: MixShares, order: MixOrder, seed: Int, repeats: Bool, keepsIDsApart: Bool = false
  ) {
    self.shares = shares
    self.order = order
    self.seed = seed
    self.repeats = repeats
    self.keepsIDsApart = keepsIDsApart
  }

  /// How many rows an input gives that has some number of them.
  /// - Throws: `MixError`.
  package func count(of name: String, having rows: Int) throws -> Int {
    guard let wanted = shares.counts.map({ $0[name] ?? 0 }) else { return rows }
    if wanted > rows, !repeats || rows == 0 {
      throw MixError.tooFew(input: name, wanted: wanted, found: rows)
    }
    return wanted
  }

  /// The rows in the mix's order, with the attributes on which all inputs agree.
  /// - Parameter inputs: tables by name, sorted by name.
  /// - Throws: `MixError`.
  package func table(of inputs: [(name: String, table: RowTable)]) throws -> RowTable {
    var rows: [[String: JSONValue]] = []
    for (name, table) in inputs {
      let count = try count(of: name, having: table.count)
      rows += numbers(count, of: table.count, name).enumerated().map { place, number in
        row(table.row(number), of: name, pass: place / max(1, table.count))
      }
    }
    if order == .shuffled {
      var random = NumpyRandom(seed: seed, stream: "mix")
      random.shuffle(&rows)
    }
    let columns = OrderedSet(inputs.flatMap(\.table.columns.keys))
    return RowTable(
      rows: rows, order: columns.filter { $0 != ColumnName.mixedFrom.rawValue },
      attributes: Self.shared(inputs.map(\.table.attributes)))
  }

  /// Which rows of an input are taken, whole passes before a part of one.
  private func numbers(_ count: Int, of rows: Int, _ name: String) -> [Int] {
    var random = NumpyRandom(seed: seed, stream: "mix " + name)
    var numbers: [Int] = []
    while numbers.count < count {
      numbers += order == .shuffled ? random.permutation(rows) : Array(0..<rows)
    }
    return Array(numbers.prefix(count))
  }

  /// A row with the input's name. One that is taken again gets an id of its own.
  private func row(
    _ row: [String: JSONValue], of name: String, pass: Int
  ) -> [String: JSONValue] {
    var row = row
    let from = row[ColumnName.mixedFrom.rawValue]?.string
    row[ColumnName.mixedFrom.rawValue] = .string(from.map { "\(name)/\($0)" } ?? name)
    if keepsIDsApart, let id = Problems.id(of: row) {
      row[ColumnName.id.rawValue] = .string("\(name)/\(id)")
    }
    if pass > 0, let id = Problems.id(of: row) {
      row[ColumnName.id.rawValue] = .string("\(id)+\(pass)")
    }
    return row
  }

  private static func shared(_ all: [[String: String]]) -> [String: String] {
    guard let first = all.first else { return [:] }
    return first.filter { name, value in all.allSatisfy { $0[name] == value } }
  }
}

extension RowMix {
  /// Mixes problems: of one task, each under one id only, with the warnings of all.
  /// - Throws: `MixError`.
  package func problems(of inputs: [(name: String, table: RowTable)]) throws -> RowTable {
    let tasks = inputs.map { ($0.name, Problems($0.table).taskName ?? "?") }
    if let first = tasks.first, let other = tasks.first(where: { $0.1 != first.1 }) {
      throw MixError.otherTask(other.0, other.1, than: first.0, first.1)
    }
    let verifiers = inputs.map { Problems($0.table).ownVerifier }
    if let other = zip(inputs, verifiers).first(where: { $0.1 != verifiers[0] }) {
      throw MixError.otherVerifier(other.0.name, than: inputs[0].name)
    }
    var mixed = Problems(try table(of: inputs))
    var seen: [[UInt8]: String] = [:]
    for (id, from) in zip(try mixed.ids, try mixed.table.strings(ColumnName.mixedFrom.rawValue)) {
      if let first = seen.updateValue(from, forKey: Array(id.utf8)) {
        throw MixError.repeatedProblem(id, first, from)
      }
    }
    let warnings = OrderedSet(inputs.compactMap { Problems($0.table).warning })
    if !warnings.isEmpty { mixed.warning = warnings.joined(separator: "; ") }
    return mixed.table
  }
}

/// Why inputs cannot be mixed.
package enum MixError: Error, CustomStringConvertible {
  /// An input has fewer rows than are asked for.
  case tooFew(input: String, wanted: Int, found: Int)
  /// Problems are of different tasks.
  case otherTask(String, String, than: String, String)
  /// Problems of the task `process` have different verifiers.
  case otherVerifier(String, than: String)
  /// A problem came from two inputs.
  case repeatedProblem(String, String, String)

  package var description: String {
    switch self {
    case .tooFew(let input, let wanted, 0): "'\(input)' has no rows, and \(wanted) are asked for"
    case .tooFew(let input, let wanted, let found):
      "'\(input)' has \(found) rows, and \(wanted) are asked for; ask for fewer, or say 'repeat: "
        + "true' to take rows again"
    case .otherTask(let input, let task, let first, let firstTask):
      "'\(input)' has problems of the task '\(task)', but '\(first)' of '\(firstTask)'; mix problems "
        + "of one task, or traces of them"
    case .otherVerifier(let input, let first):
      "'\(input)' has another verifier than '\(first)'; make both with the same 'process'"
    case .repeatedProblem(let id, let first, let second):
      first == second
        ? "the problem '\(id)' stands twice in '\(first)'"
        : "the problem '\(id)' is in '\(first)' and in '\(second)'; a mix has each only once"
    }
  }
}
