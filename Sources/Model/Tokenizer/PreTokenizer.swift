/// How a text is cut into words before BPE: steps, each of which cuts what the one before it left.
struct PreTokenizer: Sendable {
  let steps: [Step]

  /// A step as tokenizer.json describes it.
  enum Step: Sendable {
    /// At the matches of an expression; a literal text is one, too.
    case split(RegularExpression, isLiteral: Bool, Behaviour, isInverted: Bool)
    case digits(individual: Bool)
    case punctuation(Behaviour)
    /// Bytes become characters of the byte alphabet, after a cut at GPT-2's expression perhaps. For
    /// the words it matters only whether it cuts.
    case byteLevel(cuts: Bool)
    /// Blanks become `▁`, with one in front of the text or of every part of it perhaps.
    case metaspace(Prefix, cuts: Bool)
  }

  /// What becomes of a match.
  enum Behaviour: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  /// Where `Metaspace` puts a `▁` in front.
  enum Prefix: String, Sendable, CaseIterable { case always, never, first }

  /// Whether tokens are written in the alphabet of bytes.
  var isByteLevel: Bool {
    if case .byteLevel = steps.last { true } else { false }
  }

  /// A part of a text as `Metaspace` rewrites it: `▁` for blanks, and one in front perhaps.
  /// - Parameters:
  ///   - begins: whether the part is the beginning of the text.
  ///   - isContinuation: whether the text goes on where another one ended.
  func rewritten(
    _ part: ArraySlice<UInt8>, begins: Bool, isContinuation: Bool
  ) -> ArraySlice<UInt8> {
    guard case .metaspace(let prefix, _) = steps.first else { return part }
    let text = Blank.replaced([0x20], with: Blank.mark, in: part)
    let puts =
      switch prefix {
      case .never: false
      case .first: begins && !isContinuation
      case .always: !(begins && isContinuation)
      }
    return puts && !text.starts(with: Blank.mark) ? ArraySlice(Blank.mark + text) : text[...]
  }

  /// The words of a text, as ranges of characters.
  func words(of text: TokenizerText) -> [Range<Int>] {
    var words = [0..<text.count].filter { !$0.isEmpty }
    for step in steps {
      words = words.flatMap { step.pieces(of: text, $0) }
    }
    return words
  }
}

extension PreTokenizer.Step {
  /// The pieces of a part of a text.
  fileprivate func pieces(of text: TokenizerText, _ part: Range<Int>) -> [Range<Int>] {
    switch self {
    case .split(let expression, _, let behaviour, let isInverted):
      behaviour.pieces(of: part, at: expression.matches(in: text, part), isInverted: isInverted)
    case .digits(let individual):
      (individual ? PreTokenizer.Behaviour.isolated : .contiguous)
        .pieces(of: part, at: text.characters(in: part, with: CharacterTable.Traits.digit))
    case .punctuation(let behaviour):
      behaviour.pieces(
        of: part, at: text.characters(in: part, with: CharacterTable.Traits.punctuation))
    case .byteLevel(let cuts):
      cuts
        ? PreTokenizer.Behaviour.isolated
          .pieces(of: part, at: PreTokenizer.gpt2Expression.matches(in: text, part)) : [part]
    case .metaspace(_, let cuts):
      cuts
        ? PreTokenizer.Behaviour.mergedWithNext
          .pieces(of: part, at: PreTokenizer.blank.matches(in: text, part)) : [part]
    }
  }
}

extension TokenizerText {
  /// The characters with some trait, each by itself.
  fileprivate func characters(in part: Range<Int>, with trait: UInt16) -> [Range<Int>] {
    part.filter { traits[$0].has(trait) }.map { $0..<$0 + 1 }
  }
}

