/// Memory in which the workers of a pool compute attention, reused from loop to loop.
struct AttentionMemory {
  enum Direction { case forward, backward }

  /// Memory of one worker.
  struct Share {
    /// [query block, keys and padding]: weights, and backward their gradients.
    let scores: Matrix
    let scoreGradients: Matrix
    /// Room for factors in panels.
    let factors: UnsafeMutablePointer<Float>
  }

  struct Shares {
    fileprivate let direction: Direction
    fileprivate let scores: WorkerScratch.Shares
    fileprivate let factors: WorkerScratch.Shares

    func callAsFunction(_ worker: Int) -> Share {
      let block = CausalAttention.queryBlock
      let all = scores.rows(direction == .forward ? block : 2 * block, of: worker)
      return Share(
        scores: all.rows(0..<block), scoreGradients: all.rows(all.rowCount - block..<all.rowCount),
        factors: factors.rows(1, of: worker).base)
    }
  }

  private let direction: Direction
  private var scores: WorkerScratch
  private var factors: WorkerScratch

  init(_ pool: WorkerPool, _ direction: Direction) {
    self.direction = direction
    scores = WorkerScratch(pool)
    factors = WorkerScratch(pool)
  }

  /// Makes room for sequences of so many keys.
  mutating func prepare(keys: Int, _ layout: HeadLayout) -> Shares {
    Shares(
      direction: direction,
      scores: scores.prepare(
        rows: direction == .forward ? CausalAttention.queryBlock : 2 * CausalAttention.queryBlock,
        columns: Self.scoreColumns(keys)),
      factors: factors.prepare(
        rows: 1, columns: Self.factorCount(keys: keys, headSize: layout.headSize, direction)))
  }

  /// Products write whole panels of scores.
  private static func scoreColumns(_ keys: Int) -> Int { keys + 2 * PanelFactor.panelWidth }

  private static func factorCount(keys: Int, headSize: Int, _ direction: Direction) -> Int {
    // What a stretch continues, and its own keys, end with padding each.
    let across = HeadFactor.floatCount(inner: headSize, columns: scoreColumns(keys))
    let along = HeadFactor.floatCount(inner: keys, columns: headSize)
    guard direction == .backward else { return across + along }
    return 2 * across + along
      + 2 * HeadFactor.floatCount(inner: CausalAttention.queryBlock, columns: headSize)
  }

  /// Floats for each worker.
  static func floatCount(keys: Int, headSize: Int, _ direction: Direction) -> Int {
    (direction == .forward ? 1 : 2) * CausalAttention.queryBlock * scoreColumns(keys)
      + factorCount(keys: keys, headSize: headSize, direction)
  }
}
