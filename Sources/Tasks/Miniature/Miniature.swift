import Base
import Synchronization

/// A family of small problems for models that are trained from nothing in minutes.
package enum MiniatureDomain: String, Sendable, CaseIterable {
  /// Sums, differences and products, in the columns of MATH.
  case arithmetic
  /// Multiple choice about numbers, in the columns of MMLU-Pro.
  case choice
  /// Sums of numbers below 20 and of numbers below 80, in the columns of MATH like the next three.
  case sums
  /// How often a letter occurs in a word.
  case counting
  /// The largest of four numbers, to be said and not chosen.
  case largest
  /// Sums told as stories.
  case wordProblem = "word_problem"

  /// The levels of difficulty that the domain has.
  package var levels: ClosedRange<Int> {
    switch self {
    case .arithmetic, .choice: 1...5
    case .counting: 1...3
    case .sums: 1...2
    case .largest, .wordProblem: 1...1
    }
  }

  /// The task whose prompts and verifier fit the rows.
  package var task: String {
    switch self {
    case .choice: "mmlu_pro"
    case .arithmetic, .sums, .counting, .largest, .wordProblem: "math"
    }
  }

  /// The columns that come first in tables.
  package var order: [String] {
    switch self {
    case .choice:
      ["id", "question_id", "question", "options", "answer", "answer_index", "category"]
    case .arithmetic, .sums, .counting, .largest, .wordProblem:
      ["id", "problem", "solution", "answer", "level", "type"]
    }
  }

  /// Every problem of a level, always in the same order; none of a level that there is not.
  package func rows(level: Int) -> [[String: JSONValue]] { problems(level: level).map { $0() } }

  /// The problems of a level, each of which becomes a row where it is asked for.
  private func problems(level: Int) -> [() -> [String: JSONValue]] {
    guard levels.contains(level) else { return [] }
    func numbered(_ problems: [NumberProblem]) -> [() -> [String: JSONValue]] {
      problems.enumerated().map { number, problem in
        { problem.row(self, level: level, number) }
      }
    }
    switch self {
    case .sums: return numbered(NumberProblem.sums(level: level))
    case .counting: return numbered(NumberProblem.counting(level: level))
    case .largest: return numbered(NumberProblem.largest(level: level))
    case .wordProblem: return numbered(NumberProblem.wordProblems(level: level))
    case .arithmetic:
      return ArithmeticProblem.all(level: level).enumerated().map { number, problem in
        { problem.row(number) }
      }
    case .choice:
      return ChoiceProblem.all(level: level).enumerated().map { number, problem in
        { problem.row(number) }
      }
    }
  }

  /// How many problems a level has; they are counted once.
  package func count(level: Int) -> Int {
    let question = "\(rawValue) \(level)"
    if let known = Self.counts.withLock({ $0[question] }) { return known }
    let count = problems(level: level).count
    Self.counts.withLock { $0[question] = count }
    return count
  }

  private static let counts = Mutex<[String: Int]>([:])

  /// Different problems of some levels in random order.
  /// - Throws: `MiniatureError.tooFewProblems`.
  package func rows(_ count: Int, levels: [Int], seed: Int) throws -> [[String: JSONValue]] {
    let all = levels.flatMap { problems(level: $0) }
    guard count <= all.count else {
      throw MiniatureError.tooFewProblems(domain: self, levels: levels, found: all.count)
    }
    var random = NumpyRandom(seed: seed, stream: "miniature " + rawValue)
    return random.elements(count, of: all).map { $0() }
  }
}

/// `What is 7 + 5?` and the like.
struct ArithmeticProblem {
  let level: Int
  let type: String
  let expression: String
  let value: Int

  /// Every problem of a level: 1 sums of digits, 2 differences, 3 products of digits, 4 sums of
  /// numbers from 10 to 49, 5 a product of digits and a digit more.
  static func all(level: Int) -> [ArithmeticProblem] {
    switch level {
    case 1: pairs(0...9, 0...9) { problem(1, "Addition", "\($0) + \($1)", $0 + $1) }
    case 2:
      pairs(0...18, 0...9) { $0 < $1 ? nil : problem(2, "Subtraction", "\($0) - \($1)", $0 - $1) }
    case 3: pairs(0...9, 0...9) { problem(3, "Multiplication", "\($0) * \($1)", $0 * $1) }
    case 4: pairs(10...49, 10...49) { problem(4, "Addition", "\($0) + \($1)", $0 + $1) }
    default:
      (1...9).flatMap { more in
        pairs(2...9, 2...9) {
          problem(5, "Mixed", "\($0) * \($1) + \(more)", $0 * $1 + more)
        }
      }
    }
  }

  /// The columns of MATH. The id names the problem itself, whatever it was drawn for.
  func row(_ number: Int) -> [String: JSONValue] {
    [
      "id": .string("arithmetic/\(level)/\(number)"), "problem": .string("What is \(expression)?"),
      "solution": .string("\(expression) = \(value), so the answer is $\\boxed{\(value)}$."),
      "answer": .string("\(value)"), "level": .string("Level \(level)"), "type": .string(type),
    ]
  }

