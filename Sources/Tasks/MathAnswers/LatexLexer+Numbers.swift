/// Numbers with their separators, repetitions and exponents.
extension LatexLexer {
  mutating func readNumber(upTo end: Int) {
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
