import Base

/// A piece of an answer to a puzzle.
enum RoleToken: Hashable {
  /// A person, by the place in the list of names.
  case name(Int)
  /// A role, `true` for a knight.
  case role(Bool)
  /// A word of `RoleText.words`, in lower case.
  case word(String)
  case number(Int)
  case mark(Character)
  case lineEnd
}

/// Cuts an answer into names, roles, known words and marks. Whatever else stands there makes the
/// answer unreadable, since an unknown word may turn the meaning of all others.
struct RoleText {
  let names: [String]
  private let roles: [String: Bool]
  private let spelt: [(place: Int, letters: [Character], isExact: Bool)]

  init(names: [String], row: [String: JSONValue]) {
    self.names = names
    roles = Self.roles(of: row)
    let known = Set(roles.keys).union(Self.words)
    spelt = names.enumerated().map { place, name in
      // A person called Will is not the word "will", so such names are read in their own case only.
      let isExact = known.contains(name.lowercased())
      return (place, Array(Self.plain(isExact ? name : name.lowercased())), isExact)
    }.sorted { $0.letters.count > $1.letters.count }
  }

  /// The closed list of words that may stand beside names and roles.
  static let words: Set<String> = [
    "is", "are", "be", "must", "can", "was", "were", "has", "have", "as", "being",
    "a", "an", "the", "not", "never", "cannot", "neither", "nor", "no", "none", "nobody", "one",
    "isn't", "aren't", "can't", "anything", "but", "rather", "than",
    "and", "while", "whereas", "also", "so", "then", "thus", "therefore", "hence", "finally",
    "consequently", "actually", "indeed", "definitely", "clearly", "certainly", "both", "all",
    "everyone", "everybody", "each", "every", "them", "of", "others", "other", "rest", "remaining",
    "else", "except", "for", "apart", "from", "besides", "ones", "two", "three", "four", "five",
    "six", "seven", "people", "persons", "person", "characters", "character", "inhabitants",
    "inhabitant", "islanders", "islander", "role", "roles", "identity", "identities", "type",
    "name", "names", "final", "answer", "solution", "conclusion", "in", "we", "conclude", "that",
    "it", "follows", "their", "assignment", "s",
  ]

  /// What a row's column `knight_knave` calls the two roles, in lower case.
  static func roleWords(of row: [String: JSONValue]) -> (knight: String, knave: String) {
    let words = row["knight_knave"]
    return (
      words?["knight"]?.string?.lowercased() ?? "knight",
      words?["knave"]?.string?.lowercased() ?? "knave"
    )
  }

  /// What a row calls the two roles, with the plural and, for knights and knaves, with
  /// the usual other words.
  private static func roles(of row: [String: JSONValue]) -> [String: Bool] {
    let (knight, knave) = roleWords(of: row)
    var roles: [String: Bool] = [:]
    for (role, isKnight) in [(knight, true), (knave, false)] {
      for ending in ["", "s", "es"] { roles[role + ending] = isKnight }
    }
    if knight == "knight", knave == "knave" {
      for (word, isKnight) in [("truth-teller", true), ("truthteller", true), ("liar", false)] {
        roles[word] = isKnight
        roles[word + "s"] = isKnight
      }
    }
    return roles
  }

  /// The tokens of an answer; nil where something in it is not known.
  func tokens(of answer: String) -> [RoleToken]? {
    let text = Array(Self.plain(answer))
    let lower = text.map { Character($0.lowercased().first.map(String.init) ?? " ") }
    var tokens: [RoleToken] = []
    var position = 0
    while position < text.count {
      let character = text[position]
      if character.isNewline {
        tokens.append(.lineEnd)
        position += 1
      } else if character.isWhitespace || Self.layout.contains(character) {
        position += 1
      } else if let (place, end) = name(at: position, text, lower) {
        tokens.append(.name(place))
        position = end
      } else if character == "\\" {
        guard let end = Self.afterCommand(text, position, &tokens) else { return nil }
        position = end
      } else if character.isLetter {
        guard let (token, end) = word(at: position, lower) else { return nil }
        tokens.append(token)
        position = end
      } else if character.isASCII, character.isNumber {
        let digits = text[position...].prefix { $0.isASCII && $0.isNumber }
        guard digits.count < 4, let number = Int(String(digits)) else { return nil }
        tokens.append(.number(number))
        position += digits.count
      } else {
        guard let mark = Self.mark(character) else { return nil }
        tokens.append(.mark(mark))
        position += 1
      }
    }
    return tokens
  }

