/// What a completion says before it answers, without tags and without the sentences that it copies
/// from the problem. Letters count in any case.
///
/// The tasks' rules for `worked` ask this value, so that empty thinking, filler and a copied
/// problem are no reasoning anywhere.
struct Working {
  private let problem: [[UInt8]]
  private let sentences: [[[UInt8]]]

  /// Looks for the answer in the first `<answer>` behind the thinking, else behind the last of some
  /// marks such as `\boxed`; a completion without an answer is working altogether.
  /// - Parameter dropsCode: whether blocks of code are none of it.
  init(
    of completion: String, on problem: String, before marks: [String] = [], dropsCode: Bool = false
  ) {
    self.problem = Self.words(of: Array(problem.lowercased().utf8))
    var text = Self.beforeAnswer(in: Array(completion.lowercased().utf8), marks)
    if dropsCode { text = Self.withoutCode(text) }
    let known = Self.joined(self.problem)
    sentences = Self.sentences(of: text).filter { words in
      !words.isEmpty && !known.holds(Self.joined(words))
    }
  }

  /// Whether there are that many different words (numbers are words, signs are not), that many of
  /// them the problem's own: numbers, and words of five letters or more.
  func hasWords(_ count: Int, ofProblem own: Int) -> Bool {
    let found = Set(sentences.joined().filter(Self.isWord))
    let known = Set(problem.filter { Self.isNumber($0) || Self.isWord($0) && $0.count >= 5 })
    return found.count >= count && found.intersection(known).count >= own
  }

  /// Whether each of some texts occurs, such as everybody's name.
  func mentions(_ texts: [String]) -> Bool {
    let all = Self.joined(sentences.joined())
    return texts.allSatisfy { text in
      all.holds(Self.joined(Self.words(of: Array(text.lowercased().utf8))))
    }
  }

  func contains(anyOf words: Set<String>) -> Bool {
    sentences.joined().contains { words.contains($0[...].text) }
  }

  /// Whether steps are taken whose outcomes stand behind colons, as in `Try B 8 and C 4: yes`: that
  /// many different sentences with two words or more before a colon, a number among them, and a
  /// number, yes, no, true or false right behind it.
  func hasSteps(_ count: Int) -> Bool {
    Set(sentences.filter(Self.isStep)).count >= count
  }

  /// Whether something is worked out: two different equations that the problem does not state, or
  /// one beside an operation, as in `7 + 5 = 12`; or a result behind a colon, as in `7 and 5: 12`.
  /// "x = 12" alone is an answer.
  var hasCalculation: Bool {
    if sentences.contains(where: Self.hasResult) { return true }
    let given = Set(Self.equations(in: problem).map(\.sides))
    let found = sentences.flatMap(Self.equations).filter { !given.contains($0.sides) }
    return found.contains(where: \.isBesideOperation) || Set(found.map(\.sides)).count >= 2
  }
}

// MARK: Reading text

extension Working {
  private static func beforeAnswer(in text: [UInt8], _ marks: [String]) -> [UInt8] {
    let thought = text.indices(of: "</think>").last ?? 0
    var end = text.firstIndex(of: "<answer>", from: thought)
    if end == nil { end = marks.compactMap { text.indices(of: $0).last }.max() }
    var kept = Array(text[..<(end ?? text.count)])
    for tag in ["<think>", "</think>", "<answer>", "</answer>"] {
      for place in kept.indices(of: tag) {
        kept.replaceSubrange(
          place..<place + tag.utf8.count,
          with: [UInt8](repeating: UInt8(ascii: "\n"), count: tag.utf8.count))
      }
    }
    return kept
  }

  /// The text without what stands between triple back quotes, closed or not, and without lines that
  /// are indented or begin a program.
  private static func withoutCode(_ text: [UInt8]) -> [UInt8] {
    let fences = text.indices(of: "```") + [text.count]
    var prose: [UInt8] = []
    var start = 0
    for (number, fence) in fences.enumerated() {
      if number % 2 == 0 { prose += text[min(start, fence)..<fence] + [UInt8(ascii: "\n")] }
      start = fence + 3
    }
    let lines = prose.split(separator: UInt8(ascii: "\n"))
    let beginnings = ["  ", "\t", "def ", "class ", "import ", "from ", "return ", ">>>", "#"]
    return Array(
      lines.filter { line in !beginnings.contains { line.starts(with: $0.utf8) } }
        .joined(separator: [UInt8(ascii: "\n")]))
  }

