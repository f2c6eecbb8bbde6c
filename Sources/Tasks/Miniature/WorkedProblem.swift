import Base

/// A miniature problem worked out in steps, each of which can be checked by itself.
///
/// The wording is fixed, and that of `ShortTrace`: a line tries something, and what comes of it
/// stands behind a colon.
struct WorkedProblem {
  /// A line each, such as `Try 4 and 7: 11.`
  private(set) var steps: [String] = []

  var reasoning: String { steps.joined(separator: "\n") }

  /// Works a problem out from its question and its options.
  /// - Throws: `MiniatureError.notWorkable` where the question is none of a miniature domain's, or
  ///   what comes out is not the row's answer.
  init(_ row: [String: JSONValue], task: String) throws {
    let question = Problems.question(of: row) ?? ""
    let options = Problems.options(of: row).compactMap { Int($0) }
    let result =
      switch task {
      case "math":
        number(question, isStory: row["type"]?.string == NumberProblem.wordProblemType)
          .map { "\($0)" }
      case "mmlu_pro": choice(question, options).map(ChoiceProblem.letter)
      default: nil as String?
      }
    guard let result, result == row["answer"]?.answerText else {
      throw MiniatureError.notWorkable(id: Problems.id(of: row), question: question)
    }
  }
}

// MARK: Sums, differences, products

extension WorkedProblem {
  /// The answer to a question that asks for a number; in a story it is the sum of the two there are.
  private mutating func number(_ question: String, isStory: Bool) -> Int? {
    let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
    let words = question.split(separator: " ")
    guard question.hasSuffix("?"), let last = words.last?.dropLast() else { return nil }
    if isStory { return numbers.count == 2 ? add(numbers[0], numbers[1]) : nil }
    if question.hasPrefix("Which number is the largest: ") { return largest(numbers) }
    if question.hasPrefix("How many times does the letter "), words.count == 12 {
      return count(words[6], in: last)
    }
    guard question.hasPrefix("What is ") else { return nil }
    return value(of: question.dropFirst("What is ".count).dropLast().split(separator: " "))
  }

  /// The value of `14 + 37` and the like.
  private mutating func value(of terms: [Substring]) -> Int? {
    let numbers = stride(from: 0, to: terms.count, by: 2).compactMap { Int(terms[$0]) }
    let signs = stride(from: 1, to: terms.count, by: 2).map { terms[$0] }
    guard numbers.count == signs.count + 1, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
    switch signs {
    case ["+"]: return add(numbers[0], numbers[1])
    case ["-"] where numbers[0] >= numbers[1]: return subtract(numbers[1], from: numbers[0])
    case ["*"]: return multiply(numbers[0], numbers[1])
    case ["*", "+"]:
      return add(multiply(numbers[0], numbers[1], isLast: false), numbers[2])
    default: return nil
    }
  }

  /// Adds column by column, from the right: `Try 4 and 7: 11.`, `Try 1 and 3: 4, one more: 5, yes.`
  private mutating func add(_ one: Int, _ other: Int) -> Int {
    var (left, right) = (one, other)
    var carries = false
    repeat {
      let sum = left % 10 + right % 10
      var step = "Try \(left % 10) and \(right % 10): \(sum)"
      if carries { step += ", one more: \(sum + 1)" }
      carries = sum + (carries ? 1 : 0) >= 10
      (left, right) = (left / 10, right / 10)
      steps.append(step + (left == 0 && right == 0 ? ", yes." : "."))
    } while left > 0 || right > 0
    return one + other
  }

  /// Takes a digit away, by way of ten: `Try 12 less 2: 10, 3 left.`, `Try 10 less 3: 7, yes.`
  private mutating func subtract(_ small: Int, from large: Int) -> Int {
    let units = large % 10
    guard units > 0, units < small, small < 10 else {
      steps.append("Try \(large) less \(small): \(large - small), yes.")
      return large - small
    }
    let round = large - units
    steps.append("Try \(large) less \(units): \(round), \(small - units) left.")
    steps.append("Try \(round) less \(small - units): \(large - small), yes.")
    return large - small
  }

