/// A piece of an answer's text.
enum MathToken: Hashable {
  case number(String)
  /// A letter, or a plain word that is known, such as `sqrt`.
  case name(String)
  /// A LaTeX command without its backslash.
  case command(String)
  case sign(Unicode.Scalar)
  /// `\\`, the end of a matrix row.
  case rowEnd
  /// What stands inside `\text{…}`.
  case text(String)
}

/// Splits an answer into tokens.
struct MathLexer {
  /// Longer answers are compared as plain text.
  static let tokenLimit = 600
  private static let words: Set<String> = [
    "sqrt", "pi", "infinity", "inf", "infty", "oo", "sin", "cos", "tan", "cot", "sec", "csc", "ln",
    "log", "exp", "arcsin", "arccos", "arctan", "frac", "cdot", "times", "or", "and", "in", "abs",
  ]
  static let textCommands: Set<String> = [
    "text", "textbf", "textit", "textrm", "textnormal", "mbox", "hbox", "mathrm", "mathbf",
    "mathit", "operatorname",
  ]

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var tokens: [MathToken] = []

  /// The tokens; nil where the text has too many, or words that are no mathematics.
  static func tokens(of text: String) -> [MathToken]? {
    var lexer = MathLexer(scalars: Array(text.unicodeScalars))
    while lexer.position < lexer.scalars.count {
      guard lexer.tokens.count < tokenLimit, lexer.readToken() else { return nil }
    }
    return lexer.tokens
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private mutating func readToken() -> Bool {
    let character = scalars[position]
    if character.isPythonSpace {
      position += 1
    } else if isDigit(position) || (character == "." && isDigit(position + 1)) {
      readNumber()
    } else if character == "\\" {
      readCommand()
    } else if Self.isLetter(character) {
      return readWord()
    } else {
      tokens.append(.sign(character))
      position += 1
    }
    return true
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII ? (97...122).contains(scalar.value | 0x20) : scalar.properties.isAlphabetic
  }

  private func text(_ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(scalars[range]))
  }

  private func isDigit(_ index: Int) -> Bool {
    index < scalars.count && scalars[index] >= "0" && scalars[index] <= "9"
  }

  private mutating func readNumber() {
    let start = position
    while isDigit(position) { position += 1 }
    if position < scalars.count, scalars[position] == ".", isDigit(position + 1) || start < position
    {
      position += 1
      while isDigit(position) { position += 1 }
    }
    tokens.append(.number(text(start..<position)))
    readExponent()
  }

  /// `1.5e-3` stands for `1.5 \times 10^{-3}`.
  private mutating func readExponent() {
    guard position < scalars.count, scalars[position] == "e" || scalars[position] == "E" else {
      return
    }
    var digits = position + 1
    let isNegative = digits < scalars.count && scalars[digits] == "-"
    if digits < scalars.count, scalars[digits] == "-" || scalars[digits] == "+" { digits += 1 }
    let start = digits
    while isDigit(digits) { digits += 1 }
    guard digits > start else { return }
    let exponent = MathToken.number(text(start..<digits))
    tokens += [.sign("*"), .number("10"), .sign("^"), .sign("{")]
    tokens += isNegative ? [.sign("-"), exponent, .sign("}")] : [exponent, .sign("}")]
    position = digits
  }

  private mutating func readCommand() {
    position += 1
    guard position < scalars.count else { return }
    let start = position
    while position < scalars.count, scalars[position].isASCII, Self.isLetter(scalars[position]) {
      position += 1
    }
    guard position > start else {
      let sign = scalars[position]
      position += 1
      tokens.append(sign == "\\" ? .rowEnd : .command(String(sign)))
      return
    }
    let name = text(start..<position)
    if Self.textCommands.contains(name), let text = readGroup() {
      tokens.append(.text(text))
    } else if name == "begin" || name == "end" {
      tokens += [.command(name), .text(readGroup() ?? "")]
    } else {
      tokens.append(.command(name))
    }
  }

  private mutating func readGroup() -> String? {
    var index = position
    while index < scalars.count, scalars[index].isPythonSpace { index += 1 }
    guard index < scalars.count, scalars[index] == "{" else { return nil }
    var depth = 0
    for end in index..<scalars.count {
      if scalars[end] == "{" { depth += 1 }
      if scalars[end] == "}" { depth -= 1 }
      if depth == 0 {
        position = end + 1
        return text((index + 1)..<end)
      }
    }
    return nil
  }

  /// Known words become names, up to three other letters a product of variables, and what is longer
  /// is no mathematics.
  private mutating func readWord() -> Bool {
    let start = position
    while position < scalars.count, Self.isLetter(scalars[position]) { position += 1 }
    if position == start + 1 {
      tokens.append(.name(text(start..<position)))
      return true
    }
    let word = text(start..<position)
    if Self.words.contains(word.lowercased()), word.count > 1 {
      tokens.append(.name(word.lowercased()))
      return true
    }
    if let known = Self.words.filter({ $0.count > 2 && word.hasPrefix($0) }).max(by: {
      ($0.count, $0) < ($1.count, $1)
    }), word.count <= known.count + 2 {
      tokens.append(.name(known))
      tokens += word.dropFirst(known.count).map { .name(String($0)) }
      return true
    }
    guard word.count <= 3 else { return false }
    tokens += word.map { .name(String($0)) }
    return true
  }
}
