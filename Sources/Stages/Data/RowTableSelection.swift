import OrderedCollections
import Runner

extension RowTable {
  /// Some rows, in the order given. Columns keep their types.
  func selecting(_ rows: [Int]) throws -> RowTable {
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
