import Base

/// A piece of an answer.
enum LatexToken: Hashable, Sendable {
  case number(Numeral)
  /// A variable: a letter, a Greek letter by its name, or a decorated one, such as `overline:AB`.
  case letter(String)
  /// A run of letters that is read as a word: of `\text{…}`, or one that is known.
  case word(String)
  /// A command without its backslash, in one spelling.
  case command(String)
  case sign(String)
  /// `\\`, the end of a row.
  case rowEnd
  case begin(String)
  case end(String)
}

/// A number as it was written.
struct Numeral: Hashable, Sendable {
  /// The digits before the point, without separators.
  var whole: String
  /// The digits after the point; nil where there is no point.
  var fraction: String?
  /// The digits that repeat for ever.
  var repeating: String?
  /// Whether dots follow the digits.
  var isCut = false

  var expression: Expression? {
    guard let fraction else { return Self.exact(whole, places: 0) }
    let repeating = repeating ?? (isCut ? Self.period(of: fraction) : nil)
    guard let repeating else {
      return fraction.isEmpty
        ? Self.exact(whole, places: 0) : Self.exact(whole + fraction, places: fraction.utf8.count)
    }
    // 0.12(34) = (1234 - 12) / 9900.
    let nines = String(repeating: "9", count: repeating.utf8.count)
    let scale = nines + String(repeating: "0", count: fraction.utf8.count)
    guard let above = Rational(decimal: whole + fraction + repeating),
      let below = Rational(decimal: whole + fraction), let scale = Rational(decimal: scale),
      let value = above.subtracting(below)?.divided(by: scale)
    else { return nil }
    return .number(value)
  }

  private static func exact(_ digits: String, places: Int) -> Expression? {
    let trimmed = String(digits.drop { $0 == "0" })
    let text = trimmed.isEmpty ? "0" : trimmed
    guard let whole = Rational(decimal: text), places <= 36, let scale = Rational(10).power(places),
      let value = whole.divided(by: scale)
    else { return .digits(text, places: places) }
    return places == 0 ? .number(value) : .decimal(value, places: places)
  }

  /// What repeats at the end of digits that go on: `3` of `333`, `16` of `1616`; nil where nothing
  /// does often enough to be seen.
  private static func period(of digits: String) -> String? {
    let bytes = Array(digits.utf8)
    for length in 1...max(1, min(12, bytes.count / 2)) {
      let seen = length == 1 ? 3 : 2 * length
      guard bytes.count >= seen else { continue }
      let tail = bytes.suffix(seen)
      if tail.dropLast(length).elementsEqual(tail.dropFirst(length)) {
        return String(decoding: bytes.suffix(length), as: UTF8.self)
      }
    }
    return nil
  }
}

/// How separators that can mean two things are read.
struct NumeralReading: Hashable, Sendable {
  /// `1,234` is two numbers, not one thousand.
  var commasSeparate = false
  /// `3,14` is a decimal.
  var commasAreDecimal = false
}

