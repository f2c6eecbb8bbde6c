/// What stands around a letter: whether it is given, denied, one of two, or no answer at all.
extension ChoiceStatement {
  func claim(at index: Int, _ setting: Setting) -> Claim {
    guard let letter = tokens[index].letter else { return .nothing }
    var next = index + 1
    var hasEnumerator = false
    while next < tokens.count, [".", ")", ":", "-", "\u{2013}"].contains(tokens[next].key) {
      hasEnumerator = true
      next += 1
    }
    let afterText = afterOwnText(of: letter, from: next)
    if afterText == nil, namesAnotherOption(than: letter, from: next) { return .undecided }
    if let predicate = predicate(after: index, isAnswer: true) {
      next = predicate
    } else if let afterText {
      // "A red thing" opens with an article, whatever option A is.
      let isCut = afterText < tokens.count && tokens[afterText].isWord
      if isCut, !hasEnumerator, !tokens[index].isMarked, !mayGoOn(tokens[afterText].key) {
        return .nothing
      }
      next = afterText
    } else if !mayEndHere(index, hasEnumerator, setting) {
      return isDeniedClause(from: index + 1, of: letter) ? .denied(letter) : .nothing
    }
    if next < tokens.count, tokens[next] == .mark("?") { return .undecided }
    // "The answer is C. I am not sure." denies nothing, unlike "C. is false".
    let isSentence =
      setting == .stated && tokens[safe: index + 1] == .mark(".")
      && !ChoiceWords.predicates.contains(tokens[safe: next]?.key ?? "")
    let clause = isSentence || !hasEnumerator && afterText == nil ? index + 1 : next
    if isDeniedClause(from: clause, of: letter) { return .denied(letter) }
    return hasOther(than: letter, from: afterText ?? index + 1, setting)
      ? .undecided : .given(letter)
  }

  /// Whether a letter may choose with what follows it.
  private func mayEndHere(_ index: Int, _ hasEnumerator: Bool, _ setting: Setting) -> Bool {
    guard index + 1 < tokens.count else { return true }
    switch tokens[index + 1] {
    case .word(let word):
      if ChoiceWords.isEastern(word) {
        return ChoiceWords.easternEndings.contains(word) || ChoiceWords.alternatives.contains(word)
          || ChoiceWords.easternReasons.contains { word.hasPrefix($0) }
      }
      return tokens[index].isMarked && !ChoiceWords.predicates.contains(word)
        || mayGoOn(word) || ChoiceWords.isDenial(word)
        || (word == "rather" && isFollowed(index + 1, by: ["than"]))
    case .mark(let mark):
      return !ChoiceWords.formulaMarks.contains(mark) || "/&".contains(mark)
    case .letter, .unreadableBox, .lineEnd: return true
    }
  }

  private func mayGoOn(_ word: String) -> Bool {
    ChoiceWords.reasons.contains(word) || ChoiceWords.alternatives.contains(word) || word == "but"
  }

  /// Past the option's own text, if it stands here.
  func afterOwnText(of letter: Character?, from start: Int) -> Int? {
    guard let letter, let place = Self.letters.firstIndex(of: letter), place < optionTokens.count,
      !optionTokens[place].isEmpty
    else { return nil }
    return end(of: optionTokens[place], from: start)
  }

  private func end(of text: [ChoiceToken], from start: Int) -> Int? {
    guard start + text.count <= tokens.count else { return nil }
    let isThere = zip(text, tokens[start...]).allSatisfy { $0.key == $1.key }
    return isThere ? start + text.count : nil
  }

  /// Whether the text here up to the line's end is that of another option.
  private func namesAnotherOption(than letter: Character, from start: Int) -> Bool {
    optionTokens.indices.contains { place in
      guard place < Self.letters.count, Self.letters[place] != letter, !optionTokens[place].isEmpty,
        let end = end(of: optionTokens[place], from: start)
      else { return false }
      return tokens[end...].prefix { $0 != .lineEnd }.allSatisfy { $0 == .mark(".") }
    }
  }

  /// Whether the clause that begins here denies the letter before it.
  private func isDeniedClause(from start: Int, of letter: Character) -> Bool {
    for index in start..<max(start, tokens.count) {
      let token = tokens[index]
      if case .mark(let mark) = token, ChoiceWords.clauseEnds.contains(mark) { return false }
      if ChoiceWords.reasons.contains(token.key) || token == .lineEnd { return false }
      if token.isWord, ChoiceWords.isDenial(token.key) {
        let object = tokens[(index + 1)...].first { !ChoiceWords.fillers.contains($0.key) }
        return object?.letter == nil || object?.letter == letter
      }
    }
    return false
  }

