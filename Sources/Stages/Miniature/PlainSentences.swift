/// Plain sentences that hold the words of the miniature tasks, but no reasoning.
struct PlainSentences {
  private let names: [String]
  private var random: NumpyRandom

  /// A stream of sentences about people of these names, and about numbers.
  init(names: [String], random: NumpyRandom) {
    self.names = names
    self.random = random
  }

  /// Who is what, who says what, and what is not so.
  mutating func aboutPeople() -> String {
    let people = random.elements(2, of: names)
    let (a, b) = (people[0], people[1])
    let isKnight = random.integer(in: 0..<2) == 0
    let (kind, other) = isKnight ? ("knight", "knave") : ("knave", "knight")
    return random.element(of: [
      "\(a) is a \(kind), so \(a) is not a \(other).",
      "\(a) is a \(kind). \(a) always \(isKnight ? "tells the truth" : "lies").",
      "It is \(isKnight) that \(a) is a knight, if \(a) is a \(kind).",
      "\(a) says \(b) is a \(kind). \(b) says \(a) is a \(other).",
      "You meet 2 inhabitants: \(a), and \(b). (1) \(a) (2) \(b)",
      "Is \(a) a knight? \(a) \(kind): \(isKnight ? "yes" : "no").",
      "Is \(a) a knave? \(a) \(kind): \(isKnight ? "no" : "yes").",
      "not \(a) knight means \(a) knave. not \(a) knave means \(a) knight.",
      "Try \(a) \(kind), \(b) \(random.element(of: ["knight", "knave"])).",
      "not true is false, and not false is true.",
      "If \(a) is a \(kind) then \(a) is a \(kind). \(a) iff \(a), if and only if \(a).",
    ])
  }

  /// A sum, a difference, a product, or counting.
  mutating func aboutSums() -> String {
    let (a, b) = (random.integer(in: 0..<10), random.integer(in: 0..<10))
    return random.element(of: [
      "\(a) + \(b) = \(a + b).", "\(a + b) - \(b) = \(a).", "\(a) * \(b) = \(a * b).",
      "\(a) plus \(b) is \(a + b).", "\((a...a + 4).map(String.init).joined(separator: ", ")).",
    ])
  }

  /// A comparison, a successor, parity, or which letter stands before which option.
  mutating func aboutChoices() -> String {
    let numbers = random.indices(3, below: 16)
    let list = "\(numbers[0]), \(numbers[1]) and \(numbers[2])"
    let index = random.integer(in: 0..<3)
    let lettered = numbers.enumerated().map { "\(ChoiceProblem.letter($0)). \($1)" }
    return random.element(of: [
      "The largest of \(list) is \(numbers.reduce(0, max)).",
      "The smallest of \(list) is \(numbers.reduce(99, min)).",
      "\(numbers[0] + 1) comes right after \(numbers[0]).",
      "\(numbers[0]) is \(numbers[0].isMultiple(of: 2) ? "even" : "odd").",
      "\(lettered.joined(separator: "\n"))\n\(numbers[index]) is \(ChoiceProblem.letter(index)).",
    ])
  }
}
