/// Runs of letters: words that are known, or products of variables.
enum MathWords {
  /// Functions by all their names.
  static let functions: [String: MathFunction] = {
    var found: [String: MathFunction] = [:]
    for function in MathFunction.allCases { found[function.rawValue] = function }
    for (name, function) in [
      ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"), ("tan", "tg"), ("cot", "ctg"),
      ("arctan", "arctg"), ("csc", "cosec"), ("ceil", "ceiling"),
    ] {
      found[function] = MathFunction(rawValue: name)
    }
    // Commands of their own, or parts of plain words.
    for name in ["binom", "mod"] { found[name] = nil }
    return found
  }()

  /// Words between values, and those that stand for something in mathematics.
  private static let connecting: Set<String> = [
    "sqrt", "pi", "infinity", "infty", "inf", "oo", "frac", "cdot", "times", "or", "and", "in",
    "mod", "choose", "such", "that", "with", "where", "if", "is", "are", "not", "no", "the", "to",
    "of", "all", "any", "none", "dne", "yes", "true", "false", "undefined", "per", "by", "pm",
    "for", "from", "as", "an", "than", "but", "thus", "so", "one", "two", "three", "six", "ten",
    "men", "only", "less", "more", "at", "both", "each", "either", "alpha", "beta", "gamma",
    "theta", "lambda", "approx", "answer", "deg", "cis",
  ]

  /// A run outside `\text{…}`: a known word, or up to three letters multiplied.
  static func split(_ run: String, isUpright: Bool) -> [LatexToken] {
    if run.count == 1 { return [.letter(run)] }
    let lower = run.lowercased()
    if functions[run] != nil { return [.word(run)] }
    if functions[lower] != nil, run.first?.isUppercase == true, run.dropFirst() == lower.dropFirst()
    {
      return [.word(lower)]
    }
    if LatexCommands.greek.contains(run), run.count > 2 { return [.letter(run)] }
    if connecting.contains(lower) { return [.word(lower)] }
    // Whether it is a unit or a product, the parser knows from what comes before.
    if MeasureUnit.named(run) != nil || CountWords.scale(run) != nil { return [.word(run)] }
    if let known = prefixes.first(where: { lower.hasPrefix($0) && run.count <= $0.count + 2 }),
      run.prefix(known.count) == known
    {
      return [.word(known)] + run.dropFirst(known.count).map { .letter(String($0)) }
    }
    let isName = run.allSatisfy(\.isUppercase) && run.count <= 6
    if run.count <= 3 || isName || (isUpright && run.count <= 2) {
      return run.map { .letter(String($0)) }
    }
    return [.word(run)]
  }

  private static let prefixes = [
    "arcsin", "arccos", "arctan", "sqrt", "sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec",
    "csc", "log", "ln",
  ]

  /// Words of a script that writes none of its spaces.
  static func segments(of run: String) -> [String] {
    var rest = run[...]
    var found: [String] = []
    while !rest.isEmpty {
      if let known = wide.first(where: { rest.hasPrefix($0.key) }) {
        if !known.word.isEmpty { found.append(known.word) }
        rest = rest.dropFirst(known.key.count)
      } else {
        found.append(String(rest))
        break
      }
    }
    return found
  }

  /// Chinese words, longer ones first, with what they mean.
  private static let wide: [(key: String, word: String)] = [
    ("\u{6240}\u{4ee5}", ""), ("\u{56e0}\u{6b64}", ""), ("\u{6700}\u{7ec8}", ""),
    ("\u{7b54}\u{6848}\u{662f}", ""), ("\u{7b54}\u{6848}\u{4e3a}", ""), ("\u{7b54}\u{6848}", ""),
    ("\u{7b54}", ""), ("\u{6216}\u{8005}", "or"), ("\u{6216}", "or"), ("\u{4ee5}\u{53ca}", "and"),
    ("\u{548c}", "and"), ("\u{4e0e}", "and"), ("\u{53ca}", "and"), ("\u{4e14}", "and"),
    ("\u{7b49}\u{4e8e}", "equals"), ("\u{5143}", "yuan"), ("\u{4e2a}", "\u{4e2a}"),
    ("\u{79cd}", "\u{79cd}"), ("\u{4eba}", "person"), ("\u{5ea6}", "degree"),
    ("\u{4e07}", "\u{4e07}"), ("\u{4ebf}", "\u{4ebf}"), ("\u{5e73}\u{65b9}\u{7c73}", "\u{33a1}"),
    ("\u{5398}\u{7c73}", "cm"), ("\u{5343}\u{7c73}", "km"), ("\u{7c73}", "meter"),
    ("\u{5206}\u{949f}", "minute"), ("\u{79d2}", "second"), ("\u{5c0f}\u{65f6}", "hour"),
    ("\u{5929}", "day"), ("\u{65e0}\u{89e3}", "no solution"),
  ]

  /// Phrases that open an answer and say nothing of it.
  static let openings: [[String]] = [
    ["the", "final", "answer", "is"], ["the", "correct", "answer", "is"], ["the", "answer", "is"],
    ["final", "answer", "is"], ["final", "answer"], ["answer", "is"], ["the", "answer"], ["answer"],
    ["therefore"], ["thus"], ["hence"], ["so"], ["is"], ["are"], ["equals"], ["it", "is"],
    ["the", "value", "is"], ["there", "are"], ["there", "is"], ["the", "solution", "is"],
    ["the", "solutions", "are"], ["ans"],
    ["the", "answers", "are"], ["it", "equals"], ["which", "is"], ["we", "get"], ["result"],
    ["the", "result", "is"], ["solution"], ["solutions"], ["exactly"],
  ]

  /// Different words for one thing.
  static func canonical(_ words: [String]) -> [String] {
    let plain = words.map { $0.lowercased() }.filter { !["the", "a", "an"].contains($0) }
    let text = plain.joined(separator: " ")
    return [synonyms[text] ?? text]
  }

  private static let synonyms: [String: String] = {
    let groups = [
      [
        "dne", "does not exist", "doesn't exist", "not exist", "do not exist", "undefined",
        "not defined", "limit does not exist", "it does not exist", "nonexistent",
      ],
      [
        "no solution", "no solutions", "none", "no real solution", "no real solutions", "empty set",
        "emptyset", "there is no solution", "there are no solutions", "no such number",
        "impossible",
        "no answer", "no values", "no value",
      ],
      [
        "infinitely many", "infinite", "infinitely many solutions", "infinite solutions",
        "infinite number of solutions", "there are infinitely many solutions", "infinity",
      ],
      [
        "all real numbers", "all reals", "real numbers", "reals", "every real number",
        "any real number", "all real number", "set of all real numbers", "set of real numbers",
      ],
    ]
    var found: [String: String] = [:]
    for group in groups { for word in group { found[word] = group[0] } }
    return found
  }()
}