extension PreTokenizer.Behaviour {
  /// Cuts a part of a text at matches.
  fileprivate func pieces(
    of part: Range<Int>, at matches: [Range<Int>], isInverted: Bool = false
  ) -> [Range<Int>] {
    var all: [(range: Range<Int>, isMatch: Bool)] = []
    var end = part.lowerBound
    for match in matches {
      if end < match.lowerBound { all.append((end..<match.lowerBound, isInverted)) }
      all.append((match, !isInverted))
      end = match.upperBound
    }
    if end < part.upperBound { all.append((end..<part.upperBound, isInverted)) }
    return joined(all).filter { !$0.isEmpty }
  }

  private func joined(_ all: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
    switch self {
    case .isolated: return all.map(\.range)
    case .removed: return all.filter { !$0.isMatch }.map(\.range)
    case .contiguous: return merged(all) { $0 == $1 }
    // Of two matches next to each other, the second one stays by itself.
    case .mergedWithPrevious: return merged(all) { !$0 && $1 }
    case .mergedWithNext:
      return merged(all.reversed()) { !$0 && $1 }.reversed()
    }
  }

  /// Joins neighbours where what is said of a piece and the one after it asks for it.
  private func merged(
    _ all: [(range: Range<Int>, isMatch: Bool)], _ join: (Bool, Bool) -> Bool
  ) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var previous: Bool?
    for (range, isMatch) in all {
      if let previous, join(previous, isMatch), let last = result.popLast() {
        result.append(
          min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound))
      } else {
        result.append(range)
      }
      previous = isMatch
    }
    return result
  }
}

extension PreTokenizer {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  fileprivate static let gpt2Expression = known(
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#)
  fileprivate static let blank = RegularExpression(literal: "\u{2581}")

  static let gpt2 = PreTokenizer(steps: [.byteLevel(cuts: true)])
  /// Each digit by itself, then GPT-2's expression on the stretches between: SmolLM2.
  static let digitsThenGPT2 = PreTokenizer(steps: [
    .digits(individual: true), .byteLevel(cuts: true),
  ])
  static let qwen2 = PreTokenizer(steps: [
    split(words(numbers: #"\p{N}"#)), .byteLevel(cuts: false),
  ])
  static let llama3 = PreTokenizer(steps: [
    split(words(numbers: #"\p{N}{1,3}"#)), .byteLevel(cuts: false),
  ])
  /// The six steps of DeepSeek LLM, DeepSeek-Math and DeepSeek-Coder 1.5.
  static let deepSeekLLM = PreTokenizer(steps: [
    split("[\r\n]"), split(#"\s?[\#(casedLetters)]+"#),
    split(#"\s?[!-/:-~！-／：-～‘-‟　-。]+"#), split(#"\s+$"#),
    split("[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+"), .digits(individual: true),
    .byteLevel(cuts: false),
  ])

  /// The expression that GPT-4, Llama 3 and Qwen2 share but for how digits are grouped.
  private static func words(numbers: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\#(numbers)"#
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static func split(_ pattern: String) -> Step {
    .split(known(pattern), isLiteral: false, .isolated, isInverted: false)
  }

  /// An expression of this program, which can be read.
  private static func known(_ pattern: String) -> RegularExpression {
    (try? RegularExpression(pattern)) ?? RegularExpression(literal: pattern)
  }

  /// Letters that have two cases, as DeepSeek wrote them out.
  private static let casedLetters =
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗ"
    + "\u{1F59}\u{1F5B}\u{1F5D}\u{1F5F}-\u{1F7D}\u{1F80}-\u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}"
    + "\u{1FC2}-\u{1FC4}\u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}"
    + "\u{1FF2}-\u{1FF4}\u{1FF6}-\u{1FFC}\u{2102}\u{2107}\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}"
    + "\u{2124}\u{2126}\u{2128}\u{212A}-\u{212D}\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}"
    + "\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}Ⰰ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿ\u{FB00}-\u{FB06}"
    + "\u{FB13}-\u{FB17}Ａ-Ｚａ-ｚ\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}"
    + "\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}"
}
