/// How the work on a packed batch is divided. It depends on the batch alone, never on the threads.
struct BatchPlan {
  /// A stretch of rows and, for a continuation, the rows that it continues.
  struct Stretch {
    let rows: Range<Int>
    let prefix: Range<Int>
    /// How many keys its last row sees.
    var keyCount: Int { prefix.count + rows.count }
  }

  let tokens: [Int32]
  /// The position of each row in its sequence.
  let positions: [Int]
  let stretches: [Stretch]
  /// Stretches which share a prefix, the prefix's own first: they write the same gradients.
  let families: [[Stretch]]
  /// Contiguous rows that one task works on.
  let rowBlocks: [Range<Int>]

  var rowCount: Int { tokens.count }
  var longestSequence: Int { stretches.map(\.keyCount).max() ?? 0 }

  init(_ batch: PackedBatch) {
    tokens = batch.tokens
    var stretches: [Stretch] = []
    var families: [[Stretch]] = []
    var familyOfSegment: [Int] = []
    for segment in batch.segments {
      let previousEnd = stretches.last?.rows.upperBound ?? 0
      precondition(
        segment.start == previousEnd && segment.count > 0, "segments must lie end to end")
      let prefix = segment.prefix.map { stretches[$0] }
      precondition(prefix?.prefix.isEmpty ?? true, "a prefix cannot have a prefix")
      let stretch = Stretch(
        rows: segment.start..<segment.start + segment.count, prefix: prefix?.rows ?? 0..<0)
      let family = segment.prefix.map { familyOfSegment[$0] } ?? families.count
      if family == families.count { families.append([]) }
      families[family].append(stretch)
      familyOfSegment.append(family)
      stretches.append(stretch)
    }
    precondition((stretches.last?.rows.upperBound ?? 0) == tokens.count, "tokens without a segment")
    self.stretches = stretches
    self.families = families
    positions = stretches.flatMap { stretch in
      (0..<stretch.rows.count).map { stretch.prefix.count + $0 }
    }
    rowBlocks = Self.blocks(of: tokens.count)
  }

  /// The most rows that a block has.
  static let largestBlock = 320

  /// Cuts rows into blocks small enough for the caches and many enough for several threads.
  static func blocks(of count: Int, largest: Int = largestBlock) -> [Range<Int>] {
    guard count > 0 else { return [] }
    let needed = (count + largest - 1) / largest
    let pieces = count < 32 ? 1 : count < 2 * largest ? 2 : (needed + 3) / 4 * 4
    return split(count, into: pieces)
  }

  /// Cuts 0..<count into pieces whose lengths differ by at most one.
  static func split(_ count: Int, into pieces: Int) -> [Range<Int>] {
    (0..<pieces).map { count * $0 / pieces..<count * ($0 + 1) / pieces }
  }
}
