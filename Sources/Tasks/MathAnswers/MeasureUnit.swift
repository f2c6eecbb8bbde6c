/// A unit of measure: powers of base units, and how many of them it is.
struct MeasureUnit: Hashable, Sendable {
  /// The powers of the base units; empty for plain `units`, which say nothing.
  private(set) var dimension: [String: Int]
  private(set) var factor: Rational

  init(_ dimension: [String: Int], factor: Rational = Rational(1)) {
    self.dimension = dimension.filter { $0.value != 0 }
    self.factor = factor
  }

  static let none = MeasureUnit([:])
  static let percent = MeasureUnit(["percent": 1])
  static let degree = MeasureUnit(["angle": 1])
  static let dollar = MeasureUnit(["dollar": 1], factor: Rational(100))

  /// What is counted, such as `apple`.
  static func counted(_ noun: String) -> MeasureUnit { MeasureUnit(["#" + noun: 1]) }

  var isPercent: Bool { self == .percent }

  func power(_ exponent: Int) -> MeasureUnit? {
    factor.power(exponent).map { factor in
      MeasureUnit(dimension.mapValues { $0 * exponent }, factor: factor)
    }
  }

  func multiplied(by other: MeasureUnit) -> MeasureUnit? {
    factor.multiplied(by: other.factor).map { factor in
      MeasureUnit(dimension.merging(other.dimension) { $0 + $1 }, factor: factor)
    }
  }

  /// Whether the two say the same of a value: plain `square units` may be square inches.
  func isSame(as other: MeasureUnit) -> Bool {
    if self == other || dimension.isEmpty || other.dimension.isEmpty { return true }
    guard let power = dimension["unit"] ?? other.dimension["unit"] else { return false }
    let specific = dimension["unit"] == nil ? self : other
    return dimension["unit"] == other.dimension["unit"]
      || (power == 1 && specific.dimension.count == 1)
      || specific.dimension == ["length": power]
  }
}

extension MeasureUnit {
  /// The unit that a word names, in the singular or plural; nil for another word.
  static func named(_ word: String) -> MeasureUnit? {
    if let symbol = symbols[word] { return symbol }
    let lower = word.lowercased()
    if let unit = names[lower] ?? plural(lower).flatMap({ names[$0] }) { return unit }
    return nil
  }

  /// The unit of a single letter, which elsewhere is a variable.
  static func symbol(_ letter: String) -> MeasureUnit? { symbols[letter] ?? letters[letter] }

  private static func plural(_ word: String) -> String? {
    if word.hasSuffix("ches") { return String(word.dropLast(2)) }
    return word.hasSuffix("s") ? String(word.dropLast()) : nil
  }

  private static func fraction(_ above: Int128, _ below: Int128) -> Rational {
    Rational(above, over: below) ?? Rational(0)
  }

  private static func length(_ above: Int128, _ below: Int128 = 1) -> MeasureUnit {
    MeasureUnit(["length": 1], factor: fraction(above, below))
  }

  private static func mass(_ above: Int128, _ below: Int128 = 1) -> MeasureUnit {
    MeasureUnit(["mass": 1], factor: fraction(above, below))
  }

  private static func time(_ seconds: Int128, _ below: Int128 = 1) -> MeasureUnit {
    MeasureUnit(["time": 1], factor: fraction(seconds, below))
  }

  private static func volume(_ cubicMillimetres: Int128, _ below: Int128 = 1) -> MeasureUnit {
    MeasureUnit(["length": 3], factor: fraction(cubicMillimetres, below))
  }

  private static func base(_ name: String) -> MeasureUnit { MeasureUnit([name: 1]) }

