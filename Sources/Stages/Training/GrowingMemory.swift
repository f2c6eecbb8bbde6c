import Base
import Model

/// The memory of a training engine, which grows with the largest batch. It is asked for before it is
/// taken: a control group that is exceeded ends the process without a word.
package struct GrowingMemory {
  private let use: MemoryUse
  private let precision: Precision
  /// What the largest batch so far has taken.
  private var bytes: Int

  package init(_ use: MemoryUse, _ precision: Precision) {
    self.use = use
    self.precision = precision
    bytes = use.training(.none, precision)
  }

  /// Makes sure that a step's largest batch can have what no batch before it took.
  /// - Throws: `MemoryNeedError`.
  package mutating func makeRoom(
    for batch: MemoryUse.Batch, step: Int, limit: () -> MemoryLimit? = MemoryLimit.tightest
  ) throws(MemoryNeedError) {
    let need = use.training(batch, precision)
    guard need > bytes else { return }
    try MemoryLimit.check(
      need - bytes, of: "step \(step)", for: "\(batch.rows) tokens at a time",
      advice: "take a smaller group or max_tokens", limit: limit())
    bytes = need
  }
}
