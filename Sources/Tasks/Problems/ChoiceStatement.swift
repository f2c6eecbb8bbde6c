/// Reads which option an answer chooses, from the usual forms in which answers are given and from
/// nothing else: `mmlu_pro@strict@2`. `docs/verifiers.md` lists the forms.
struct ChoiceStatement {
  /// What a letter in its place comes to.
  enum Claim: Hashable {
    case given(Character)
    case denied(Character)
    /// Two letters, or a question.
    case undecided
    /// No letter that chooses: an article, a pronoun, a quantity.
    case nothing
  }

  /// How freely text may follow a letter.
  enum Setting {
    /// After "the answer is".
    case stated
    /// At the start of a text that is an answer as a whole.
    case leading
  }

  let options: [String]
  let tokens: [ChoiceToken]
  let optionTokens: [[ChoiceToken]]

  /// The letter that a completion chooses; nil where it chooses none, or none that there is.
  /// - Parameters:
  ///   - text: the text in which the answer is given.
  ///   - isAnswer: whether the text is nothing but the answer: an `<answer>`, or what follows the
  ///     thinking.
  ///   - options: those that the row lists; empty where they are not known.
  static func letter(in text: String, isAnswer: Bool, options: [String]) -> String? {
    let reader = ChoiceStatement(text, options)
    guard let letter = reader.choice(isAnswer: isAnswer) ?? nil else { return nil }
    let count = options.isEmpty ? 10 : options.count
    return letters.prefix(count).contains(letter) ? String(letter) : nil
  }

  /// A box without an option's letter, such as a number that was worked out.
  private static let otherBox = ChoiceToken.word("\\boxed")
  static let letters = Array("ABCDEFGHIJKLMNOP")

  private init(_ text: String, _ options: [String], isBox: Bool = false) {
    self.options = options
    optionTokens = options.map { ChoiceText.tokens(of: $0).filter { $0 != .lineEnd } }
    tokens = ChoiceText.tokens(of: text) { inside in
      isBox ? nil : Self.box(inside, options)
    }
  }

  private static func box(_ inside: String, _ options: [String]) -> ChoiceToken? {
    let reader = ChoiceStatement(inside, options, isBox: true)
    if let letter = reader.wholeText() ?? reader.leading(asWhole: true) {
      return .letter(letter, isMarked: true, isBox: true)
    }
    return reader.tokens.contains { $0.letter != nil } ? .unreadableBox : nil
  }

  /// The letter, nil in it where something was given that names no one option, nil for nothing.
  private func choice(isAnswer: Bool) -> Character?? {
    if let box = tokens.lastIndex(where: \.isBox) { return .some(boxed(at: box)) }
    if let statement = lastStatement(isAnswer: isAnswer) { return statement }
    let hasOneLine = tokens.split(separator: .lineEnd).count == 1
    if isAnswer, let letter = wholeText() { return letter }
    if isAnswer || hasOneLine, let letter = leading(asWhole: isAnswer) { return letter }
    return bareLastLine()
  }

  // MARK: Forms

  private func boxed(at index: Int) -> Character? {
    guard tokens[index].isMarked, !isDenied(before: index), !isAlternative(before: index),
      case .given(let letter) = claim(at: index, .stated)
    else { return nil }
    return letter
  }

  /// The option whose text this is, if there is exactly one.
  private func wholeText() -> Character? {
    let own = Self.plain(tokens)
    guard !own.isEmpty else { return nil }
    let matches = optionTokens.indices.filter { Self.plain(optionTokens[$0]) == own }
    guard matches.count == 1, matches[0] < Self.letters.count else { return nil }
    return tokens.count == 1 && tokens[0].letter != nil ? nil : Self.letters[matches[0]]
  }

  private static func plain(_ tokens: [ChoiceToken]) -> String {
    var tokens = tokens.filter { $0 != .lineEnd }
    if tokens.last == .mark(".") { tokens.removeLast() }
    return tokens.map(\.key).joined(separator: " ")
  }

