/// Where the heads of a token lie in its row of queries, keys and values.
struct HeadLayout {
  let headCount: Int
  let keyValueHeadCount: Int
  let headSize: Int
  /// What scores are multiplied by: one over the root of the head size, or of what the model says.
  let scoreScale: Float

  init(_ configuration: ModelConfiguration) {
    headCount = configuration.headCount
    keyValueHeadCount = configuration.keyValueHeadCount
    headSize = configuration.headSize
    scoreScale = 1 / Float(configuration.queryScale ?? Double(headSize)).squareRoot()
  }

  /// How many query heads share a key head.
  var groupSize: Int { headCount / keyValueHeadCount }
  /// Length of a row: all queries, then all keys, then all values.
  var width: Int { (headCount + 2 * keyValueHeadCount) * headSize }

  var queries: Range<Int> { 0..<headCount * headSize }
  var keys: Range<Int> {
    queries.upperBound..<queries.upperBound + keyValueHeadCount * headSize
  }
  var values: Range<Int> { keys.upperBound..<width }

  func query(_ head: Int) -> Range<Int> { head * headSize..<(head + 1) * headSize }
  /// The key that query head `head` looks at.
  func key(of head: Int) -> Range<Int> { keyHead(head / groupSize) }
  /// The value that query head `head` takes.
  func value(of head: Int) -> Range<Int> { valueHead(head / groupSize) }
  func keyHead(_ index: Int) -> Range<Int> {
    let start = keys.lowerBound + index * headSize
    return start..<start + headSize
  }
  func valueHead(_ index: Int) -> Range<Int> {
    let start = values.lowerBound + index * headSize
    return start..<start + headSize
  }
}
