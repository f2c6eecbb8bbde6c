/// Takes away from an answer what does not change what it means.
enum LatexCleaner {
  /// Longer answers are never parsed.
  static let lengthLimit = 2000

  /// Stands for `\\` meanwhile, of which the second half must not be taken for `\ `.
  private static let rowEnd = "\u{1}"

  private static let replacements: [(String, String)] = [
    (#"\!"#, ""), (#"\,"#, " "), (#"\;"#, " "), (#"\:"#, " "), (#"\ "#, " "), ("~", " "),
    (#"\qquad"#, " "), (#"\quad"#, " "), (#"\displaystyle"#, ""), (#"\dfrac"#, #"\frac"#),
    (#"\tfrac"#, #"\frac"#), (#"\cfrac"#, #"\frac"#), (#"\dbinom"#, #"\binom"#),
    (#"\tbinom"#, #"\binom"#), (#"\lbrace"#, #"\{"#), (#"\rbrace"#, #"\}"#), (#"\lbrack"#, "["),
    (#"\rbrack"#, "]"), (#"^{\circ}"#, ""), (#"^\circ"#, ""), (#"^ \circ"#, ""), (#"\degree"#, ""),
    (#"\circ"#, ""), ("\u{b0}", ""), (#"\$"#, ""), ("$", ""), (#"\%"#, "%"), (#"\("#, ""),
    (#"\)"#, ""), (#"\["#, ""), (#"\]"#, ""), ("{,}", ","), ("\u{2212}", "-"), ("\u{2013}", "-"),
    ("\u{d7}", #"\times "#), ("\u{b7}", #"\cdot "#), ("\u{f7}", "/"), ("\u{221a}", #"\sqrt "#),
    ("\u{3c0}", #"\pi "#), ("\u{221e}", #"\infty "#), ("\u{2264}", #"\le "#),
    ("\u{2265}", #"\ge "#), ("<=", #"\le "#), (">=", #"\ge "#), ("!=", #"\ne "#),
    ("\u{2260}", #"\ne "#), ("\u{222a}", #"\cup "#), ("\u{2208}", #"\in "#), ("\u{b1}", #"\pm "#),
    ("\u{b2}", "^2"), ("\u{b3}", "^3"), ("\u{bd}", #"\frac{1}{2}"#), ("**", "^"),
    (#"\mathbb{R}"#, #"\mathbb R"#), (#"\leq"#, #"\le"#), (#"\geq"#, #"\ge"#),
    (#"\neq"#, #"\ne"#), (#"\lvert"#, "|"), (#"\rvert"#, "|"), (#"\vert"#, "|"), (#"\mid"#, "|"),
  ]

  /// The answer without layout, currency and degree signs, and with one spelling for each thing.
  static func clean(_ answer: String) -> String {
    var text = answer
    if text.hasPrefix("\\["), text.hasSuffix("\\]"), text.utf8.count >= 4 {
      text = String(text.dropFirst(2).dropLast(2))
    }
    text = joinSpacedThousands(text).replacing(#"\\"#, with: rowEnd)
    for size in ["left", "right", "bigl", "bigr", "Bigl", "Bigr", "big", "Big"] {
      text = removeSize(size, from: text)
    }
    for (old, new) in replacements where text.utf8.count >= old.utf8.count {
      text = text.replacing(old, with: new)
    }
    text = text.replacing(rowEnd, with: #"\\"#).stripped
    while let last = text.last, last == "." || last == "," || last == ";" {
      text = String(text.dropLast()).stripped
    }
    return text
  }

  /// `58,500` as `58500`: groups of three digits after a comma without a space, outside brackets.
  static func joinThousands(_ text: String) -> String {
    guard !text.contains(where: { "([{".contains($0) }) else { return text }
    let characters = Array(text)
    var kept: [Character] = []
    for (index, character) in characters.enumerated() {
      if character == ",", isGroup(characters, after: index), hasLead(characters, before: index) {
        continue
      }
      kept.append(character)
    }
    return String(kept)
  }

  private static func isDigit(_ characters: [Character], _ index: Int) -> Bool {
    characters.indices.contains(index) && characters[index] >= "0" && characters[index] <= "9"
  }

  private static func isGroup(_ characters: [Character], after comma: Int) -> Bool {
    (1...3).allSatisfy { isDigit(characters, comma + $0) } && !isDigit(characters, comma + 4)
  }

  private static func hasLead(_ characters: [Character], before comma: Int) -> Bool {
    var start = comma
    while isDigit(characters, start - 1) { start -= 1 }
    return (1...3).contains(comma - start)
  }

  /// `10,\!080` and `11,\! 111`: a comma with negative space is never a list.
  private static func joinSpacedThousands(_ text: String) -> String {
    text.replacing(",\\! ", with: "").replacing(",\\!", with: "")
  }

  /// Removes `\left` and the like before a bracket, but not `\leftarrow`.
  private static func removeSize(_ size: String, from text: String) -> String {
    let parts = text.split(separator: "\\" + size, omittingEmptySubsequences: false)
    return parts.dropFirst().reduce(String(parts.first ?? "")) { result, part in
      let isOther = part.first.map { $0.isASCII && $0.isLetter } ?? false
      return result + (isOther ? "\\" + size : "") + part
    }
  }
}
