/// Keys and values of a few positions in all blocks of a model.
final class KeyValueBlock {
  /// How many positions there is room for.
  static let length = 64

  private let buffer: FloatBuffer
  private let heads: Int
  private let headSize: Int

  init(_ configuration: ModelConfiguration) {
    heads = configuration.keyValueHeadCount
    headSize = configuration.headSize
    buffer = FloatBuffer(count: configuration.layerCount * 2 * heads * Self.length * headSize)
  }

  /// One head's keys [length, head size].
  func keys(layer: Int, head: Int) -> UnsafeMutablePointer<Float> {
    buffer.base + (layer * 2 * heads + head) * Self.length * headSize
  }

  /// One head's values [length, head size].
  func values(layer: Int, head: Int) -> UnsafeMutablePointer<Float> {
    keys(layer: layer, head: head) + heads * Self.length * headSize
  }
}

/// Keys and values of a stretch of positions, which grows at its end.
struct KeyValueCache {
  private(set) var blocks: [KeyValueBlock] = []
  private(set) var count = 0
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) { self.configuration = configuration }

  /// Makes room for more positions.
  mutating func extend(by positions: Int) {
    count += positions
    while blocks.count * KeyValueBlock.length < count {
      blocks.append(KeyValueBlock(configuration))
    }
  }

  /// Writes a position's key and value of one head.
  func write(
    _ position: Int, layer: Int, head: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
  ) {
    let block = blocks[position / KeyValueBlock.length]
    let offset = position % KeyValueBlock.length * configuration.headSize
    (block.keys(layer: layer, head: head) + offset).update(
      from: key, count: configuration.headSize)
    (block.values(layer: layer, head: head) + offset).update(
      from: value, count: configuration.headSize)
  }

  /// Calls `body` with each block, its first position and how many of its positions are filled.
  func forEachRun(_ body: (_ block: KeyValueBlock, _ first: Int, _ count: Int) -> Void) {
    for (index, block) in blocks.enumerated() {
      let first = index * KeyValueBlock.length
      body(block, first, min(KeyValueBlock.length, count - first))
    }
  }
}
