import Runner

/// Which rows of a file are taken, and in which order.
struct RowSelection {
  let filter: [String: [String]]
  /// A column of whose every value rows are taken; nil to take them from all together.
  let column: String?
  let order: RowOrder
  let seed: Int
  /// How many rows are drawn, before some are left out.
  let draw: Int?
  let skip: Int
  let take: Int?

  /// Selects from rows that have ids.
  /// - Throws: `DatasetError`.
  func apply(to rows: [[String: JSONValue]]) throws -> [[String: JSONValue]] {
    let kept = try rows.filter(passing(rows))
    var draw = RowDraw(order, seed: seed)
    return try RowGroups(kept, by: column).numbers.flatMap { group in
      let ids = group.map { kept[$0]["id"]?.string ?? "" }
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