  /// Lengths count in millimetres, masses in milligrams, times in seconds, angles in degrees, money
  /// in cents.
  private static let names: [String: MeasureUnit] = [
    "unit": base("unit"), "square": .none, "cubic": .none, "sq": .none, "cu": .none,
    "millimeter": length(1), "millimetre": length(1), "centimeter": length(10),
    "centimetre": length(10), "decimeter": length(100), "meter": length(1000),
    "metre": length(1000), "kilometer": length(1_000_000), "kilometre": length(1_000_000),
    "inch": length(254, 10), "foot": length(3048, 10), "feet": length(3048, 10),
    "yard": length(9144, 10), "mile": length(1_609_344), "lightyear": base("lightyear"),
    "milligram": mass(1), "gram": mass(1000), "gramme": mass(1000), "kilogram": mass(1_000_000),
    "tonne": mass(1_000_000_000), "ton": base("ton"), "pound": mass(45_359_237, 100),
    "ounce": mass(45_359_237, 1600), "millisecond": time(1, 1000), "second": time(1),
    "sec": time(1), "minute": time(60), "min": time(60), "hour": time(3600), "hr": time(3600),
    "day": time(86_400), "week": time(604_800), "fortnight": time(1_209_600),
    "month": base("month"), "year": base("year"), "yr": base("year"), "decade": base("decade"),
    "century": base("century"), "centuries": base("century"),
    "degree": degree, "deg": degree, "radian": base("radian"), "rad": base("radian"),
    "revolution": MeasureUnit(["angle": 1], factor: Rational(360)),
    "liter": volume(1_000_000), "litre": volume(1_000_000), "milliliter": volume(1000),
    "millilitre": volume(1000), "gallon": volume(3_785_411_784, 1000),
    "quart": volume(946_352_946, 1000), "pint": volume(473_176_473, 1000), "cup": base("cup"),
    "tablespoon": base("tablespoon"), "teaspoon": base("teaspoon"), "acre": base("acre"),
    "hectare": MeasureUnit(["length": 2], factor: Rational(10_000_000_000)),
    "dollar": dollar, "buck": dollar, "usd": dollar, "cent": MeasureUnit(["dollar": 1]),
    "penny": MeasureUnit(["dollar": 1]), "pennies": MeasureUnit(["dollar": 1]),
    "nickel": base("#nickel"), "dime": base("#dime"),
    "euro": base("euro"), "eur": base("euro"), "gbp": base("sterling"), "yen": base("yen"),
    "rupee": base("rupee"), "yuan": base("yuan"),
    "percent": percent, "percentage": percent, "pct": percent,
    "celsius": base("celsius"), "fahrenheit": base("fahrenheit"), "kelvin": base("kelvin"),
    "newton": base("newton"), "joule": base("joule"), "watt": base("watt"), "volt": base("volt"),
    "ampere": base("ampere"), "amp": base("ampere"), "ohm": base("ohm"), "hertz": base("hertz"),
    "pascal": base("pascal"), "mole": base("mole"), "byte": base("byte"), "bit": base("bit"),
    "mph": MeasureUnit(["length": 1, "time": -1], factor: fraction(1_609_344, 3600)),
    "kph": MeasureUnit(["length": 1, "time": -1], factor: fraction(1_000_000, 3600)),
    "kmh": MeasureUnit(["length": 1, "time": -1], factor: fraction(1_000_000, 3600)),
    "rpm": base("rpm"), "knot": base("knot"), "angstrom": length(1, 10_000_000), "erg": base("erg"),
    "arcsecond": MeasureUnit(["angle": 1], factor: fraction(1, 3600)),
    "arcsec": MeasureUnit(["angle": 1], factor: fraction(1, 3600)),
    "arcminute": MeasureUnit(["angle": 1], factor: fraction(1, 60)),
    "arcmin": MeasureUnit(["angle": 1], factor: fraction(1, 60)), "amu": base("amu"),
    "dyne": base("dyne"), "tesla": base("tesla"), "gauss": base("gauss"), "farad": base("farad"),
    "henry": base("henry"), "weber": base("weber"), "lumen": base("lumen"), "lux": base("lux"),
    "parsec": base("parsec"), "calorie": base("calorie"), "kcal": base("kcal"),
    "cal": base("calorie"),
    "horsepower": base("horsepower"), "psi": base("psi"), "ppm": base("ppm"), "gm": mass(1000),
    "\u{e5}": length(1, 10_000_000), "bushel": base("bushel"), "peck": base("peck"),
    "candela": base("candela"), "coulomb": base("coulomb"), "siemens": base("siemens"),
  ]

  /// Symbols of several letters, in which case matters.
  private static let symbols: [String: MeasureUnit] = [
    "mm": length(1), "cm": length(10), "dm": length(100), "km": length(1_000_000),
    "ft": length(3048, 10), "yd": length(9144, 10), "mi": length(1_609_344),
    "mg": mass(1), "kg": mass(1_000_000), "lb": mass(45_359_237, 100),
    "lbs": mass(45_359_237, 100), "oz": mass(45_359_237, 1600), "ms": time(1, 1000),
    "hrs": time(3600), "mins": time(60), "secs": time(1), "mL": volume(1000), "ml": volume(1000),
    "dL": volume(100_000), "Hz": base("hertz"),
    "kHz": MeasureUnit(["hertz": 1], factor: Rational(1000)),
    "MHz": MeasureUnit(["hertz": 1], factor: Rational(1_000_000)), "Pa": base("pascal"),
    "kPa": MeasureUnit(["pascal": 1], factor: Rational(1000)),
    "kJ": MeasureUnit(["joule": 1], factor: Rational(1000)),
    "kW": MeasureUnit(["watt": 1], factor: Rational(1000)), "mol": base("mole"),
    "atm": base("atmosphere"),
    "eV": base("electronvolt"), "nm": length(1, 1_000_000), "\u{3bc}m": length(1, 1000),
    "ha": MeasureUnit(["length": 2], factor: Rational(10_000_000_000)),
  ]

  private static let letters: [String: MeasureUnit] = [
    "m": length(1000), "s": time(1), "h": time(3600), "g": mass(1000), "L": volume(1_000_000),
    "l": volume(1_000_000), "N": base("newton"), "J": base("joule"), "W": base("watt"),
    "V": base("volt"), "A": base("ampere"), "K": base("kelvin"), "C": base("celsius"),
    "F": base("fahrenheit"), "t": mass(1_000_000_000),
  ]
}

