/// The closed lists of words by which `mmlu_pro@strict@2` knows that an answer is given.
enum ChoiceWords {
  /// What is said to be a letter.
  static let answers: Set<String> = [
    "answer", "ans", "antwort", "respuesta", "réponse", "risposta", "resposta", "ответ",
  ]
  static let nouns: Set<String> = answers.union(["option", "choice", "letter"])
  static let adjectives: Set<String> = [
    "final", "correct", "right", "best", "most", "appropriate", "accurate", "likely", "only",
    "true", "proper", "correcta", "bonne", "richtige",
  ]
  /// What may stand before "answer" and its adjectives; a "tempting answer" is nobody's.
  static let openings: Set<String> = [
    "the", "my", "our", "its", "so", "thus", "hence", "therefore", "and", "then", "that",
    "because", "since", "finally", "consequently", "actually", "wait", "is", "but", "a",
    "an", "la", "die", "il", "i", "we", "conclude", "final",
  ]
  static let copulas: Set<String> = ["is", "ist", "es", "est", "è", "é", "are"]
  static let verbs: [[String]] = [
    ["seems", "to", "be"], ["appears", "to", "be"], ["must", "be"], ["should", "be"],
    ["would", "be"], ["will", "be"], ["has", "to", "be"],
  ]
  /// What may stand between "is" and the letter.
  static let fillers: Set<String> = [
    "therefore", "thus", "hence", "clearly", "likely", "probably", "most", "simply", "indeed",
    "actually", "then", "definitely", "certainly", "obviously", "just", "the", "correct", "best",
    "right", "option", "choice", "answer", "letter", "opción", "la", "die", "in", "fact",
  ]
  /// What may open an answer before its letter, where an answer is asked for.
  static let leads: Set<String> = fillers.union([
    "so", "final", "it", "it's", "is", "i", "think", "believe", "choose", "pick", "select", "my",
    "that", "would", "be", "must", "i'd", "say", "i'll", "go", "with", "selected", "chosen",
  ])
  static let choosers: Set<String> = ["choose", "pick", "select", "chose", "selected"]
  static let deciders: Set<String> = [
    "i", "we", "i'll", "i'd", "we'll", "let's", "will", "therefore",
  ]
  static let denials: Set<String> = [
    "not", "never", "neither", "nor", "no", "cannot", "false", "wrong", "incorrect", "invalid",
    "impossible", "untrue", "eliminated", "excluded", "rejected", "hardly", "unlikely", "none",
    "without", "except", "eliminate", "exclude", "reject", "doubt", "deny", "anything", "mistake",
    "mistaken", "inaccurate", "refuted", "disproved", "disproven", "opposite",
  ]
  /// What makes of "the answer is" a thought of somebody else or of another case.
  static let suppositions: Set<String> = [
    "if", "whether", "unless", "suppose", "supposing", "assume", "assuming", "imagine", "could",
    "might", "may", "say", "says", "said", "claim", "claims", "claimed", "thought", "pretend",
    "someone", "people", "students", "tempted", "tempting", "seem", "why", "how", "when",
    "would", "should", "hypothetically", "distractor", "trap",
  ]
  static let conditions: Set<String> = [
    "if", "whether", "unless", "suppose", "supposing", "assume", "assuming", "imagine",
  ]
  /// After these, reasons follow, in which letters choose nothing.
  static let reasons: Set<String> = [
    "because", "since", "as", "due", "which", "where", "when", "while", "whereas", "although",
    "though", "for", "with", "based", "considering", "so", "therefore", "thus", "hence", "unlike",
    "weil", "porque", "parce", "according",
  ]
  static let alternatives: Set<String> = [
    "or", "and", "nor", "versus", "vs", "oder", "und", "ou", "et", "o", "y", "和", "或", "或者",
    "与", "與", "及", "또는", "과", "와", "や", "か", "と", "也可能是", "均可",
  ]
  static let connectives: Set<String> = alternatives.union([
    "but", "also", "actually", "maybe", "perhaps", "possibly", "no", "wait", "rather", "sorry",
    "hmm", "either", "both", "then", "i", "mean", "even", "probably", "option", "choice",
    "answer", "the", "well", "alternatively", "instead",
  ])
  static let retractions: Set<String> = [
    "wait", "no", "hmm", "correction", "sorry", "oops", "nope", "scratch", "actually", "hold",
  ]
  static let predicates: Set<String> = [
    "is", "are", "was", "were", "isn't", "aren't", "wasn't", "has", "have", "had", "does",
    "doesn't", "do", "can", "cannot", "can't", "could", "will", "would", "should", "must", "may",
    "might", "seems", "looks", "appears", "fails", "violates", "contradicts", "describes",
    "refers", "gives", "gets", "says", "states", "means", "being",
  ]
  static let clauseEnds: Set<Character> = [".", ",", ";", "!", "(", "\u{2014}", "\u{2013}"]
  static let sentenceEnds: Set<Character> = [".", "!", "?"]
  /// A letter before one of these is a quantity.
  static let formulaMarks: Set<Character> = [
    "=", "+", "^", "<", ">", "%", "~", "±", "×", "·", "°", "≠", "≤", "≥", "&", "/",
  ]

  /// What says "the answer is" in scripts without spaces; it ends the word before the letter.
  static let easternStatements = [
    "답은", "답이", "정답은", "答案是", "答案为", "答案為", "答案应为", "答案應為", "应选", "應選", "选", "選",
    "选择", "選擇", "答えは", "正解は", "解答は", "回答は", "选项", "選項",
  ]
  /// The same where a colon follows.
  static let easternNouns = ["답", "정답", "答案", "答え", "正解", "回答", "解答", "答"]
  static let easternDenials = [
    "不", "没", "沒", "非", "错", "錯", "误", "誤", "아니", "아닙", "아닌", "않", "틀", "없", "ない", "ません", "如果",
    "若", "假设", "假如", "만약", "もし", "可选", "备选", "可能", "排除", "吗", "嗎", "呢", "까", "か",
  ]
  static let easternEndings: Set<String> = [
    "입니다", "이다", "이에요", "예요", "번", "번입니다", "です", "だ", "である", "项", "項", "选项", "選項", "を選ぶ",
    "이", "가", "를", "을",
  ]
  static let easternReasons = ["因为", "因為", "由于", "由於", "왜냐", "なぜなら"]

  static func isDenial(_ word: String) -> Bool {
    denials.contains(word) || word.hasSuffix("n't")
      || (isEastern(word) && easternDenials.contains { word.contains($0) })
  }

  static func isEastern(_ word: String) -> Bool {
    (word.unicodeScalars.first?.value ?? 0) >= 0x1100
  }
}
