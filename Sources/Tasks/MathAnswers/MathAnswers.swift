/// `math@2`: whether an answer means the same as the reference. Documented in `docs/verifiers.md`.
package enum MathAnswers {
  package static let name = "math@2"

  /// Longer answers are never parsed.
  static let lengthLimit = 4000

  /// Whether an answer means the same as the reference; both may be LaTeX or plain text.
  ///
  /// Never fails, and takes time that grows with the length alone: what is not understood, or is
  /// too long or too deep, is compared piece by piece as it is written.
  package static func isEquivalent(_ answer: String, to reference: String) -> Bool {
    if max(answer.utf8.count, reference.utf8.count) > lengthLimit {
      return answer.utf8.elementsEqual(reference.utf8)
    }
    let wanted = ReadAnswer(reference: reference)
    let given = ReadAnswer(answer)
    guard !given.tokens.isEmpty, !wanted.tokens.isEmpty else { return false }
    if given.plain == wanted.plain { return true }
    if let isEqual = OptionLetters.agree(given.tokens, wanted.tokens) { return isEqual }
    guard let target = wanted.parsed else { return false }
    let equality = AnswerEquality(
      expressions: ExpressionEquality(
        seed: StableHash.value(of: answer, seed: StableHash.value(of: reference, seed: 1))))
    if let parsed = given.parsed {
      if equality.agree(parsed, target) { return true }
      if let other = parsed.readingImaginary(beside: target), equality.agree(other, target) {
        return true
      }
    }
    // A comma between digits has other meanings where the reference shows which one is meant.
    guard answer.utf8.contains(UInt8(ascii: ",")), let reading = reading(for: target),
      let parsed = AnswerParser.parse(LatexLexer.tokens(of: answer, reading))
    else { return false }
    return equality.agree(parsed, target)
  }

  /// Whether an answer is understood, for tests of the coverage.
  package static func canParse(_ answer: String) -> Bool { ReadAnswer(answer).parsed != nil }

  /// How digits with commas are read beside a reference that is a list or a decimal.
  private static func reading(for reference: Answer) -> NumeralReading? {
    switch reference {
    case .list, .tuple: NumeralReading(commasSeparate: true)
    case .value(let expression):
      expression.places == nil ? nil : NumeralReading(commasAreDecimal: true)
    default: nil
    }
  }
}

/// An answer's tokens and what they say.
private struct ReadAnswer {
  let tokens: [LatexToken]
  let parsed: Answer?
  /// The tokens without groups' braces, to compare what is not understood.
  var plain: [LatexToken] { tokens.filter { $0 != .sign("{") && $0 != .sign("}") } }

  init(_ text: String) {
    tokens = LatexLexer.tokens(of: text)
    parsed = AnswerParser.parse(tokens)
  }

  /// Reads a reference, which may count anything: `45 \text{ fruit roll-ups per person}` is 45, and
  /// `\approx 8.24` is 8.24. Of an answer every word must be understood.
  init(reference text: String) {
    tokens = LatexLexer.tokens(of: text)
    let said = tokens.first == .command("approx") ? Array(tokens.dropFirst()) : tokens
    parsed = AnswerParser.parse(said) ?? Self.count(said)
  }

  /// The number before words that say nothing about it.
  private static func count(_ tokens: [LatexToken]) -> Answer? {
    let words = tokens.reversed().prefix { token in
      switch token {
      case .word(let word): return !CountWords.changes(word)
      case .letter(let letter): return letter.count == 1
      default: return [.sign("-"), .sign("&"), .sign("'")].contains(token)
      }
    }
    let isInWords = words.contains { if case .word = $0 { true } else { false } }
    guard isInWords,
      case .value(let value)? = AnswerParser.parse(Array(tokens.dropLast(words.count))),
      value.rational != nil
    else { return nil }
    return .value(value)
  }
}

/// Letters of options, such as `(B)`, which may come with the option's text.
private enum OptionLetters {
  /// nil where the reference is no single letter.
  static func agree(_ answer: [LatexToken], _ reference: [LatexToken]) -> Bool? {
    guard let wanted = letter(reference, isWhole: true) else { return nil }
    guard let given = letter(answer, isWhole: false) else { return nil }
    return given == wanted
  }

  private static func letter(_ tokens: [LatexToken], isWhole: Bool) -> String? {
    let plain = tokens.filter { $0 != .sign("{") && $0 != .sign("}") }
    var rest = plain[...]
    if case .word(let word)? = rest.first, ["option", "choice"].contains(word.lowercased()) {
      rest = rest.dropFirst()
    }
    let isBracketed = rest.first == .sign("(")
    if isBracketed { rest = rest.dropFirst() }
    let found: String
    switch rest.first {
    case .letter(let letter) where ("A"..."J").contains(letter) && letter.count == 1: found = letter
    case .word(let word) where ("A"..."J").contains(word) && word.count == 1: found = word
    default: return nil
    }
    rest = rest.dropFirst()
    if isBracketed {
      guard rest.first == .sign(")") else { return nil }
      rest = rest.dropFirst()
    } else if [.sign("."), .sign(")"), .sign(":")].contains(rest.first) {
      rest = rest.dropFirst()
    } else if !rest.isEmpty {
      return nil
    }
    if isWhole { return rest.isEmpty ? found : nil }
    // Another option in brackets is no text of this one.
    let others = rest.indices.contains { index in
      guard case .letter(let letter) = rest[index], ("A"..."J").contains(letter) else {
        return false
      }
      return index > rest.startIndex && rest[index - 1] == .sign("(")
        || rest.count == 1
    }
    return others ? nil : found
  }
}
