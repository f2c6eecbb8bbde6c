/// Code in triple back quotes, read as the authors' extraction reads it.
enum CodeBlock {
  /// The first or last block marked `python`, else the first or last block of any kind, without
  /// white space at its ends. Blocks are `` ```python(.+?)``` `` and `` ```(.+?)``` ``, found from
  /// left to right.
  static func find(in text: String, last: Bool) -> String? {
    let bytes = Array(text.utf8)
    for opening in ["```python", "```"] {
      let blocks = blocks(of: bytes, opening: opening)
      if let block = last ? blocks.last : blocks.first { return block.text.stripped }
    }
    return nil
  }

  /// The text of the first `<answer>` that is closed and not empty.
  static func firstAnswer(in text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let open = bytes.firstIndex(of: "<answer>"),
      let close = bytes.firstIndex(of: "</answer>", from: open + 9)
    else { return nil }
    return bytes[(open + 8)..<close].text.stripped
  }

  private static func blocks(of bytes: [UInt8], opening: String) -> [ArraySlice<UInt8>] {
    var blocks: [ArraySlice<UInt8>] = []
    var position = 0
    while let open = bytes.firstIndex(of: opening, from: position) {
      let inside = open + opening.utf8.count
      guard let close = bytes.firstIndex(of: "```", from: inside + 1) else { break }
      blocks.append(bytes[inside..<close])
      position = close + 3
    }
    return blocks
  }
}