  /// The words of each sentence; a sentence ends at the end of a line, or at a mark before white
  /// space.
  private static func sentences(of text: [UInt8]) -> [[[UInt8]]] {
    var sentences: [[[UInt8]]] = []
    var start = 0
    for index in text.indices {
      let isLineEnd = text[index] == UInt8(ascii: "\n")
      let isMark = ".!?".utf8.contains(text[index])
      let isLast = index + 1 == text.count
      guard isLineEnd || isMark && (isLast || isSpace(text[index + 1])) || isLast else { continue }
      let end = isMark || isLineEnd ? index : index + 1
      sentences.append(words(of: Array(text[start..<end])))
      start = index + 1
    }
    return sentences
  }

  /// Words, numbers, commands of LaTeX, and signs one by one. Grouping in LaTeX is passed over.
  private static func words(of text: [UInt8]) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var index = 0
    while index < text.count {
      let start = index
      let isCommand = text[index] == UInt8(ascii: "\\")
      if isCommand { index += 1 }
      while index < text.count, isWordPart(text[index]) { index += 1 }
      if index == start || isCommand && index == start + 1 {
        if !isCommand { index += 1 }
        if "${}&\\".utf8.contains(text[start]) || isSpace(text[start]) { continue }
      }
      words.append(Array(text[start..<index]))
    }
    return words
  }

  /// Words with a blank before, between and behind them, so that whole ones can be looked for.
  private static func joined(_ words: some Sequence<[UInt8]>) -> [UInt8] {
    words.reduce(into: [UInt8(ascii: " ")]) { $0 += $1 + [UInt8(ascii: " ")] }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte <= 32 }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  /// Letters, digits, and whatever is not ASCII.
  private static func isWordPart(_ byte: UInt8) -> Bool {
    isDigit(byte) || (97...122).contains(byte) || byte >= 128
  }

  private static func isWord(_ word: [UInt8]) -> Bool { word.first.map(isWordPart) == true }

  private static func isNumber(_ word: [UInt8]) -> Bool { word.allSatisfy(isDigit) }
}

// MARK: Steps

extension Working {
  private static func isStep(_ sentence: [[UInt8]]) -> Bool {
    guard let colon = sentence.firstIndex(of: [UInt8(ascii: ":")]), colon >= 2,
      colon + 1 < sentence.count, sentence[..<colon].contains(where: isNumber)
    else { return false }
    let outcome = sentence[colon + 1]
    return isNumber(outcome) || ["yes", "no", "true", "false"].contains(outcome[...].text)
  }

  /// Two numbers that are joined, a colon, and a number.
  private static func hasResult(_ sentence: [[UInt8]]) -> Bool {
    sentence.indices.dropFirst(3).dropLast().contains { index in
      sentence[index] == [UInt8(ascii: ":")]
        && [index - 3, index - 1, index + 1].allSatisfy { isNumber(sentence[$0]) }
        && joints.contains(sentence[index - 2][...].text)
    }
  }

  private static let joints: Set<String> = ["and", "plus", "minus", "less", "times", "+", "-", "*"]
}

// MARK: Equations

extension Working {
  private struct Equation {
    /// What stands left of the sign, the sign, and what stands right of it.
    let sides: [[UInt8]]
    let isBesideOperation: Bool
  }

  private static func equations(in words: [[UInt8]]) -> [Equation] {
    words.indices.dropFirst().dropLast().compactMap { index in
      guard signs.contains(words[index][...].text), isOperand(words[index - 1], closes: true),
        isOperand(words[index + 1], closes: false)
      else { return nil }
      let beside = [index - 2, index + 2].filter(words.indices.contains).map { words[$0] }
      return Equation(
        sides: Array(words[index - 1...index + 1]),
        isBesideOperation: beside.contains { operations.contains($0[...].text) }
          || [words[index - 1], words[index + 1]].contains(where: holdsOperation))
    }
  }

  private static func isOperand(_ word: [UInt8], closes: Bool) -> Bool {
    guard let first = word.first else { return false }
    if isWordPart(first) || first == UInt8(ascii: "\\") { return true }
    return (closes ? ")]!'%|" : "([-|").utf8.contains(first)
  }

  /// Signs outside of ASCII are parts of words, as in `7×5`.
  private static func holdsOperation(_ word: [UInt8]) -> Bool {
    word.count > 2 && ["×", "÷", "·", "−"].contains { word.firstIndex(of: $0) != nil }
  }

  private static let signs: Set<String> = [
    "=", "\\approx", "\\equiv", "\\le", "\\leq", "\\ge", "\\geq", "\\ne", "\\neq",
  ]
  private static let operations: Set<String> = [
    "+", "-", "*", "/", "^", "\\times", "\\cdot", "\\div", "plus", "minus", "times", "×", "÷", "·",
    "−",
  ]
}

extension [UInt8] {
  fileprivate func holds(_ other: [UInt8]) -> Bool {
    guard let first = other.first, other.count <= count else { return false }
    return indices.dropLast(other.count - 1).contains { place in
      self[place] == first && self[place..<place + other.count].elementsEqual(other)
    }
  }
}
