import Base

/// Splits an answer into tokens, in time that grows with its length.
struct LatexLexer {
  /// Longer answers are compared by their tokens.
  static let tokenLimit = 800

  private enum Mode { case math, text, upright, bold }

  private let scalars: [Unicode.Scalar]
  /// Where the group ends that a brace opens.
  private let closing: [Int: Int]
  private let reading: NumeralReading
  private var position = 0
  /// How many round and square brackets and sets are open; within them commas part values.
  private var brackets = 0
  private var tokens: [LatexToken] = []

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

  private func scalar(_ index: Int) -> Unicode.Scalar? {
    scalars.indices.contains(index) ? scalars[index] : nil
  }

  private func isDigit(_ index: Int) -> Bool {
    scalar(index).map { (48...57).contains($0.value) } ?? false
  }

  private func isLetter(_ index: Int) -> Bool {
    guard let found = scalar(index) else { return false }
    return found.isASCII ? (97...122).contains(found.value | 0x20) : found.properties.isAlphabetic
  }

  private func text(_ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(scalars[range]))
  }

  private func follows(_ wanted: String, at start: Int) -> Bool {
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
    } else {
      tokens += MathWords.split(run, isUpright: mode == .upright)
    }
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

  // MARK: numbers

  private mutating func readNumber(upTo end: Int) {
    var numeral = Numeral(whole: digits(upTo: end))
    if !numeral.whole.isEmpty { readGroups(&numeral, upTo: end) }
    if numeral.fraction == nil { readFraction(&numeral, upTo: end) }
    readRepetition(&numeral, upTo: end)
    tokens.append(.number(numeral))
    readExponent(upTo: end)
  }

  private mutating func digits(upTo end: Int) -> String {
    let start = position
    while position < end, isDigit(position) { position += 1 }
    return text(start..<position)
  }

  /// Groups of three digits, all parted in the same way.
  private mutating func readGroups(_ numeral: inout Numeral, upTo end: Int) {
    guard (1...3).contains(numeral.whole.utf8.count), numeral.whole.first != "0" else { return }
    let start = position
    var groups: [String] = []
    var kind: Separator?
    while let separator = separator(at: position), kind == nil || kind == separator.kind,
      isGroup(at: separator.after)
    {
      kind = separator.kind
      position = separator.after
      groups.append(digits(upTo: end))
    }
    guard let kind, !groups.isEmpty else { return }
    let isWhole: Bool
    switch kind {
    case .comma: isWhole = brackets == 0 && !reading.commasSeparate
    case .point:
      // One group after a point is a fraction, unless a decimal comma follows.
      isWhole = groups.count > 1 || (scalar(position) == "," && isDigit(position + 1))
    case .braced, .space: isWhole = true
    }
    guard isWhole, position <= end else {
      position = start
      return
    }
    numeral.whole += groups.joined()
    if kind == .point, scalar(position) == ",", isDigit(position + 1) {
      position += 1
      numeral.fraction = digits(upTo: end)
    }
  }

  private enum Separator { case comma, braced, space, point }

  private func separator(at start: Int) -> (kind: Separator, after: Int)? {
    if follows("{,}", at: start) { return (.braced, skipSpace(start + 3)) }
    if follows(",", at: start) {
      // A comma with negative space never parts a list: `10,\!080`.
      if follows(",\\!", at: start) { return (.braced, skipSpace(start + 3)) }
      return (.comma, start + 1)
    }
    if follows(".", at: start) { return (.point, start + 1) }
    if follows("'", at: start) { return (.braced, start + 1) }
    let after = skipSpace(start)
    return after > start ? (.space, after) : nil
  }

  private func skipSpace(_ start: Int) -> Int {
    var index = start
    while let found = scalar(index) {
      if found.isPythonSpace || found == "~" {
        index += 1
      } else if found == "\\", let next = scalar(index + 1),
        [",", ";", ":", "!", " ", ">"].contains(next)
      {
        index += 2
      } else {
        break
      }
    }
    return index
  }

  private func isGroup(at start: Int) -> Bool {
    (0..<3).allSatisfy { isDigit(start + $0) } && !isDigit(start + 3)
  }

  private mutating func readFraction(_ numeral: inout Numeral, upTo end: Int) {
    guard position < end else { return }
    if scalars[position] == "." {
      let next = scalar(position + 1)
      guard next != "." || !follows("...", at: position) else { return }
      let isRepeating = next == "\\" || next == "("
      guard
        isDigit(position + 1) || (isRepeating && repetition(at: position + 1) != nil)
          || position + 1 == end || !numeral.whole.isEmpty
      else { return }
      position += 1
      numeral.fraction = digits(upTo: end)
    } else if follows("{,}", at: position), isDigit(position + 3) {
      position += 3
      numeral.fraction = digits(upTo: end)
    } else if reading.commasAreDecimal, scalars[position] == ",", isDigit(position + 1) {
      position += 1
      numeral.fraction = digits(upTo: end)
    }
  }

  private mutating func readRepetition(_ numeral: inout Numeral, upTo end: Int) {
    guard numeral.fraction != nil else { return }
    if let found = repetition(at: position), found.after <= end {
      numeral.repeating = found.digits
      position = found.after
      // `0.\overline{3}\ldots`
    }
    for dots in ["\\ldots", "\\dots", "\\cdots", "..."] where follows(dots, at: skipSpace(position))
    {
      numeral.isCut = true
      position = skipSpace(position) + dots.unicodeScalars.count
      break
    }
  }

  /// Digits under a bar or in brackets.
  private func repetition(at start: Int) -> (digits: String, after: Int)? {
    var index = skipSpace(start)
    var close: Int?
    if let name = ["\\overline", "\\bar", "\\dot", "\\overset{\\cdot}"].first(where: {
      follows($0, at: index)
    }) {
      index += name.unicodeScalars.count
      if scalar(index) == "{" {
        close = closing[index]
        index += 1
      } else {
        return isDigit(index) ? (text(index..<(index + 1)), index + 1) : nil
      }
    } else if scalar(start) == "(" {
      index = start + 1
      close = scalars[index..<min(scalars.count, index + 40)].firstIndex(of: ")")
    }
    guard let close, close > index, (index..<close).allSatisfy(isDigit) else { return nil }
    return (text(index..<close), close + 1)
  }

  /// `1.5e-3`, `3\mathrm{E}8`.
  private mutating func readExponent(upTo end: Int) {
    var index = position
    for mark in ["\\mathrm{e}", "\\mathrm{E}", "\\text{e}", "\\text{E}", "e", "E"]
    where follows(mark, at: index) {
      index += mark.unicodeScalars.count
      break
    }
    guard index > position else { return }
    let isGroup = follows("^{", at: index)
    if isGroup { return }
    let isNegative = scalar(index) == "-"
    if isNegative || scalar(index) == "+" { index += 1 }
    let start = index
    while index < end, isDigit(index) { index += 1 }
    guard index > start else { return }
    tokens += [.sign("*"), .number(Numeral(whole: "10")), .sign("^"), .sign("{")]
    if isNegative { tokens.append(.sign("-")) }
    tokens += [.number(Numeral(whole: text(start..<index))), .sign("}")]
    position = index
  }
}