  /// A letter that opens the text: `C`, `(C)`, `Option C`, `C. text`.
  /// - Parameter asWhole: whether any text may follow; else only the option's own.
  private func leading(asWhole: Bool) -> Character? {
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      if token == .lineEnd || token == .mark(":") || token == .mark(",") || token == .mark("-") {
        index += 1
        continue
      }
      let isPronoun = token.key == "i" && isFollowed(index, by: ChoiceWords.leads)
      if isPronoun || (token.isWord && asWhole && ChoiceWords.leads.contains(token.key))
        || token.key == "option"
      {
        index += 1
        continue
      }
      break
    }
    guard index < tokens.count, tokens[index].letter != nil,
      case .given(let letter) = claim(at: index, .leading)
    else { return nil }
    return asWhole || endsWithItsText(at: index) || isFollowed(index, by: ChoiceWords.reasons)
      ? letter : nil
  }

  /// Whether nothing or only the option's own text follows.
  private func endsWithItsText(at index: Int) -> Bool {
    var end = index + 1
    while end < tokens.count, [".", ")", ":"].contains(tokens[end].key) { end += 1 }
    end = afterOwnText(of: tokens[index].letter, from: end) ?? end
    return tokens[end...].allSatisfy { $0 == .lineEnd || $0 == .mark(".") }
  }

  /// A letter that is the whole last line, unless lines above list options: the list may be cut.
  private func bareLastLine() -> Character? {
    let lines = tokens.split(separator: .lineEnd)
    guard let last = lines.last, last.first?.letter != nil,
      last.count == 1 || (last.count == 2 && last.last == .mark("."))
    else { return nil }
    let isList = lines.dropLast().contains { line in
      let body = line.drop { ["option", "-"].contains($0.key) }
      guard let first = body.first, first.letter != nil else { return false }
      return first.isMarked || body.count == 1
        || [".", ")", ":"].contains(body.dropFirst().first?.key ?? "")
    }
    return isList ? nil : last.first?.letter
  }

  /// What the last statement of an answer says: the letter, nil in it where none is left.
  private func lastStatement(isAnswer: Bool) -> Character?? {
    var state: Character??
    var end = 0
    for index in tokens.indices where index >= end {
      guard let (letter, isDenied) = statement(at: index, isAnswer: isAnswer) else { continue }
      end = letter + 1
      guard let name = tokens[letter].letter else {
        state = .some(nil)
        continue
      }
      switch isDenied ? .denied(name) : claim(at: letter, .stated) {
      case .given(let name): state = .some(name)
      case .undecided: state = .some(nil)
      case .denied(let name):
        if state == nil || state == .some(name) { state = .some(nil) }
      case .nothing: break
      }
    }
    if let name = state, name != nil, isRetracted(after: end - 1) { return .some(nil) }
    return state
  }

  /// The place of the letter in a statement that begins here.
  private func statement(at index: Int, isAnswer: Bool) -> (letter: Int, isDenied: Bool)? {
    switch tokens[index] {
    case .word(let word) where ChoiceWords.isEastern(word): easternStatement(word, at: index)
    case .word(let word) where ChoiceWords.nouns.contains(word): nounStatement(at: index)
    case .word(let word) where ChoiceWords.choosers.contains(word) || word == "go":
      chooserStatement(at: index)
    case .letter: letterStatement(at: index, isAnswer: isAnswer)
    default: nil
    }
  }

  /// "The best answer is (A)", "Answer: D", "the correct option is C".
  private func nounStatement(at index: Int) -> (letter: Int, isDenied: Bool)? {
    var start = index
    var hasAdjective = false
    while start > 0, ChoiceWords.adjectives.contains(tokens[start - 1].key) {
      start -= 1
      hasAdjective = true
    }
    var end = index
    var isAnswer = false
    while end < tokens.count, ChoiceWords.nouns.contains(tokens[end].key) {
      isAnswer = isAnswer || ChoiceWords.answers.contains(tokens[end].key)
      end += 1
    }
    while end < tokens.count, ChoiceWords.adjectives.contains(tokens[end].key) {
      hasAdjective = true
      end += 1
    }
    if start > 0, tokens[start - 1].isWord || tokens[start - 1].letter != nil {
      guard
        ChoiceWords.openings.contains(tokens[start - 1].key) || tokens[start - 1] == Self.otherBox
      else { return nil }
    }
    guard isAnswer || hasAdjective else { return nil }
    let isHeading = tokens[..<start].last.map { $0 == .lineEnd } ?? true
    guard let after = copula(from: end, isHeading: isHeading),
      let found = letter(from: after, isDenied: false), !isSupposed(before: start)
    else { return nil }
    return (found.letter, found.isDenied || isDenied(before: start))
  }

  /// The place after "is", "seems to be", ":", or the end of a heading's line.
  private func copula(from start: Int, isHeading: Bool) -> Int? {
    var index = start
    if index < tokens.count, ["to", "for", "here", "of"].contains(tokens[index].key) {
      let limit = min(tokens.count, index + 7)
      while index < limit, tokens[index].isWord, !ChoiceWords.copulas.contains(tokens[index].key) {
        guard !ChoiceWords.isDenial(tokens[index].key) else { return nil }
        index += 1
      }
    }
    while index < tokens.count, ["therefore", "thus", "hence", ","].contains(tokens[index].key) {
      index += 1
    }
    guard index < tokens.count else { return nil }
    let key = tokens[index].key
    if [":", "=", "\u{2192}", "-", "\u{2013}", "\u{2014}"].contains(key) { return index + 1 }
    if key == "." && tokens[start - 1].key == "ans" { return index + 1 }
    if key == "isn't" { return index }
    if ChoiceWords.copulas.contains(key) { return index + 1 }
    if key == "\n" { return isHeading ? index + 1 : nil }
    return ChoiceWords.verbs.first { verb in
      index + verb.count <= tokens.count
        && zip(verb, tokens[index...]).allSatisfy { $0 == $1.key }
    }.map { index + $0.count }
  }

  /// The first letter after words that say nothing.
  private func letter(from start: Int, isDenied: Bool) -> (letter: Int, isDenied: Bool)? {
    var index = start
    var isDenied = isDenied
    while index < tokens.count {
      let token = tokens[index]
      if token.letter != nil { return (index, isDenied) }
      guard [":", "\n", ",", "(", "-", ">"].contains(token.key) || token.isWord else { return nil }
      if token.isWord, ChoiceWords.isDenial(token.key) {
        isDenied = true
      } else if token.isWord, !ChoiceWords.fillers.contains(token.key) {
        return nil
      }
      index += 1
    }
    return nil
  }

  /// "I choose C", "I'd go with (C)".
  private func chooserStatement(at index: Int) -> (letter: Int, isDenied: Bool)? {
    guard index > 0, ChoiceWords.deciders.contains(tokens[index - 1].key),
      !isSupposed(before: max(0, index - 1))
    else { return nil }
    var after = index + 1
    if tokens[index].key == "go" {
      guard after < tokens.count, tokens[after].key == "with" else { return nil }
      after += 1
    }
    return letter(from: after, isDenied: isDenied(before: index))
  }

  /// "C is the correct answer"; in a text that is an answer also "C is correct".
  private func letterStatement(at index: Int, isAnswer: Bool) -> (letter: Int, isDenied: Bool)? {
    guard let end = predicate(after: index, isAnswer: isAnswer), end > index + 1,
      !isSupposed(before: index), !isAlternative(before: index)
    else { return nil }
    return (index, isDenied(before: index))
  }

  /// Past "is the correct answer" after a letter.
  func predicate(after index: Int, isAnswer: Bool) -> Int? {
    var end = index + 1
    guard end < tokens.count, ["is", "must", "should"].contains(tokens[end].key) else { return nil }
    end += 1
    while end < tokens.count, ["be", "the", "therefore", "thus"].contains(tokens[end].key) {
      end += 1
    }
    var hasAdjective = false
    while end < tokens.count, ChoiceWords.adjectives.contains(tokens[end].key) {
      hasAdjective = true
      end += 1
    }
    let noun = end < tokens.count ? tokens[end].key : ""
    if ChoiceWords.answers.contains(noun) { return end + 1 }
    if hasAdjective, ChoiceWords.nouns.contains(noun) || noun == "one" { return end + 1 }
    let isEnd = noun.isEmpty || noun == "." || noun == "\n" || ChoiceWords.reasons.contains(noun)
    return hasAdjective && isAnswer && isEnd ? end : nil
  }

  /// "답은 (I)", "答案：C".
  private func easternStatement(_ word: String, at index: Int) -> (letter: Int, isDenied: Bool)? {
    guard !ChoiceWords.isDenial(word), index + 1 < tokens.count else { return nil }
    var after = index + 1
    let isStatement = ChoiceWords.easternStatements.contains { word.hasSuffix($0) }
    guard isStatement || ChoiceWords.easternNouns.contains(where: { word.hasSuffix($0) }) else {
      return nil
    }
    if tokens[after].key == ":" {
      after += 1
    } else if !isStatement {
      return nil
    }
    while after < tokens.count,
      tokens[after] == .lineEnd || ["选项", "選項"].contains(tokens[after].key)
    {
      after += 1
    }
    guard after < tokens.count, tokens[after].letter != nil else { return nil }
    return (after, false)
  }
}
