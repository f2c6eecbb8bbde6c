import Foundation

/// A piece of an answer that chooses an option.
enum ChoiceToken: Hashable {
  /// In lower case; a run of Chinese, Japanese or Korean is one word.
  case word(String)
  /// A letter that stands alone, in upper case. It is marked where brackets or a box hold it.
  case letter(Character, isMarked: Bool, isBox: Bool)
  /// A box with an option's letter in it that names no one option.
  case unreadableBox
  case mark(Character)
  case lineEnd

  /// What two tokens are compared by where case does not count.
  var key: String {
    switch self {
    case .word(let word): word
    case .letter(let letter, _, _): letter.lowercased()
    case .unreadableBox: "\\boxed"
    case .mark(let mark): String(mark)
    case .lineEnd: "\n"
    }
  }

  var letter: Character? {
    if case .letter(let letter, _, _) = self { letter } else { nil }
  }

  var isMarked: Bool {
    if case .letter(_, let isMarked, _) = self { isMarked } else { false }
  }

  var isWord: Bool {
    if case .word = self { true } else { false }
  }

  var isBox: Bool {
    switch self {
    case .letter(_, _, let isBox): isBox
    case .unreadableBox: true
    default: false
    }
  }
}

/// Cuts an answer into tokens. Emphasis, quotation marks and the commands of LaTeX that only change
/// a typeface are left out; full-width and other compatible characters become plain ones.
struct ChoiceText {
  /// The letter that a box's content chooses, as `.letter` or `.unreadableBox`; nil for a box
  /// without any option's letter, which is passed over.
  typealias BoxReader = (String) -> ChoiceToken?

  private let characters: [Character]
  /// Whether the text holds LaTeX, in which `~` is a space.
  private let hasCommands: Bool
  /// Where the group ends that a brace opens.
  private let closing: [Int: Int]
  private let readBox: BoxReader
  private var position = 0
  private var tokens: [ChoiceToken] = []

  static func tokens(
    of text: String, readBox: @escaping BoxReader = { _ in nil }
  ) -> [ChoiceToken] {
    var reader = ChoiceText(text, readBox)
    reader.read()
    return reader.tokens
  }

  private init(_ text: String, _ readBox: @escaping BoxReader) {
    let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
    characters = Array(isPlain ? text : text.precomposedStringWithCompatibilityMapping)
    hasCommands = text.utf8.contains(UInt8(ascii: "\\"))
    closing = hasCommands ? Self.closing(of: characters) : [:]
    self.readBox = readBox
  }

  private static func closing(of characters: [Character]) -> [Int: Int] {
    var open: [Int] = []
    var found: [Int: Int] = [:]
    for (index, character) in characters.enumerated() {
      if character == "{" { open.append(index) }
      if character == "}", let start = open.popLast() { found[start] = index }
    }
    return found
  }

  private static let brackets: [Character: Character] = [
    "(": ")", "[": "]", "<": ">", "{": "}", "\u{3010}": "\u{3011}", "\u{300c}": "\u{300d}",
    "\u{300e}": "\u{300f}", "\u{3014}": "\u{3015}",
  ]
  private static let layout: Set<Character> = [
    "*", "$", "#", "`", "|", "\"", "\u{201c}", "\u{201d}", "\u{2018}", "\u{2019}", "'", "{", "}",
  ]
  private static let typefaces: Set<String> = [
    "text", "textbf", "textrm", "textit", "textsf", "texttt", "mathrm", "mathbf", "mathsf",
    "mathit", "mathtt", "mathbb", "mathcal", "operatorname", "mbox", "rm", "bf", "bold",
    "boldsymbol", "displaystyle", "left", "right", "quad", "qquad", "emph", "underline", "large",
  ]
  private static let tags: Set<String> = [
    "b", "strong", "i", "em", "u", "p", "br", "span", "div", "code", "sub", "sup", "answer",
    "final_answer", "choice", "option",
  ]

  private mutating func read() {
    while position < characters.count {
      let character = characters[position]
      if character.isNewline {
        take(.lineEnd)
      } else if character.isWhitespace || Self.isInvisible(character) {
        position += 1
      } else if character == "\\" {
        readCommand()
      } else if character == "~", hasCommands {
        position += 1
      } else if let close = Self.brackets[character], readTag() || readBracketed(close) {
        continue
      } else if Self.layout.contains(character) {
        position += 1
      } else if Self.isWordPart(character) {
        readWord()
      } else {
        take(.mark(character == "\u{3002}" ? "." : character == "\u{3001}" ? "," : character))
      }
    }
  }

