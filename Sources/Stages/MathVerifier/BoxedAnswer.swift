/// Finds `\boxed{…}` and `\fbox{…}`.
package enum BoxedAnswer {
  /// What stands in the last complete box; also after `\boxed 2`, which has no braces and ends at
  /// white space or a dollar sign.
  package static func last(in text: String) -> String? {
    let bytes = Array(text.utf8)
    let starts =
      (bytes.indices(of: #"\boxed"#).map { $0 + 6 } + bytes.indices(of: #"\fbox"#).map { $0 + 5 })
      .sorted()
    for start in starts.reversed() {
      if let content = content(of: bytes, from: start) { return content }
    }
    return nil
  }

  /// The last box with its command, as the authors' code finds it: after the last `\\boxed `
  /// without braces everything up to a dollar sign; else the group after the last `\\boxed`, or
  /// `\\fbox` where there is none. A box that is not closed hides those before it.
  static func paper(in text: String) -> String? {
    let bytes = Array(text.utf8)
    if let bare = bytes.indices(of: #"\boxed "#).last {
      let end = bytes[bare...].firstIndex(of: UInt8(ascii: "$")) ?? bytes.count
      return bytes[bare..<end].text
    }
    let start = bytes.indices(of: #"\boxed"#).last ?? bytes.indices(of: #"\fbox"#).last
    guard let start, let brace = bytes[start...].firstIndex(of: UInt8(ascii: "{")),
      !bytes[start..<brace].contains(UInt8(ascii: "}")), let inside = group(of: bytes, from: brace)
    else { return nil }
    return bytes[start..<(brace + inside.utf8.count + 2)].text
  }

  private static func content(of bytes: [UInt8], from start: Int) -> String? {
    var position = start
    while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
    guard position < bytes.count else { return nil }
    if bytes[position] == UInt8(ascii: "{") { return group(of: bytes, from: position) }
    guard position > start else { return nil }
    let ends = Array(" $\n\t".utf8)
    let end = bytes[position...].firstIndex { ends.contains($0) } ?? bytes.count
    return end > position ? bytes[position..<end].text : nil
  }

  private static func group(of bytes: [UInt8], from brace: Int) -> String? {
    var depth = 0
    for index in brace..<bytes.count {
      if bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return bytes[(brace + 1)..<index].text }
    }
    return nil
  }
}