  /// Whether another letter is given beside one.
  private func hasOther(than letter: Character, from start: Int, _ setting: Setting) -> Bool {
    var isReason = false
    var isJoined = true
    let end = setting == .stated ? min(tokens.count, start + Self.reach) : tokens.count
    for index in start..<max(start, end) {
      let token = tokens[index]
      switch token {
      case .mark(let mark) where ChoiceWords.sentenceEnds.contains(mark):
        if setting == .stated, !isJoined || isReason { return false }
        isReason = false
      case .lineEnd:
        if setting == .stated {
          let following = tokens[index...].drop { $0 == .lineEnd }
          guard let other = following.first?.letter, other != letter else { return false }
          let next = following.dropFirst().first
          return !isReason && (next == nil || next == .lineEnd)
        }
        isReason = false
      case .word(let word):
        if ChoiceWords.reasons.contains(word) { isReason = true }
        if !ChoiceWords.connectives.contains(word) { isJoined = false }
      case .letter(let other, _, _):
        guard other != letter, !isReason else { break }
        if index == start || isListed(index, setting) || isGiven(other: index, isJoined, setting) {
          return true
        }
      case .mark, .unreadableBox: break
      }
    }
    return false
  }

  /// Whether a further letter opens an option of a list: "A. red B. green".
  private func isListed(_ index: Int, _ setting: Setting) -> Bool {
    guard setting == .leading, let next = tokens[safe: index + 1] else { return false }
    return next == .mark(")") || next == .mark(":")
      || next == .mark(".") && tokens[safe: index + 2].map { $0 != .lineEnd } ?? false
  }

  /// Whether a further letter is given too, rather than spoken of.
  private func isGiven(other index: Int, _ isJoined: Bool, _ setting: Setting) -> Bool {
    var before = index - 1
    while before > 0, ["option", "choice", "answer", "the"].contains(tokens[before].key) {
      before -= 1
    }
    let previous = tokens[before]
    if ChoiceWords.isDenial(previous.key) || ["than", "of"].contains(previous.key) { return false }
    let isAlternative =
      ChoiceWords.alternatives.contains(previous.key) || ["/", "&"].contains(previous.key)
    if isAlternative, isJoined, setting == .leading || !["and", "und", "et"].contains(previous.key)
    {
      return true
    }
    if index + 1 < tokens.count, case .word(let next) = tokens[index + 1],
      !ChoiceWords.connectives.contains(next), !ChoiceWords.reasons.contains(next)
    {
      return tokens[index].isMarked && !ChoiceWords.predicates.contains(next)
        && !ChoiceWords.isDenial(next)
    }
    let isApart =
      !previous.isWord || ChoiceWords.connectives.contains(previous.key) || before < index - 1
    return isApart || tokens[index].isMarked
  }

  func isFollowed(_ index: Int, by words: Set<String>) -> Bool {
    index + 1 < tokens.count && tokens[index + 1].isWord && words.contains(tokens[index + 1].key)
  }

  /// Whether the same clause denies what stands here: "not C", "it is false that the answer is C".
  func isDenied(before index: Int) -> Bool {
    clause(before: index).contains { $0.isWord && ChoiceWords.isDenial($0.key) && $0.key != "no" }
  }

  func isSupposed(before index: Int) -> Bool {
    clause(before: index).contains { $0.isWord && ChoiceWords.suppositions.contains($0.key) }
      || sentence(before: index).contains { ChoiceWords.conditions.contains($0.key) }
  }

  /// Whether a letter before this one is coordinated with it: "A or C is the answer".
  func isAlternative(before index: Int) -> Bool {
    var before = index - 1
    while before >= 0, ["option", "choice", "the", "either", "both"].contains(tokens[before].key) {
      before -= 1
    }
    guard before > 0 else { return false }
    let isJoint =
      ChoiceWords.alternatives.contains(tokens[before].key)
      || ["/", ",", "&"].contains(tokens[before].key)
    return isJoint && tokens[before - 1].letter != nil
  }

  /// How many tokens before and after a letter are looked at: runaway texts must not take minutes.
  private static let reach = 200

  private func sentence(before index: Int) -> ArraySlice<ChoiceToken> {
    let start = tokens[..<index].suffix(Self.reach).lastIndex { token in
      if case .mark(let mark) = token { return ChoiceWords.sentenceEnds.contains(mark) }
      return token == .lineEnd
    }
    return tokens[(start.map { $0 + 1 } ?? max(0, index - Self.reach))..<index]
  }

  private func clause(before index: Int) -> ArraySlice<ChoiceToken> {
    let sentence = sentence(before: index)
    let start = sentence.lastIndex { token in
      [",", ";", ":", "so", "therefore", "thus", "hence", "then", "because", "since"]
        .contains(token.key)
    }
    return sentence[(start.map { $0 + 1 } ?? sentence.startIndex)...]
  }

  /// Whether a later sentence takes the statement back: "Wait, no.", "That is wrong."
  func isRetracted(after index: Int) -> Bool {
    var isStart = false
    for place in (index + 1)..<max(index + 1, tokens.count) {
      let token = tokens[place]
      if case .mark(let mark) = token, ChoiceWords.sentenceEnds.contains(mark) {
        isStart = true
      } else if token == .lineEnd {
        isStart = true
      } else {
        let next = place + 1 < tokens.count ? tokens[place + 1] : .lineEnd
        if isStart, ChoiceWords.retractions.contains(token.key),
          !next.isWord || ["that", "that's", "this", "i", "it"].contains(next.key)
        {
          return true
        }
        if isStart, ["that", "this", "it", "that's", "it's"].contains(token.key) {
          let words = tokens[(place + 1)...].prefix(3)
          if words.contains(where: { $0.isWord && ChoiceWords.isDenial($0.key) }) { return true }
        }
        isStart = false
      }
    }
    return false
  }
}
