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