  /// Counts up the multiples of the larger number: `Try 7 times 1: 7.`, `Try 7 times 2: 14, yes.`
  private mutating func multiply(_ one: Int, _ other: Int, isLast: Bool = true) -> Int {
    let (base, times) = (max(one, other), min(one, other))
    for count in min(1, times)...times {
      let isEnd = isLast && count == times
      steps.append("Try \(base) times \(count): \(base * count)\(isEnd ? ", yes" : "").")
    }
    return base * times
  }
}

// MARK: Comparing and counting

extension WorkedProblem {
  /// Holds the largest number so far against each further one: `Try 34 and 71: 71.`
  private mutating func largest(_ numbers: [Int]) -> Int? {
    guard numbers.count > 1 else { return nil }
    for (place, next) in numbers.enumerated().dropFirst() {
      let best = numbers[..<place].reduce(0, max)
      let isLast = place == numbers.count - 1
      steps.append("Try \(best) and \(next): \(max(best, next))\(isLast ? ", yes" : "").")
    }
    return numbers.reduce(0, max)
  }

  /// Goes through a word, counting: the second letter of `aba` is `Try 2 b: 1.`
  private mutating func count(_ letter: Substring, in word: Substring) -> Int {
    var count = 0
    for (place, found) in word.enumerated() {
      if String(found) == letter { count += 1 }
      let isLast = place == word.count - 1
      steps.append("Try \(place + 1) \(found): \(count)\(isLast ? ", yes" : "").")
    }
    return count
  }
}

// MARK: Choices

extension WorkedProblem {
  /// The place of the right option.
  private mutating func choice(_ question: String, _ options: [Int]) -> Int? {
    guard options.count > 1 else { return nil }
    let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
    switch question {
    case "Which number is the largest?": return best(options, >)
    case "Which number is the smallest?": return best(options, <)
    case "Which number is even?": return even(options)
    case _ where question.hasPrefix("Which number comes right after ") && numbers.count == 1:
      return option(numbers[0], plus: 1, options)
    case _ where question.hasPrefix("Which number is ") && numbers.count == 2:
      return option(numbers[0], plus: numbers[1], options)
    default: return nil
    }
  }

  /// Holds the best option so far against each further one: `Try A 5 and B 8: no.`
  private mutating func best(_ options: [Int], _ isBetter: (Int, Int) -> Bool) -> Int {
    var best = 0
    for next in options.indices.dropFirst() {
      let holds = isBetter(options[best], options[next])
      let pair = "\(Self.named(best, options)) and \(Self.named(next, options))"
      steps.append("Try \(pair): \(holds ? "yes" : "no").")
      if !holds { best = next }
    }
    return best
  }

  /// Halves every option: `Try A 8: 4 and 4, yes.`
  private mutating func even(_ options: [Int]) -> Int? {
    for place in options.indices {
      let half = options[place] / 2
      let other = options[place] - half
      steps.append(
        "Try \(Self.named(place, options)): \(half) and \(other), \(half == other ? "yes" : "no").")
    }
    return options.firstIndex { $0.isMultiple(of: 2) }
  }

  /// Looks for a sum among the options: `Try 4 and 3: 7.`, `Try A 6: no.`
  private mutating func option(_ one: Int, plus other: Int, _ options: [Int]) -> Int? {
    steps.append("Try \(one) and \(other): \(one + other).")
    for place in options.indices {
      let fits = options[place] == one + other
      steps.append("Try \(Self.named(place, options)): \(fits ? "yes" : "no").")
      if fits { return place }
    }
    return nil
  }

  /// `A 5`.
  private static func named(_ place: Int, _ options: [Int]) -> String {
    "\(ChoiceProblem.letter(place)) \(options[place])"
  }
}