/// Commands by what they do to an answer.
enum LatexCommands {
  /// Those that only lay out; nothing of them is left.
  static let layout: Set<String> = [
    "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "quad", "qquad", "left",
    "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl",
    "biggr", "Biggl", "Biggr", "limits", "nolimits", "thinspace", "medspace", "thickspace",
    "negthinspace", "enspace", "enskip", "nonumber", "notag", "hfill", "hfil", "par", "noindent",
    "centering", "strut", "allowbreak", "nobreak", "relax", "tiny", "scriptsize", "footnotesize",
    "small", "normalsize", "large", "Large", "LARGE", "huge", "Huge", "bf", "it", "rm", "tt", "sf",
    "sl", "em", "bfseries", "itshape", "normalfont", "rmfamily", "mdseries", "upshape", "cal",
    "mathstrut", "protect", "null", "unboldmath",
  ]
  /// Those whose argument is thrown away.
  static let dropped: Set<String> = [
    "hspace", "vspace", "phantom", "hphantom", "vphantom", "tag", "label", "color", "mbox*", "kern",
    "rule", "footnote", "ref",
  ]
  /// Those whose first argument is thrown away and whose second stays.
  static let secondKept: Set<String> = [
    "textcolor", "colorbox", "href", "class", "style", "fcolorbox",
  ]
  /// Those that stand for their argument in mathematics.
  static let transparent: Set<String> = [
    "underline", "boxed", "fbox", "ensuremath", "mathit", "mathnormal", "underbrace", "bbox",
    "mathsf", "mathtt", "mathord", "mathinner", "mathbin", "mathrel", "mathpunct", "mathclose",
    "mathopen", "smash", "mathclap", "mathrlap", "mathllap", "uline", "hl", "framebox",
  ]
  static let text: Set<String> = [
    "text", "textbf", "textit", "textrm", "textnormal", "textsf", "texttt", "textsc", "textup",
    "textmd", "textsl", "emph", "mbox", "hbox", "strong",
  ]
  static let upright: Set<String> = ["mathrm", "operatorname", "mathop"]
  static let bold: Set<String> = ["mathbf", "boldsymbol", "bm", "pmb", "bold", "mathbfit"]
  /// Those that make a name of the letters under them.
  static let decorations: Set<String> = [
    "overline", "bar", "vec", "overrightarrow", "overleftrightarrow", "hat", "widehat", "tilde",
    "widetilde", "dot", "ddot", "overarc", "wideparen", "mathcal", "mathscr", "mathfrak",
    "underbar",
  ]
  /// Other spellings.
  static let aliases: [String: String] = [
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "nicefrac": "frac", "sfrac": "frac",
    "dbinom": "binom", "tbinom": "binom", "leq": "le", "leqslant": "le", "leqq": "le", "geq": "ge",
    "geqslant": "ge", "geqq": "ge", "neq": "ne", "varnothing": "emptyset", "lnot": "neg",
    "dots": "ldots", "cdots": "ldots", "dotsc": "ldots", "dotsb": "ldots", "textellipsis": "ldots",
    "smallsetminus": "setminus", "backslash": "setminus", "mathellipsis": "ldots", "isin": "in",
    "sphericalangle": "angle", "measuredangle": "angle", "longrightarrow": "to", "rightarrow": "to",
    "thickapprox": "approx", "simeq": "approx", "doteq": "approx", "lang": "langle",
    "rang": "rangle", "infin": "infty", "divide": "div", "ast": "cdot", "star": "cdot",
    "centerdot": "cdot", "bullet": "cdot", "owns": "ni", "triangleq": "=",
    "imath": "i", "jmath": "j",
  ]
  /// Commands that are signs.
  static let signs: [String: String] = [
    "{": "\\{", "}": "\\}", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]",
    "%": "%", "$": "$", "#": "#", "_": "\\_", "&": "\\&", "mid": "|", "vert": "|", "lvert": "|",
    "rvert": "|", "colon": ":", "lt": "<", "gt": ">", "prime": "'", "degree": "\u{b0}",
    "degrees": "\u{b0}", "textdegree": "\u{b0}", "circ": "\u{2218}", "euro": "\u{20ac}",
    "pounds": "\u{a3}", "textdollar": "$", "cdot": "*", "times": "*", "div": "/", "slash": "/",
    "lparen": "(", "rparen": ")", "langle": "(", "rangle": ")", "Vert": "\\|", "|": "\\|",
    "lVert": "\\|", "rVert": "\\|", "textpercent": "%", "percent": "%", "minus": "-", "plus": "+",
    "ratio": ":", "equiv": "\\equiv", "pm": "\\pm", "mp": "\\mp", "quotesingle": "'",
    "textquotesingle": "'", "=": "=",
  ]
  static let greek: Set<String> = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta",
    "iota", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi",
    "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi",
    "Omega", "ell", "hbar", "varrho", "varsigma",
  ]
  /// Single characters beyond ASCII, as they are written in LaTeX or ASCII.
  static let characters: [Unicode.Scalar: String] = [
    "\u{2212}": "-", "\u{2010}": "-", "\u{2011}": "-", "\u{2013}": "-", "\u{2012}": "-",
    "\u{d7}": "*", "\u{b7}": "*", "\u{22c5}": "*", "\u{2219}": "*", "\u{2022}": "*", "\u{f7}": "/",
    "\u{2215}": "/", "\u{2044}": "/", "\u{221a}": "\\sqrt ", "\u{3c0}": "\\pi ",
    "\u{221e}": "\\infty ",
    "\u{2264}": "\\le ", "\u{2265}": "\\ge ", "\u{2260}": "\\ne ", "\u{222a}": "\\cup ",
    "\u{2229}": "\\cap ", "\u{2208}": "\\in ", "\u{b1}": "\\pm ", "\u{2213}": "\\mp ",
    "\u{b2}": "^{2}",
    "\u{b3}": "^{3}", "\u{b9}": "^{1}", "\u{2070}": "^{0}", "\u{2074}": "^{4}", "\u{2075}": "^{5}",
    "\u{2076}": "^{6}", "\u{2077}": "^{7}", "\u{2078}": "^{8}", "\u{2079}": "^{9}",
    "\u{207f}": "^{n}", "\u{bd}": "\\frac{1}{2}", "\u{bc}": "\\frac{1}{4}",
    "\u{be}": "\\frac{3}{4}",
    "\u{2153}": "\\frac{1}{3}", "\u{2154}": "\\frac{2}{3}", "\u{215b}": "\\frac{1}{8}",
    "\u{a0}": " ", "\u{2009}": " ", "\u{202f}": " ", "\u{2002}": " ", "\u{2003}": " ",
    "\u{200a}": " ", "\u{2005}": " ", "\u{2006}": " ", "\u{2007}": " ", "\u{2008}": " ",
    "\u{3000}": " ", "\u{200b}": "", "\u{feff}": "", "\u{2060}": "", "\u{2061}": "", "\u{2062}": "",
    "\u{3b1}": "\\alpha ", "\u{3b2}": "\\beta ", "\u{3b3}": "\\gamma ", "\u{3b8}": "\\theta ",
    "\u{3bb}": "\\lambda ", "\u{3c6}": "\\phi ", "\u{3c9}": "\\omega ", "\u{3c3}": "\\sigma ",
    "\u{2248}": "\\approx ", "\u{211d}": "\\mathbb{R}", "\u{2124}": "\\mathbb{Z}",
    "\u{2115}": "\\mathbb{N}", "\u{211a}": "\\mathbb{Q}", "\u{2102}": "\\mathbb{C}",
    "\u{2205}": "\\emptyset ", "\u{2216}": "\\setminus ", "\u{2026}": "\\ldots ",
    "\u{22ef}": "\\ldots ", "\u{2261}": "\\equiv ", "\u{2220}": "\\angle ",
    "\u{25b3}": "\\triangle ",
    "\u{b5}": "\\mu ", "\u{3bc}": "\\mu ", "\u{2032}": "'", "\u{2019}": "'", "\u{2018}": "'",
    "\u{201c}": "", "\u{201d}": "", "\u{3001}": ",", "\u{3002}": ".", "\u{2223}": "|",
    "\u{2200}": "\\forall ", "\u{2192}": "\\to ", "\u{ba}": "\u{b0}", "\u{2103}": "\u{b0}C",
    "\u{2109}": "\u{b0}F", "\u{230a}": "\\lfloor ", "\u{230b}": "\\rfloor ", "\u{2308}": "\\lceil ",
    "\u{2309}": "\\rceil ", "\u{27e8}": "\\langle ", "\u{27e9}": "\\rangle ", "\u{2227}": "\\land ",
    "\u{2228}": "\\lor ", "\u{2211}": "\\sum ", "\u{220f}": "\\prod ", "\u{222b}": "\\int ",
    "\u{2236}": ":", "\u{2237}": "::", "\u{2148}": "i", "\u{2147}": "e",
  ]
}
