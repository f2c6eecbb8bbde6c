import Runner

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
