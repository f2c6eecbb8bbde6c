import Runner

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