  private mutating func take(_ token: ChoiceToken) {
    tokens.append(token)
    position += 1
  }

  /// `<b>` and the like, which say nothing.
  private mutating func readTag() -> Bool {
    guard characters[position] == "<" else { return false }
    var end = position + 1
    var name = ""
    while end < characters.count, end - position < 16, characters[end] != ">" {
      if characters[end] != "/", !characters[end].isWhitespace { name.append(characters[end]) }
      end += 1
    }
    guard end < characters.count, characters[end] == ">", Self.tags.contains(name) else {
      return false
    }
    position = end + 1
    return true
  }

  /// How far a bracket around a letter may reach.
  private static let bracketReach = 16

  /// A letter alone in brackets, upper or lower case, past emphasis.
  private mutating func readBracketed(_ close: Character) -> Bool {
    var end = position + 1
    var found: Character?
    let limit = min(characters.count, position + Self.bracketReach)
    while end < limit, characters[end] != close {
      let character = characters[end]
      if Self.isLatin(character), found == nil {
        found = character
      } else if !Self.layout.contains(character), character != " " {
        return false
      }
      end += 1
    }
    guard let found, end < limit, let upper = found.uppercased().first else {
      return false
    }
    // Braces are LaTeX's grouping and mark nothing by themselves.
    if close == "}", found.isLowercase { return false }
    tokens.append(.letter(upper, isMarked: close != "}", isBox: false))
    position = end + 1
    return true
  }

  private mutating func readCommand() {
    var end = position + 1
    while end < characters.count, characters[end].isASCII, characters[end].isLetter { end += 1 }
    let name = String(characters[(position + 1)..<end])
    if name == "boxed" || name == "fbox", readBox(from: end) { return }
    if name.isEmpty {
      // `\(`, `\,` and the like; `\\` ends a line.
      if end < characters.count, characters[end] == "\\" { tokens.append(.lineEnd) }
      position = end + (end < characters.count && !characters[end].isNewline ? 1 : 0)
      return
    }
    if !Self.typefaces.contains(name) { tokens.append(.word("\\" + name)) }
    position = end
  }

  private mutating func readBox(from start: Int) -> Bool {
    var open = start
    while open < characters.count, characters[open] == " " { open += 1 }
    guard open < characters.count else { return false }
    var end = open + 1
    if characters[open] == "{" {
      guard let close = closing[open] else { return false }
      end = close + 1
      open += 1
    }
    let inside = String(characters[open..<(characters[open - 1] == "{" ? end - 1 : end)])
    tokens.append(readBox(inside) ?? .word("\\boxed"))
    position = end
    return true
  }

  private mutating func readWord() {
    let isEastern = Self.isEastern(characters[position])
    var end = position + 1
    while end < characters.count {
      let character = characters[end]
      let isJoint = "'\u{2019}-".contains(character)
      let isInside =
        isJoint && !isEastern && end + 1 < characters.count && Self.isWordPart(characters[end + 1])
        && !Self.isEastern(characters[end + 1])
      guard isInside || Self.isWordPart(character), Self.isEastern(character) == isEastern else {
        break
      }
      end += 1
    }
    var word = characters[position..<end]
    position = end
    while word.count > 1, word.first == "_" { word = word.dropFirst() }
    while word.count > 1, word.last == "_" { word = word.dropLast() }
    if word.count == 1, let letter = word.first, Self.isLatin(letter), letter.isUppercase {
      tokens.append(.letter(letter, isMarked: false, isBox: false))
    } else if word.first != "_" {
      tokens.append(.word(String(word).lowercased().replacing("\u{2019}", with: "'")))
    }
  }

  private static func isLatin(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  /// Scripts that are written without spaces between words and letters.
  private static func isEastern(_ character: Character) -> Bool {
    character.isLetter && (character.unicodeScalars.first?.value ?? 0) >= 0x1100
  }

  private static func isInvisible(_ character: Character) -> Bool {
    character.unicodeScalars.allSatisfy {
      $0.properties.generalCategory == .format || $0.properties.generalCategory == .control
    }
  }
}

extension Array {
  /// The element at a place; nil beyond the end.
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
