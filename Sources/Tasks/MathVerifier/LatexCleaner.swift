/// Takes away from an answer what does not change what it means, in one pass over its bytes.
struct LatexCleaner {
  /// Longer answers are never parsed.
  static let lengthLimit = 2000

  private let input: [UInt8]
  private var position = 0
  private var output: [UInt8] = []

  /// The answer without layout, currency and degree signs, and with one spelling for each thing.
  static func clean(_ answer: String) -> String {
    var cleaner = LatexCleaner(input: Array(answer.utf8))
    cleaner.output.reserveCapacity(cleaner.input.count)
    while cleaner.position < cleaner.input.count { cleaner.step() }
    return trimmed(cleaner.output).text
  }

  private init(input: [UInt8]) { self.input = input }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

  /// Without white space at its ends and punctuation after it.
  private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    var slice = bytes[...]
    let ends = Array(".,;".utf8)
    while let first = slice.first, isSpace(first) { slice.removeFirst() }
    while let last = slice.last, isSpace(last) || ends.contains(last) { slice.removeLast() }
    return slice
  }

  private mutating func emit(_ text: StaticString) {
    output += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  private func next(_ offset: Int) -> UInt8? {
    position + offset < input.count ? input[position + offset] : nil
  }

  private func follows(_ text: StaticString, at start: Int) -> Bool {
    guard start + text.utf8CodeUnitCount <= input.count else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { input[start + $0] == text.utf8Start[$0] }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    guard follows(text, at: position) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  private mutating func step() {
    let byte = input[position]
    switch byte {
    case UInt8(ascii: "\\"): command()
    case UInt8(ascii: "$"): position += 1
    case UInt8(ascii: "~"): replace(1, by: " ")
    case UInt8(ascii: ","):
      // A comma with negative space never parts a list: `10,\!080`.
      if take(",\\!") { _ = take(" ") } else { keep() }
    case UInt8(ascii: "{"): if take("{,}") { emit(",") } else { keep() }
    case UInt8(ascii: "^"): if !skipDegrees() { keep() }
    case UInt8(ascii: "<"): if take("<=") { emit("\\le ") } else { keep() }
    case UInt8(ascii: ">"): if take(">=") { emit("\\ge ") } else { keep() }
    case UInt8(ascii: "!"): if take("!=") { emit("\\ne ") } else { keep() }
    case UInt8(ascii: "*"): if take("**") { emit("^") } else { keep() }
    case 0x80...: sign()
    default: keep()
    }
  }

  private mutating func keep() {
    output.append(input[position])
    position += 1
  }

  private mutating func replace(_ length: Int, by text: StaticString) {
    position += length
    emit(text)
  }

  /// Passes over `^\circ`, `^{\circ}` and the like.
  private mutating func skipDegrees() -> Bool {
    var end = position + 1
    func skipSpace() { while end < input.count, Self.isSpace(input[end]) { end += 1 } }
    skipSpace()
    let isGroup = end < input.count && input[end] == UInt8(ascii: "{")
    if isGroup { end += 1 }
    skipSpace()
    guard follows("\\circ", at: end) || follows("\u{b0}", at: end) else { return false }
    end += follows("\\circ", at: end) ? 5 : 2
    if isGroup {
      skipSpace()
      guard end < input.count, input[end] == UInt8(ascii: "}") else { return false }
      end += 1
    }
    position = end
    return true
  }

  private mutating func command() {
    var end = position + 1
    while end < input.count, Self.isLetter(input[end]) { end += 1 }
    guard end == position + 1 else {
      let name = input[(position + 1)..<end].text
      guard let spelling = Self.commands[name] else {
        output += input[position..<end]
        position = end
        return
      }
      position = end
      output += spelling.utf8
      // `\left.` stands for no bracket at all.
      if name == "left" || name == "right", next(0) == UInt8(ascii: ".") { position += 1 }
      return
    }
    guard let sign = next(1) else { return keep() }
    switch sign {
    case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "["), UInt8(ascii: "]"):
      position += 2
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: ">"), 0x20, 0x0A:
      replace(2, by: " ")
    case UInt8(ascii: "%"): replace(2, by: "%")
    default:
      output += input[position..<(position + 2)]
      position += 2
    }
  }

  /// One spelling for commands that have several; a blank for those that only lay out.
  private static let commands: [String: String] = [
    "displaystyle": " ", "textstyle": " ", "quad": " ", "qquad": " ", "circ": " ", "degree": " ",
    "degrees": " ", "left": " ", "right": " ", "big": " ", "bigl": " ", "bigr": " ", "Big": " ",
    "Bigl": " ", "Bigr": " ", "bigg": " ", "Bigg": " ", "biggl": " ", "biggr": " ", "limits": " ",
    "nolimits": " ", "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "dbinom": "\\binom",
    "tbinom": "\\binom", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]",
    "leq": "\\le", "leqslant": "\\le", "geq": "\\ge", "geqslant": "\\ge", "neq": "\\ne",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lang": "(", "rang": ")",
    "langle": "(", "rangle": ")",
  ]

  private mutating func sign() {
    var length = 1
    while let byte = next(length), byte & 0xC0 == 0x80 { length += 1 }
    let name = input[position..<(position + length)].text
    output += (Self.signs[name] ?? name).utf8
    position += length
  }

  private static let signs: [String: String] = [
    "\u{b0}": "", "\u{2212}": "-", "\u{2013}": "-", "\u{d7}": "\\times ", "\u{b7}": "\\cdot ",
    "\u{22c5}": "\\cdot ", "\u{f7}": "/", "\u{221a}": "\\sqrt ", "\u{3c0}": "\\pi ",
    "\u{221e}": "\\infty ", "\u{2264}": "\\le ", "\u{2265}": "\\ge ", "\u{2260}": "\\ne ",
    "\u{222a}": "\\cup ", "\u{2208}": "\\in ", "\u{b1}": "\\pm ", "\u{b2}": "^2", "\u{b3}": "^3",
    "\u{bd}": "\\frac{1}{2}", "\u{bc}": "\\frac{1}{4}", "\u{be}": "\\frac{3}{4}", "\u{a0}": " ",
    "\u{20ac}": "", "\u{a3}": "", "\u{ff0c}": ",", "\u{3b8}": "\\theta ", "\u{3b1}": "\\alpha ",
    "\u{3b2}": "\\beta ", "\u{2248}": "\\approx ", "\u{211d}": "\\mathbb{R}",
    "\u{2205}": "\\emptyset ", "\u{2009}": " ", "\u{202f}": " ",
  ]

  // MARK: thousands

  /// `58,500` as `58500`: groups of three digits after a comma without a space, outside brackets.
  static func joinThousands(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard bytes.contains(UInt8(ascii: ",")),
      !bytes.contains(where: {
        [UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{")].contains($0)
      })
    else { return text }
    let kept = bytes.indices.filter { index in
      !(bytes[index] == UInt8(ascii: ",") && isGroup(bytes, after: index)
        && hasLead(bytes, before: index))
    }
    return kept.count == bytes.count ? text : kept.map { bytes[$0] }[...].text
  }

  private static func isDigit(_ bytes: [UInt8], _ index: Int) -> Bool {
    bytes.indices.contains(index) && (48...57).contains(bytes[index])
  }

  private static func isGroup(_ bytes: [UInt8], after comma: Int) -> Bool {
    (1...3).allSatisfy { isDigit(bytes, comma + $0) } && !isDigit(bytes, comma + 4)
  }

  private static func hasLead(_ bytes: [UInt8], before comma: Int) -> Bool {
    var start = comma
    while comma - start < 4, isDigit(bytes, start - 1) { start -= 1 }
    return (1...3).contains(comma - start)
  }
}