/// What words after a number may count, and what words make of a number.
enum CountWords {
  /// `million` and the like, as powers of ten, and `dozen`.
  static func scale(_ word: String) -> Rational? { scales[word.lowercased()] }

  private static let scales: [String: Rational] = [
    "hundred": Rational(100), "thousand": Rational(1000), "thousands": Rational(1000),
    "hundreds": Rational(100), "million": Rational(1_000_000), "millions": Rational(1_000_000),
    "billion": Rational(1_000_000_000), "billions": Rational(1_000_000_000),
    "trillion": Rational(1_000_000_000_000), "dozen": Rational(12), "dozens": Rational(12),
    "\u{4e07}": Rational(10_000), "\u{4ebf}": Rational(100_000_000),
  ]

  /// `five`, `twenty`, `twenty-five`.
  static func number(_ word: String) -> Int? {
    let parts = word.lowercased().split(separator: "-")
    guard let first = parts.first.flatMap({ numbers[String($0)] }) else { return nil }
    guard parts.count > 1 else { return first }
    guard parts.count == 2, first >= 20, first % 10 == 0, let second = numbers[String(parts[1])],
      (1...9).contains(second)
    else { return nil }
    return first + second
  }

  private static let numbers: [String: Int] = {
    let small = [
      "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
      "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
      "nineteen",
    ]
    let tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    let pairs = small.enumerated().map { ($1, $0) } + tens.enumerated().map { ($1, 20 + 10 * $0) }
    return Dictionary(pairs) { first, _ in first }
  }()

  /// The noun that a word counts, in the singular; nil for words that say something of a number.
  static func noun(_ word: String) -> String? {
    let lower = word.lowercased()
    if let singular = irregular[lower] { return singular }
    guard lower.count >= 3, lower.allSatisfy({ $0.isASCII && $0.isLetter }), lower.hasSuffix("s"),
      !excluded.contains(lower), MathWords.functions[lower] == nil,
      !["ss", "us", "is", "ths", "nds"].contains(where: lower.hasSuffix)
    else { return nil }
    return lower.hasSuffix("ies") ? lower.dropLast(3) + "y" : String(lower.dropLast())
  }

  /// Whether a word behind a number can make another number of it.
  static func changes(_ word: String) -> Bool {
    let lower = word.lowercased()
    return excluded.contains(lower) || scale(lower) != nil || number(lower) != nil
      || changing.contains(lower)
  }

  /// Words that name nothing: they say how a value is not meant.
  static let qualifiers: Set<String> = [
    "not", "no", "never", "less", "more", "than", "fewer", "least", "most", "about", "nearly",
    "approximately", "almost", "or", "false", "wrong", "opposite", "neither", "nor",
  ]

  private static let changing: Set<String> = [
    "or", "and", "not", "no", "more", "than", "fewer", "most", "least", "to", "half", "squared",
    "cubed", "factorial", "is", "if", "when", "where", "but", "about", "am", "pm", "off", "below",
    "above", "negative", "mod", "modulo", "base", "percent", "th", "st", "nd", "rd", "between",
  ]

  /// Words that end like a plural but compare, negate or scale.
  private static let excluded: Set<String> = [
    "less", "times", "plus", "minus", "halves", "thirds", "quarters", "fourths", "fifths",
    "sixths", "sevenths", "eighths", "ninths", "tenths", "hundreds", "thousands", "millions",
    "billions", "trillions", "dozens", "tens", "ones", "pairs", "scores", "gross", "always",
    "perhaps", "besides", "versus", "does", "was", "has", "its", "this", "yes", "squares", "cubes",
    "roots", "squared", "digits", "decimals", "equals", "gives", "makes", "exists", "factors",
    "powers", "factorials", "negatives", "sometimes", "others", "either", "numbers",
  ]

  private static let irregular: [String: String] = [
    "people": "person", "person": "person", "persons": "person", "children": "child",
    "child": "child", "men": "man", "man": "man", "women": "woman", "woman": "woman",
    "mice": "mouse", "fish": "fish", "sheep": "sheep", "deer": "deer", "dice": "die",
    "geese": "goose", "teeth": "tooth", "oxen": "ox", "cattle": "cattle", "vertices": "vertex",
    "matrices": "matrix", "indices": "index", "cacti": "cactus", "way": "way", "apple": "apple",
    "student": "student", "solution": "solution", "book": "book", "point": "point",
    "points": "point", "game": "game", "outcome": "outcome", "value": "value", "step": "step",
    "team": "team", "card": "card", "ball": "ball", "coin": "coin", "boy": "boy", "girl": "girl",
    "car": "car", "word": "word", "triangle": "triangle", "buses": "bus", "boxes": "box",
    "\u{4e2a}": "", "\u{79cd}": "", "\u{4eba}": "person", "\u{79d2}": "second",
  ]

  /// Adjectives that may stand before a noun or unit.
  static let adjectives: Set<String> = [
    "different", "distinct", "possible", "total", "whole", "such", "integer", "real", "red", "blue",
    "green", "white", "black", "yellow", "small", "large", "big", "full", "ordered", "prime",
    "unique",
  ]
}