  private static let layout: Set<Character> = [
    "*", "$", "#", "`", "\"", "\u{201c}", "\u{201d}", "{", "}", "[", "]", "_", "\u{2022}", "\u{b7}",
  ]

  private static func plain(_ text: String) -> String {
    text.replacing("\u{2019}", with: "'").replacing("\u{2018}", with: "'")
  }

  /// Arrows are one mark; what may change a meaning, such as `?`, `/` or `≠`, is none.
  private static func mark(_ character: Character) -> Character? {
    switch character {
    case "\u{2192}", "\u{21d2}", "\u{27f6}", "\u{21a6}", "\u{2261}": "="
    case "\u{2013}", "\u{2014}", "\u{2010}", "\u{2011}", "\u{2212}": "-"
    case "\u{ff1a}": ":"
    case "\u{3002}": "."
    case ".", ",", ";", ":", "=", "-", "|", "(", ")", "&", "!", ">", "'": character
    default: nil
    }
  }

  private func name(
    at start: Int, _ text: [Character], _ lower: [Character]
  ) -> (place: Int, end: Int)? {
    guard start == 0 || !Self.isWordPart(text[start - 1]) else { return nil }
    for name in spelt {
      let end = start + name.letters.count
      guard !name.letters.isEmpty, end <= text.count else { continue }
      guard (name.isExact ? text : lower)[start..<end].elementsEqual(name.letters) else { continue }
      if end == text.count || !Self.isWordPart(text[end]) { return (name.place, end) }
    }
    return nil
  }

  private func word(at start: Int, _ lower: [Character]) -> (RoleToken, Int)? {
    var end = start
    while end < lower.count, Self.isWordPart(lower[end]) || isJoint(end, lower) { end += 1 }
    // The longest first: "truth-teller", "isn't", then what stands before a hyphen.
    while end > start {
      let text = String(lower[start..<end])
      if let isKnight = roles[text] { return (.role(isKnight), end) }
      if Self.words.contains(text) { return (.word(text), end) }
      guard let joint = lower[start..<end].lastIndex(where: { !Self.isWordPart($0) }) else { break }
      end = joint
    }
    return nil
  }

  private func isJoint(_ index: Int, _ lower: [Character]) -> Bool {
    "'-".contains(lower[index]) && index + 1 < lower.count && Self.isWordPart(lower[index + 1])
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
  }

  private static let typefaces: Set<String> = [
    "text", "textbf", "textit", "textrm", "texttt", "textsf", "mathrm", "mathbf", "mathsf",
    "mathit",
    "mbox", "boxed", "fbox", "emph", "underline", "quad", "qquad", "left", "right", "displaystyle",
  ]
  private static let arrows: Set<String> = [
    "rightarrow", "to", "longrightarrow", "implies", "Rightarrow", "mapsto", "equiv",
  ]

  /// Past a command of LaTeX that changes only how the text looks.
  private static func afterCommand(
    _ text: [Character], _ start: Int, _ tokens: inout [RoleToken]
  ) -> Int? {
    let name = String(text[(start + 1)...].prefix { $0.isASCII && $0.isLetter })
    guard name.isEmpty else {
      if arrows.contains(name) { tokens.append(.mark("=")) }
      return typefaces.contains(name) || arrows.contains(name) ? start + 1 + name.count : nil
    }
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case "\\": tokens.append(.lineEnd)
    case "(", ")", "[", "]", ",", ";", " ", "{", "}", "&", "_", "#", "!": break
    default: return nil
    }
    return start + 2
  }
}
