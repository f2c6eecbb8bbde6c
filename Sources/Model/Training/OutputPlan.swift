/// Which rows predict something, and how they are divided. It depends on the batch alone.
struct OutputPlan {
  /// The rows that have targets, ascending.
  let rows: [Int]
  /// Indices of targets, by row.
  private let targets: [Int]
  /// Where each row's targets begin in `targets`; one more at the end.
  private let starts: [Int]
  /// Rows whose logits are in memory at one time.
  let chunks: [Range<Int>]

  /// About 128 MB of logits.
  private static let logitsInMemory = 1 << 25

  init(_ batch: PackedBatch, vocabularySize: Int) {
    let order = batch.targets.indices.sorted {
      (batch.targets[$0].row, $0) < (batch.targets[$1].row, $1)
    }
    var rows: [Int] = []
    var starts: [Int] = []
    for (index, target) in order.enumerated() {
      let row = batch.targets[target].row
      precondition(row >= 0 && row < batch.tokens.count, "a target's row is not in the batch")
      if rows.last == row { continue }
      rows.append(row)
      starts.append(index)
    }
    self.rows = rows
    targets = order
    self.starts = starts + [order.count]
    let largest = min(2048, max(128, Self.logitsInMemory / vocabularySize))
    let count = (rows.count + largest - 1) / largest
    chunks = count == 0 ? [] : BatchPlan.split(rows.count, into: count)
  }

  /// The targets of `rows[index]`.
  func targets(of index: Int) -> ArraySlice<Int> { targets[starts[index]..<starts[index + 1]] }
}
