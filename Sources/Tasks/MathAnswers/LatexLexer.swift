import Base

/// Splits an answer into tokens, in time that grows with its length.
struct LatexLexer {
  /// Longer answers are compared by their tokens.
  static let tokenLimit = 800

  private enum Mode { case math, text, upright, bold }

  let scalars: [Unicode.Scalar]
  /// Where the group ends that a brace opens.
  let closing: [Int: Int]
  let reading: NumeralReading
  var position = 0
  /// How many round and square brackets and sets are open; within them commas part values.
  var brackets = 0
  var tokens: [LatexToken] = []

  /// The tokens of an answer without punctuation at its end.
  static func tokens(of text: String, _ reading: NumeralReading = NumeralReading()) -> [LatexToken]
  {
    var lexer = LatexLexer(text, reading)
    lexer.read(upTo: lexer.scalars.count, .math)
    var tokens = lexer.tokens
    while let last = tokens.last, [.sign("."), .sign(","), .sign(";"), .rowEnd].contains(last) {
      tokens.removeLast()
    }
    return tokens
  }

  private init(_ text: String, _ reading: NumeralReading) {
    var plain: [Unicode.Scalar] = []
    plain.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars { Self.append(scalar, to: &plain) }
    scalars = plain
    var open: [Int] = []
    var closing: [Int: Int] = [:]
    var isEscaped = false
    for (index, scalar) in plain.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "{" {
        open.append(index)
      } else if scalar == "}", let start = open.popLast() {
        closing[start] = index
      }
    }
    self.closing = closing
    self.reading = reading
  }

  private static func append(_ scalar: Unicode.Scalar, to plain: inout [Unicode.Scalar]) {
    if scalar.isASCII { return plain.append(scalar) }
    if let spelling = LatexCommands.characters[scalar] {
      return plain.append(contentsOf: spelling.unicodeScalars)
    }
    // Full-width forms, and the decimal digits of all scripts.
    if (0xFF01...0xFF5E).contains(scalar.value), let half = Unicode.Scalar(scalar.value - 0xFEE0) {
      return plain.append(half)
    }
    if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue,
      let digit = Unicode.Scalar(UInt32(value) + 48)
    {
      return plain.append(digit)
    }
    plain.append(scalar)
  }

  // MARK: characters

  func scalar(_ index: Int) -> Unicode.Scalar? {
    scalars.indices.contains(index) ? scalars[index] : nil
  }

  func isDigit(_ index: Int) -> Bool {
    scalar(index).map { (48...57).contains($0.value) } ?? false
  }

  func isLetter(_ index: Int) -> Bool {
    guard let found = scalar(index) else { return false }
    return found.isASCII ? (97...122).contains(found.value | 0x20) : found.properties.isAlphabetic
  }

  func text(_ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(scalars[range]))
  }

  func follows(_ wanted: String, at start: Int) -> Bool {
    var index = start
    for scalar in wanted.unicodeScalars {
      guard index < scalars.count, scalars[index] == scalar else { return false }
      index += 1
    }
    return true
  }

  // MARK: reading

  private mutating func read(upTo end: Int, _ mode: Mode) {
    while position < end {
      let character = scalars[position]
      if character.isPythonSpace || character == "~" {
        position += 1
      } else if isDigit(position) || (character == "." && isDigit(position + 1)) {
        readNumber(upTo: end)
      } else if character == "\\" {
        readCommand(upTo: end, mode)
      } else if character == "$" {
        readFormula(upTo: end, mode)
      } else if isLetter(position) {
        readLetters(upTo: end, mode)
      } else {
        readSign(upTo: end)
      }
    }
  }

  /// Dollar signs are layout; between two of them text is mathematics.
  private mutating func readFormula(upTo end: Int, _ mode: Mode) {
    position += 1
    guard mode == .text, let close = scalars[position..<end].firstIndex(of: "$") else { return }
    read(upTo: close, .math)
    position = close + 1
  }

  private mutating func readSign(upTo end: Int) {
    let character = scalars[position]
    switch character {
    case "^":
      if let after = degree(after: position) {
        tokens.append(.sign("\u{b0}"))
        position = after
      } else if follows("^\\prime", at: position) || follows("^{\\prime}", at: position) {
        tokens.append(.sign("'"))
        position += follows("^\\prime", at: position) ? 7 : 9
      } else {
        append("^")
      }
    case "*": follows("**", at: position) ? append("^", 2) : append("*")
    case "<": follows("<=", at: position) ? append(.command("le"), 2) : append("<")
    case ">": follows(">=", at: position) ? append(.command("ge"), 2) : append(">")
    case "!": follows("!=", at: position) ? append(.command("ne"), 2) : append("!")
    case ".": follows("...", at: position) ? append(.command("ldots"), 3) : append(".")
    case "(", "[":
      brackets += 1
      append(String(character))
    case ")", "]":
      brackets = max(0, brackets - 1)
      append(String(character))
    case "{":
      // `{,}` and `{:}` are the sign without the space around it.
      if scalar(position + 2) == "}", let sign = scalar(position + 1),
        [",", ":", ".", "-", "+", "="].contains(sign)
      {
        append(String(sign), 3)
      } else {
        append("{")
      }
    default: append(String(character))
    }
  }

  private mutating func append(_ sign: String, _ length: Int = 1) { append(.sign(sign), length) }

  private mutating func append(_ token: LatexToken, _ length: Int) {
    tokens.append(token)
    position += length
  }

  /// Where `^\circ`, `^{\circ}` or `^o` ends.
  private func degree(after start: Int) -> Int? {
    var index = start + 1
    func skip() { while scalar(index)?.isPythonSpace == true { index += 1 } }
    skip()
    let isGroup = scalar(index) == "{"
    if isGroup { index += 1 }
    skip()
    let marks = ["\\circ", "\\degree", "\\mathrm{o}", "\u{b0}", "\\text{o}", "o", "0\\circ"]
    guard let mark = marks.first(where: { follows($0, at: index) }) else { return nil }
    index += mark.unicodeScalars.count
    if isGroup {
      skip()
      guard scalar(index) == "}" else { return nil }
      return index + 1
    }
    return mark == "o" || mark == "\\circ" ? (isLetter(index) ? nil : index) : index
  }

  // MARK: commands

  private mutating func readCommand(upTo end: Int, _ mode: Mode) {
    var after = position + 1
    while isLetter(after), scalars[after].isASCII { after += 1 }
    guard after > position + 1 else { return readControlSign(upTo: end) }
    var name = text((position + 1)..<after)
    position = after
    if scalar(position) == "*" { position += LatexCommands.upright.contains(name) ? 1 : 0 }
    if LatexCommands.layout.contains(name) {
      if name == "left" || name == "right", scalar(position) == "." { position += 1 }
      return
    }
    if LatexCommands.dropped.contains(name) {
      _ = takeGroup(upTo: end)
      return
    }
    if LatexCommands.secondKept.contains(name) {
      _ = takeGroup(upTo: end)
      return readArgument(upTo: end, mode)
    }
    if LatexCommands.transparent.contains(name) { return readArgument(upTo: end, mode) }
    if LatexCommands.text.contains(name) { return readArgument(upTo: end, .text) }
    if LatexCommands.upright.contains(name) { return readArgument(upTo: end, .upright) }
    if LatexCommands.bold.contains(name) { return readArgument(upTo: end, .bold) }
    if LatexCommands.decorations.contains(name) { return readDecorated(name, upTo: end) }
    name = LatexCommands.aliases[name] ?? name
    switch name {
    case "mathbb":
      let letter = takeGroup(upTo: end).map { text($0) } ?? ""
      tokens.append(.command("mathbb:" + letter.filter(\.isLetter)))
    case "begin", "end":
      let kind = takeGroup(upTo: end).map { text($0) } ?? ""
      tokens.append(name == "begin" ? .begin(kind) : .end(kind))
    case "newline", "cr": tokens.append(.rowEnd)
    case "land", "wedge": tokens.append(.word("and"))
    case "lor", "vee": tokens.append(.word("or"))
    case _ where LatexCommands.signs[name] != nil:
      if name == "lbrace" { brackets += 1 }
      tokens.append(.sign(LatexCommands.signs[name] ?? name))
    case _ where LatexCommands.greek.contains(name): tokens.append(.letter(name))
    case _ where MathWords.functions[name] != nil: tokens.append(.word(name))
    case _ where name.count == 1: tokens.append(.letter(name))
    default: tokens.append(.command(name))
    }
  }

  private mutating func readControlSign(upTo end: Int) {
    guard let sign = scalar(position + 1), position + 1 < end else {
      return append(.command(""), 1)
    }
    position += 2
    switch sign {
    case ",", ";", ":", "!", ">", " ", "\n", "/", "(", ")", "[", "]", "-", "@": break
    case "\\": tokens.append(.rowEnd)
    case "{":
      brackets += 1
      tokens.append(.sign("\\{"))
    case "}":
      brackets = max(0, brackets - 1)
      tokens.append(.sign("\\}"))
    default:
      let name = String(sign)
      tokens.append(LatexCommands.signs[name].map(LatexToken.sign) ?? .command(name))
    }
  }

  /// The range inside the group that comes next, which is passed over.
  private mutating func takeGroup(upTo end: Int) -> Range<Int>? {
    var index = position
    while scalar(index)?.isPythonSpace == true { index += 1 }
    guard scalar(index) == "{", let close = closing[index], close < end else { return nil }
    position = close + 1
    return (index + 1)..<close
  }

  /// Reads a command's argument: a group, or a single sign.
  private mutating func readArgument(upTo end: Int, _ mode: Mode) {
    guard let group = takeGroup(upTo: end) else {
      while position < end, scalars[position].isPythonSpace { position += 1 }
      guard position < end, scalars[position] != "{" else { return }
      return read(upTo: scalars[position] == "\\" ? position : position + 1, mode)
    }
    let after = position
    position = group.lowerBound
    // Digits and letters inside belong together, apart from their surroundings.
    let isWrapped = mode == .math || mode == .bold
    if isWrapped { tokens.append(.sign("{")) }
    read(upTo: group.upperBound, mode)
    if isWrapped { tokens.append(.sign("}")) }
    position = after
  }

  /// A decorated letter or name; what else is under the decoration cannot be read.
  private mutating func readDecorated(_ name: String, upTo end: Int) {
    let inside: String
    if let group = takeGroup(upTo: end) {
      inside = text(group)
    } else if position < end, isLetter(position) {
      inside = text(position..<(position + 1))
      position += 1
    } else {
      return tokens.append(.command(name))
    }
    let letters = inside.replacing("\\imath", with: "i").replacing("\\jmath", with: "j")
      .replacing("\\mathbf", with: "").filter { !$0.isWhitespace && $0 != "{" && $0 != "}" }
    guard !letters.isEmpty, letters.allSatisfy({ $0.isLetter || $0.isNumber }),
      letters.contains(where: \.isLetter)
    else { return tokens.append(.command(name)) }
    let isAxis = ["hat", "vec", "widehat"].contains(name) && ["i", "j", "k"].contains(letters)
    tokens.append(.letter((isAxis ? "axis" : name) + ":" + letters))
  }

  // MARK: letters

  private mutating func readLetters(upTo end: Int, _ mode: Mode) {
    let start = position
    if let dayHalf = dayHalf(at: start) {
      tokens.append(.word(dayHalf.word))
      position += dayHalf.length
      return
    }
    let isWide = !scalars[start].isASCII
    while position < end, isLetter(position), scalars[position].isASCII != isWide { position += 1 }
    if mode == .text {
      // `twenty-five`, `doesn't`.
      while position + 1 < end, ["-", "'"].contains(scalars[position]), position - start > 1,
        isLetter(position + 1), scalar(position + 2).map({ _ in true }) ?? false
      {
        position += 1
        while position < end, isLetter(position) { position += 1 }
      }
    }
    let run = text(start..<position)
    if isWide {
      tokens += MathWords.segments(of: run).map(LatexToken.word)
    } else if mode == .bold, run.count == 1 {
      tokens.append(.letter(["i", "j", "k"].contains(run) ? "axis:" + run : run))
    } else if mode == .text {
      let isUnit = MeasureUnit.symbol(run) != nil && isAfterValue
      tokens.append(run.count > 1 || "aI".contains(run) || isUnit ? .word(run) : .letter(run))
    } else if mode == .upright, run.count == 1, MeasureUnit.symbol(run) != nil, isAfterValue,
      isSpaced(before: start)
    {
      // `22.1 \, \mathrm{s}^{-1}`
      tokens.append(.word(run))
    } else {
      tokens += MathWords.split(run, isUpright: mode == .upright)
    }
  }

  /// Whether a blank parts a letter, or the command that it stands in, from what comes before.
  private func isSpaced(before start: Int) -> Bool {
    var index = start - 1
    if scalar(index) == "{" {
      index -= 1
      while isLetter(index) { index -= 1 }
      if scalar(index) == "\\" { index -= 1 }
    }
    return scalar(index).map { $0.isPythonSpace || ["~", ",", ";", ":"].contains($0) } ?? false
  }

  /// Whether a number or a group was read last, so that a unit may follow.
  private var isAfterValue: Bool {
    switch tokens.last {
    case .number, .sign("}"), .sign(")"), .sign("/"): true
    case .word(let word): MeasureUnit.named(word) != nil || word.lowercased() == "per"
    default: false
    }
  }

  /// `a.m.`, `PM` and the like.
  private func dayHalf(at start: Int) -> (word: String, length: Int)? {
    for (spelling, word) in [
      ("a.m.", "am"), ("p.m.", "pm"), ("a.m", "am"), ("p.m", "pm"), ("am", "am"), ("pm", "pm"),
    ] {
      let length = spelling.unicodeScalars.count
      guard start + length <= scalars.count else { continue }
      let found = text(start..<(start + length)).lowercased()
      let isAfterDigit = tokens.last.map { if case .number = $0 { true } else { false } } ?? false
      if found == spelling, !isLetter(start + length), isAfterDigit || spelling.count > 2 {
        return (word, length)
      }
    }
    return nil
  }
}
