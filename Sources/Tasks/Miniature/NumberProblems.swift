import Base

/// A problem whose answer is a number, for models that have a foothold in such problems already.
struct NumberProblem {
  let type: String
  let question: String
  /// What the answer comes from, such as `3 + 14 = 17`.
  let reason: String
  let answer: Int

  /// The columns of MATH. The id names the problem itself, whatever it was drawn for.
  func row(_ domain: MiniatureDomain, level: Int, _ number: Int) -> [String: JSONValue] {
    [
      "id": .string("\(domain.rawValue)/\(level)/\(number)"), "problem": .string(question),
      "solution": .string("\(reason), so the answer is $\\boxed{\(answer)}$."),
      "answer": .string("\(answer)"), "level": .string("Level \(level)"), "type": .string(type),
    ]
  }
}

/// Every problem of a level, always in the same order; none of a level that a domain does not have.
extension NumberProblem {
  /// Sums of two numbers: of level 1 from 1 to 19, of level 2 from 20 to 79.
  static func sums(level: Int) -> [NumberProblem] {
    let ranges = [1: 1...19, 2: 20...79]
    guard let range = ranges[level] else { return [] }
    return range.flatMap { a in
      range.map { b in
        NumberProblem(
          type: "Addition", question: "What is \(a) + \(b)?", reason: "\(a) + \(b) = \(a + b)",
          answer: a + b)
      }
    }
  }

  /// How often a letter occurs in a word of the letters a, b and c: of level 1 of four letters, and
  /// of one more at each further level.
  static func counting(level: Int) -> [NumberProblem] {
    guard (1...3).contains(level) else { return [] }
    let letters = ["a", "b", "c"]
    let words = (0..<level + 3).reduce([""]) { words, _ in
      words.flatMap { word in letters.map { word + $0 } }
    }
    return words.flatMap { word in
      letters.map { letter in
        let count = word.count { String($0) == letter }
        return NumberProblem(
          type: "Counting",
          question: "How many times does the letter \(letter) occur in the word \(word)?",
          reason: "In \(word) the letter \(letter) occurs \(count) times", answer: count)
      }
    }
  }

  /// The largest of four numbers from 10 to 99: 5,000 of the many that there are.
  static func largest(level: Int) -> [NumberProblem] {
    guard level == 1 else { return [] }
    var random = NumpyRandom(seed: 0, stream: "miniature largest")
    var seen: Set<[Int]> = []
    var problems: [NumberProblem] = []
    while problems.count < 5000 {
      let numbers = random.indices(4, below: 90).map { $0 + 10 }
      guard seen.insert(numbers).inserted else { continue }
      let most = numbers.reduce(0, max)
      let list = numbers.dropLast().map(String.init).joined(separator: ", ")
      problems.append(
        NumberProblem(
          type: "Comparison", question: "Which number is the largest: \(list) or \(numbers[3])?",
          reason: "The largest of \(list) and \(numbers[3]) is \(most)", answer: most))
    }
    return problems
  }

  /// Sums of two numbers from 2 to 19, told in one of a dozen stories.
  static func wordProblems(level: Int) -> [NumberProblem] {
    guard level == 1 else { return [] }
    return stories.flatMap { story in
      (2...19).flatMap { a in
        (2...19).map { b in
          NumberProblem(
            type: wordProblemType, question: story(a, b), reason: "\(a) + \(b) = \(a + b)",
            answer: a + b)
        }
      }
    }
  }

  static let wordProblemType = "Word problem"

  private static let stories: [@Sendable (_ a: Int, _ b: Int) -> String] = [
    { "Ann has \($0) apples and buys \($1) more. How many apples does Ann have now?" },
    { "Bob has \($0) marbles and finds \($1) more. How many marbles does Bob have now?" },
    { "There are \($0) birds in a tree, and \($1) more come. How many birds are there now?" },
    {
      "Cid reads \($0) pages on Monday and \($1) pages on Tuesday. How many pages does Cid read in "
        + "all?"
    },
    { "A box holds \($0) red pens and \($1) blue pens. How many pens does the box hold?" },
    {
      "Dee walks \($0) miles in the morning and \($1) miles in the evening. How many miles does Dee "
        + "walk in all?"
    },
    { "A bus has \($0) passengers, and \($1) more get on. How many passengers are there now?" },
    { "Eve bakes \($0) cakes, and Fay bakes \($1) cakes. How many cakes do they bake in all?" },
    { "A shelf holds \($0) books, and \($1) more are put on it. How many books are there now?" },
    {
      "Gus saves \($0) dollars in May and \($1) dollars in June. How many dollars does Gus save in "
        + "all?"
    },
    { "A farm has \($0) cows and \($1) goats. How many animals does the farm have?" },
    { "A class has \($0) girls and \($1) boys. How many children are in the class?" },
  ]
}
