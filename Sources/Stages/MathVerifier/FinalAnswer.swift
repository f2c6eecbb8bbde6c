/// Finds the answer in a whole output, with or without a box.
package enum FinalAnswer {
  /// The last box; else, in the last `<answer>` or in everything, what follows the last "answer is"
  /// or "answer:", the last formula between dollar signs, or the last number.
  package static func find(in output: String) -> String? {
    if let box = BoxedAnswer.last(in: output) { return box }
    let tagged = ResponseFormat.lastAnswer(in: output)
    if let tagged, let found = unboxed(in: tagged) { return found }
    return unboxed(in: output)
  }

  private static func unboxed(in text: String) -> String? {
    announced(in: text) ?? formula(in: text) ?? number(in: text)
  }

  private static func announced(in text: String) -> String? {
    let bytes = Array(text.utf8)
    let lower = bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }
    let marks = ["answer is", "answer:"].flatMap { mark in
      lower.indices(of: mark).map { $0 + mark.utf8.count }
    }
    guard let start = marks.max() else { return nil }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let rest = bytes[start..<end].text
    return formula(in: rest) ?? number(in: rest)
  }

  /// What stands between the last two dollar signs of an even number of them.
  private static func formula(in text: String) -> String? {
    let parts = text.replacing("$$", with: "$").split(
      separator: "$", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.count % 2 == 1 else { return nil }
    let found = parts[parts.count - 2].stripped
    return found.isEmpty ? nil : found
  }

  /// The last number with its sign, thousands, decimals, and the number that divides it.
  private static func number(in text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let end = bytes.lastIndex(where: { (48...57).contains($0) }) else { return nil }
    var start = end
    while start > 0, isNumberPart(bytes, start - 1) { start -= 1 }
    while start < end, [UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[start]) { start += 1 }
    let isSigned = start > 0 && bytes[start - 1] == UInt8(ascii: "-")
    let isMinus = isSigned && !(start > 1 && (48...57).contains(bytes[start - 2]))
    let isPercent = end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "%")
    return bytes[(isMinus ? start - 1 : start)...(isPercent ? end + 1 : end)].text
  }

  private static func isNumberPart(_ bytes: [UInt8], _ index: Int) -> Bool {
    if (48...57).contains(bytes[index]) { return true }
    guard [UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[index]) else {
      return false
    }
    return (48...57).contains(bytes[index + 1])
      && (bytes[index] == UInt8(ascii: ".") || (index > 0 && (48...57).contains(bytes[index - 1])))
  }
}
