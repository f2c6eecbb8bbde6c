/// What an answer says, after parsing.
indirect enum Answer: Hashable, Sendable {
  case value(Expression)
  case infinity(isNegative: Bool)
  case words([String])
  /// Values beside each other, in any order; `isJoint` where `and` or a brace joins them.
  case list([Answer], isJoint: Bool)
  /// Values in brackets: a point, a vector or an interval.
  case tuple(open: String, [Answer], close: String)
  case union([Answer])
  case intersection([Answer])
  case difference(Answer, Answer)
  /// `R`, `Z`, `N`, `Q` or `C`.
  case numbers(String)
  case emptySet
  /// The values of a variable for which all of some relations hold.
  case builder(variable: String, [Answer])
  case matrix([[Expression]])
  /// A chain of relations; one sign fewer than operands.
  case relation([Answer], [Relation])
  case congruence(Answer, modulus: Expression)
  /// Digits in a named base.
  case based(digits: String, base: Int)
  case ratio([Expression])
  case clock(ClockTime)
}

enum Relation: String, Hashable, Sendable {
  case equal = "="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case notEqual = "!="
  case member = "in"
  case approximate = "~"
  case congruent = "=="

  var isRising: Bool { self == .less || self == .lessOrEqual }
  var isFalling: Bool { self == .greater || self == .greaterOrEqual }
  var isStrict: Bool { self == .less || self == .greater }

  var turned: Relation {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }
}

/// A time of day.
struct ClockTime: Hashable, Sendable {
  let hour: Int
  let minute: Int
  var second = 0
  /// `am` or `pm`; nil where nothing is said.
  let half: String?

  /// Whether two times are one, where both say enough: 3:45 p.m. is 15:45.
  func agrees(with other: ClockTime) -> Bool {
    guard minute == other.minute, second == other.second else { return false }
    if half == other.half || half == nil || other.half == nil, hour == other.hour { return true }
    return hourOfDay == other.hourOfDay
  }

  private var hourOfDay: Int {
    guard let half else { return hour }
    return hour % 12 + (half == "pm" ? 12 : 0)
  }
}

extension Answer {
  var expression: Expression? {
    if case .value(let expression) = self { expression } else { nil }
  }

  /// The name that an operand of an equation is: a variable, a function at a place, words.
  var name: String? {
    switch self {
    case .words(let words): return words.joined(separator: " ").lowercased()
    case .value(let expression): return expression.name
    case .tuple(_, let items, _):
      let names = items.compactMap(\.name)
      return names.count == items.count ? "(" + names.joined(separator: ",") + ")" : nil
    default: return nil
    }
  }
}

extension Expression {
  /// The name that it is, such as `x`, `AB`, `f(x)`, `f'(1)` or `|AB|`; nil for a computation.
  var name: String? {
    switch self {
    case .symbol(let name): return name
    case .function(.abs, let items): return items[0].name.map { "|\($0)|" }
    case .product(let items):
      guard case .symbol(let first)? = items.first else { return nil }
      if items.count == 2, Self.functionNames.contains(first) || first.hasSuffix("'") {
        return "\(first)(\(items[1].symbols.isEmpty ? "#" : "x"))"
      }
      let names = items.compactMap { item -> String? in
        if case .symbol(let name) = item { name } else { nil }
      }
      return names.count == items.count ? names.joined() : nil
    case .quotient(let above, let below):
      // `dy/dx`
      guard let first = above.name, let second = below.name, first.hasPrefix("d"),
        second.hasPrefix("d"), first.count > 1, second.count > 1
      else { return nil }
      return first + "/" + second
    default: return nil
    }
  }

  /// The variable of `f(x)`; nil for anything else.
  var functionArgument: String? {
    guard case .product(let items) = self, items.count == 2, case .symbol(let first) = items[0],
      Self.functionNames.contains(first) || first.hasSuffix("'"),
      case .symbol(let argument) = items[1]
    else { return nil }
    return argument
  }

  private static let functionNames: Set<String> = [
    "f", "g", "h", "F", "G", "H", "P", "Q", "p", "q", "r", "u", "v", "y", "Y", "T", "S", "a", "b",
    "E",
    "phi", "psi", "Phi",
  ]
}