  private static func problem(
    _ level: Int, _ type: String, _ expression: String, _ value: Int
  ) -> ArithmeticProblem {
    ArithmeticProblem(level: level, type: type, expression: expression, value: value)
  }

  private static func pairs(
    _ first: ClosedRange<Int>, _ second: ClosedRange<Int>,
    _ make: (Int, Int) -> ArithmeticProblem?
  ) -> [ArithmeticProblem] {
    first.flatMap { a in second.compactMap { b in make(a, b) } }
  }
}

/// `Which number is the largest?` and the like, with three or four numbers to choose from.
struct ChoiceProblem {
  let level: Int
  let category: String
  let question: String
  let options: [Int]
  let answer: Int

  /// Every problem of a level: 1 the largest digit, 2 the smallest, 3 what comes next, 4 the even
  /// number, 5 a sum.
  static func all(level: Int) -> [ChoiceProblem] {
    switch level {
    case 1: extremes(1, "Which number is the largest?") { $0.max() }
    case 2: extremes(2, "Which number is the smallest?") { $0.min() }
    case 3: successors()
    case 4: evens()
    default: sums()
    }
  }

  /// The columns of MMLU-Pro. The id names the problem itself, whatever it was drawn for.
  func row(_ number: Int) -> [String: JSONValue] {
    [
      "id": .string("choice/\(level)/\(number)"),
      "question_id": .integer(level * 10_000 + number), "question": .string(question),
      "options": .array(options.map { .string("\($0)") }),
      "answer": .string(Self.letter(answer)), "answer_index": .integer(answer),
      "cot_content": "", "category": .string(category), "src": "miniature",
    ]
  }

  /// `A` for the first option, and so on.
  static func letter(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index)))
  }

  private static func extremes(
    _ level: Int, _ question: String, _ choose: ([Int]) -> Int?
  ) -> [ChoiceProblem] {
    orderedTriples(of: Array(0...9)).compactMap { options in
      choose(options).flatMap { problem(level, "comparison", question, options, answer: $0) }
    }
  }

  private static func successors() -> [ChoiceProblem] {
    (1...30).flatMap { number in
      orderedTriples(of: [number - 1, number + 1, number + 2, number + 3]).compactMap { options in
        let question = "Which number comes right after \(number)?"
        return problem(3, "counting", question, options, answer: number + 1)
      }
    }
  }

  private static func evens() -> [ChoiceProblem] {
    orderedTriples(of: Array(0...15)).compactMap { options in
      let even = options.filter { $0.isMultiple(of: 2) }
      guard even.count == 1 else { return nil }
      return problem(4, "parity", "Which number is even?", options, answer: even[0])
    }
  }

  private static func sums() -> [ChoiceProblem] {
    (0...9).flatMap { a in
      (0...9).flatMap { b in
        (0..<4).compactMap { turn in
          let sum = a + b
          let near = [sum, sum + 1, sum + 2, sum == 0 ? 3 : sum - 1]
          let options = Array(near[turn...] + near[..<turn])
          return problem(5, "arithmetic", "Which number is \(a) + \(b)?", options, answer: sum)
        }
      }
    }
  }

  /// A problem, where the answer is among the options.
  private static func problem(
    _ level: Int, _ category: String, _ question: String, _ options: [Int], answer: Int
  ) -> ChoiceProblem? {
    options.firstIndex(of: answer).map {
      ChoiceProblem(
        level: level, category: category, question: question, options: options, answer: $0)
    }
  }

  private static func orderedTriples(of numbers: [Int]) -> [[Int]] {
    numbers.flatMap { a in
      numbers.flatMap { b in
        numbers.compactMap { c in a == b || b == c || a == c ? nil : [a, b, c] }
      }
    }
  }
}

/// Why miniature problems or texts about them cannot be made.
package enum MiniatureError: Error, CustomStringConvertible {
  /// Levels hold fewer problems than are asked for.
  case tooFewProblems(domain: MiniatureDomain, levels: [Int], found: Int)
  /// The part `format` has no problems to show.
  case nothingToShow
  /// Answers of the task cannot be written in few words.
  case noShortAnswers(task: String)
  /// The symbolic teacher cannot work a problem out.
  case notWorkable(id: String?, question: String)
  /// A style is asked for that only puzzles have.
  case onlyShort(task: String)
  /// A row lacks what its answer is written from.
  case unusableRow(id: String?, problem: String)

  package var description: String {
    switch self {
    case .tooFewProblems(let domain, let levels, let found):
      "the domain \(domain.rawValue) has only \(found) problems of level "
        + "\(levels.map(String.init).joined(separator: ", ")); lower 'count' or add levels"
    case .nothingToShow:
      "the part 'format' shows answers to problems: bind 'puzzles', 'arithmetic' or 'choice', "
        + "or leave the part out"
    case .noShortAnswers(let task): "texts cannot show answers of the task '\(task)'"
    case .notWorkable(let id, let question):
      "the symbolic teacher cannot work out the problem \(id ?? "without an id"), "
        + "'\(question.prefix(80))'; it knows the questions of miniature_problems"
    case .onlyShort(let task):
      "problems of the task '\(task)' are worked out in 'style: short' only"
    case .unusableRow(let id, let problem):
      "the problem \(id ?? "without an id") has no \(problem)"
    }
  }
}
