/// A regular expression of a pre-tokenizer, with the meaning that Oniguruma gives it, which the
/// reference uses: the leftmost match, of alternatives the first.
///
/// What pre-tokenizers use is known: alternatives, groups, `(?i:…)`, classes with `\p{…}`, repetitions
/// (greedy, lazy, possessive) of single characters, groups that occur a few times, and looking ahead.
/// Everything else is refused, never guessed.
struct RegularExpression: Sendable {
  /// As it is written.
  let pattern: String
  private let nodes: [Node]
  private let start: Int

  /// A step of the match, with the index of the step after it.
  private enum Node: Sendable {
    case accept
    case one(CharacterClass, next: Int)
    case run(CharacterClass, Term.Count, Term.Greed, next: Int)
    case alternatives([Int])
    case ahead(Int, isNegative: Bool, next: Int)
    case lineStart(next: Int)
    case lineEnd(next: Int)
  }

  /// - Throws: `ExpressionError` for what is not known.
  init(_ pattern: String) throws(ExpressionError) {
    var parser = ExpressionParser(pattern)
    let term = try parser.parse()
    // Groups that are repeated in groups that are repeated grow fast.
    guard term.size <= 1000 else { throw ExpressionError(feature: "more than 1000 parts") }
    self.init(pattern: pattern, term)
  }

  /// An expression that matches a text as it stands.
  init(literal: String) {
    let characters = literal.unicodeScalars.map { Term.one(CharacterClass($0)) }
    self.init(pattern: literal, .sequence(characters))
  }

  private init(pattern: String, _ term: Term) {
    self.pattern = pattern
    var nodes: [Node] = [.accept]
    start = Self.add(term, before: 0, to: &nodes)
    self.nodes = nodes
  }

  /// Adds a term in front of a step.
  /// - Returns: the step at which it begins.
  private static func add(_ term: Term, before next: Int, to nodes: inout [Node]) -> Int {
    switch term {
    case .one(let set): nodes.append(.one(set, next: next))
    case .run(let set, let count, let greed): nodes.append(.run(set, count, greed, next: next))
    case .sequence(let terms):
      return terms.reversed().reduce(next) { add($1, before: $0, to: &nodes) }
    case .alternatives(let terms):
      let starts = terms.map { add($0, before: next, to: &nodes) }
      nodes.append(.alternatives(starts))
    case .few(let term, let count, let isLazy):
      var start = next
      for index in (0..<(count.most ?? count.least)).reversed() {
        let once = add(term, before: start, to: &nodes)
        guard index >= count.least else {
          start = once
          continue
        }
        nodes.append(.alternatives(isLazy ? [next, once] : [once, next]))
        start = nodes.count - 1
      }
      return start
    case .ahead(let term, let isNegative):
      let inner = add(term, before: 0, to: &nodes)
      nodes.append(.ahead(inner, isNegative: isNegative, next: next))
    case .lineStart: nodes.append(.lineStart(next: next))
    case .lineEnd: nodes.append(.lineEnd(next: next))
    }
    return nodes.count - 1
  }

  /// All matches in a part of a text, which is all that the expression sees, without overlap.
  func matches(in text: TokenizerText, _ part: Range<Int>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var position = part.lowerBound
    while position <= part.upperBound, let match = firstMatch(in: text, part, from: position) {
      // An empty match right behind another one does not count.
      if match.isEmpty, match.lowerBound == found.last?.upperBound {
        position += 1
        continue
      }
      found.append(match)
      position = match.upperBound
    }
    return found
  }

  private func firstMatch(
    in text: TokenizerText, _ part: Range<Int>, from start: Int
  ) -> Range<Int>? {
    var position = start
    while position <= part.upperBound {
      let matcher = Matcher(nodes: nodes, text: text, part: part)
      if let end = matcher.end(self.start, position) { return position..<end }
      position = max(position + 1, matcher.endOfHopelessRun(self.start, position))
    }
    return nil
  }

  /// Tries steps against a part of a text.
  private struct Matcher {
    let nodes: [Node]
    let text: TokenizerText
    let part: Range<Int>

    func contains(_ set: CharacterClass, _ position: Int) -> Bool {
      set.contains(text.scalars[position], text.traits[position])
    }

    /// Where a match ends that begins with a step at a position.
    func end(_ first: Int, _ start: Int) -> Int? {
      var (node, position) = (first, start)
      while true {
        switch nodes[node] {
        case .accept: return position
        case .one(let set, let next):
          guard position < part.upperBound, contains(set, position) else { return nil }
          (node, position) = (next, position + 1)
        case .run(let set, let count, let greed, let next):
          return endOfRun(set, count, greed, next, position)
        case .alternatives(let starts):
          for start in starts {
            if let end = end(start, position) { return end }
          }
          return nil
        case .ahead(let inner, let isNegative, let next):
          guard (end(inner, position) == nil) == isNegative else { return nil }
          node = next
        case .lineStart(let next):
          guard
            position == part.lowerBound
              || (text.scalars[position - 1] == "\n" && position < part.upperBound)
          else { return nil }
          node = next
        case .lineEnd(let next):
          guard position == part.upperBound || text.scalars[position] == "\n" else { return nil }
          node = next
        }
      }
    }

    private func endOfRun(
      _ set: CharacterClass, _ count: Term.Count, _ greed: Term.Greed, _ next: Int, _ start: Int
    ) -> Int? {
      let limit = count.most.map { min(part.upperBound, start + $0) } ?? part.upperBound
      guard start + count.least <= limit else { return nil }
      if greed == .lazy {
        var position = start
        while position < limit || position == start + count.least {
          if position >= start + count.least, let end = end(next, position) { return end }
          guard position < limit, contains(set, position) else { return nil }
          position += 1
        }
        return end(next, position)
      }
      var position = start
      while position < limit, contains(set, position) { position += 1 }
      while position >= start + count.least {
        if let end = end(next, position) { return end }
        if greed == .possessive { return nil }
        position -= 1
      }
      return nil
    }

    /// The end of the run of characters that an expression begins with. Where it did not match at
    /// the run's first, it matches at none of them; without this, long runs take quadratic time.
    func endOfHopelessRun(_ first: Int, _ start: Int) -> Int {
      guard case .run(let set, let count, _, _) = nodes[first], count.most == nil, count.least <= 1
      else { return start }
      var position = start
      while position < part.upperBound, contains(set, position) { position += 1 }
      return position
    }
  }
}

/// A regular expression as it is read.
indirect enum Term: Sendable {
  case one(CharacterClass)
  case run(CharacterClass, Count, Greed)
  case sequence([Term])
  case alternatives([Term])
  /// A group that occurs a bounded number of times.
  case few(Term, Count, isLazy: Bool)
  case ahead(Term, isNegative: Bool)
  case lineStart, lineEnd

  /// About how many steps it takes, no more than a little above a thousand.
  var size: Int {
    let size =
      switch self {
      case .one, .run, .lineStart, .lineEnd: 1
      case .sequence(let terms), .alternatives(let terms): terms.reduce(1) { $0 + $1.size }
      case .few(let term, let count, _): (count.most ?? count.least) * (term.size + 1)
      case .ahead(let term, _): term.size + 1
      }
    return min(size, 2000)
  }

  /// How often something occurs; nil for as often as there is.
  struct Count: Sendable {
    let least: Int
    let most: Int?
  }

  enum Greed: Sendable { case greedy, lazy, possessive }
}

/// A part of a regular expression that is not known, in words.
struct ExpressionError: Error {
  let feature: String
}
