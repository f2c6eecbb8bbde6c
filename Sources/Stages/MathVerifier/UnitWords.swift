/// Units written as plain words after a number, such as `12 square inches`.
enum UnitWords {
  private static let known: Set<String> = [
    "degree", "degrees", "deg", "radian", "radians", "cm", "mm", "km", "meter", "meters", "metre",
    "metres", "inch", "inches", "foot", "feet", "ft", "yard", "yards", "mile", "miles", "mph",
    "unit", "units", "square", "cubic", "sq", "cent", "cents", "dollar", "dollars", "second",
    "seconds", "sec", "minute", "minutes", "min", "hour", "hours", "day", "days", "week", "weeks",
    "month", "months", "year", "years", "gram", "grams", "kg", "pound", "pounds", "liter",
    "liters", "percent", "percentage", "pct", "point", "points", "people", "way", "ways", "per",
  ]

  /// The text without known units at its end and their powers.
  static func removed(from text: String) -> String {
    var rest = text
    while let unit = lastWord(of: rest), known.contains(unit.word.lowercased()) {
      rest = String(rest.dropLast(unit.length)).stripped
    }
    return rest.isEmpty ? text : rest
  }

  /// The last word, and how many characters it and its power take: `cm^2` is `cm` of length 4.
  private static func lastWord(of text: String) -> (word: String, length: Int)? {
    let power = text.reversed().prefix { $0.isNumber || $0 == "^" }
    let length = power.last == "^" ? power.count : 0
    let word = text.dropLast(length).reversed().prefix { $0.isLetter }
    return word.isEmpty ? nil : (String(word.reversed()), length + word.count)
  }
}
