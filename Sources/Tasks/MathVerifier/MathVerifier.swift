/// Compares mathematical answers by what they mean. Documented in `docs/verifiers.md`.
package enum MathVerifier {
  /// The name with its version, raised whenever a verdict changes.
  package static let name = "math@1"

  /// Whether an answer means the same as the reference; both may be LaTeX or plain text.
  ///
  /// Never fails and takes bounded time: what cannot be parsed, or is too long or too deep, is
  /// compared as text.
  package static func isEquivalent(_ answer: String, to reference: String) -> Bool {
    guard max(answer.utf8.count, reference.utf8.count) <= LatexCleaner.lengthLimit else {
      return answer == reference
    }
    let (given, wanted) = (LatexCleaner.clean(answer), LatexCleaner.clean(reference))
    guard !given.isEmpty, !wanted.isEmpty else { return false }
    if TextAnswer.isText(wanted) || TextAnswer.isText(given) {
      return TextAnswer.agree(given, wanted)
    }
    let (joinedGiven, joinedWanted) = (
      LatexCleaner.joinThousands(given), LatexCleaner.joinThousands(wanted)
    )
    guard let joined = parsedAgree(joinedGiven, joinedWanted) else {
      return TextAnswer.agree(given, wanted)
    }
    // A reference such as `30,951` is one number, never a list of two.
    if joined || joinedWanted != wanted || joinedGiven == given { return joined }
    return parsedAgree(given, wanted) ?? false
  }

  /// Whether an answer is understood as mathematics or as words, for tests of the coverage.
  package static func canParse(_ answer: String) -> Bool {
    let clean = LatexCleaner.clean(answer)
    return TextAnswer.isText(clean) || MathParser.parse(UnitWords.removed(from: clean)) != nil
  }

  /// Whether two answers mean the same; nil where one is no mathematics.
  private static func parsedAgree(_ answer: String, _ reference: String) -> Bool? {
    guard let given = MathParser.parse(UnitWords.removed(from: answer)),
      let wanted = MathParser.parse(UnitWords.removed(from: reference))
    else { return nil }
    return MathComparison.agree(given, wanted)
  }
}

/// Whether two trees mean the same.
enum MathComparison {
  static func agree(_ answer: MathNode, _ reference: MathNode) -> Bool {
    if answer == reference { return true }
    let (a, b) = (Simplified.node(answer), Simplified.node(reference))
    if case .relation = a { return relation(a, b, isReference: false) }
    if case .relation = b { return relation(b, a, isReference: true) }
    switch (a, b) {
    case (.collection(let left), .collection(let right)): return sameElements(left, right)
    case (.collection(let items), .tuple(let open, let others, let close)),
      (.tuple(let open, let others, let close), .collection(let items)):
      // Two values in square brackets are an interval, which is no list of its ends.
      return (others.count != 2 || (open == "(" && close == ")")) && pairwise(items, others)
    case (.collection(let items), let other), (let other, .collection(let items)):
      return items.count == 1 && agree(items[0], other)
    case (.tuple(let open, let left, let close), .tuple(let from, let right, let to)):
      let isInterval = left.count == 2
      return (!isInterval || (open == from && close == to)) && pairwise(left, right)
    case (.union(let left), .union(let right)): return sameElements(left, right)
    case (.matrix(let left), .matrix(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { pairwise($0, $1) }
    case (.matrix(let rows), .tuple("(", let items, ")")),
      (.tuple("(", let items, ")"), .matrix(let rows)):
      return rows.allSatisfy { $0.count == 1 } && pairwise(rows.flatMap { $0 }, items)
    case (.percent(let inner), let other), (let other, .percent(let inner)):
      return percent(inner, other)
    default: return values(a, b)
    }
  }

  /// In percent, 10 and 0.1 are both the tenth part.
  private static func percent(_ inner: MathNode, _ other: MathNode) -> Bool {
    if case .percent(let second) = other { return values(inner, second) }
    return values(inner, other) || values(.percent(inner), other)
  }

  private static func pairwise(_ left: [MathNode], _ right: [MathNode]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { agree($0, $1) }
  }

  /// Whether two collections hold the same values, in any order and however often.
  private static func sameElements(_ left: [MathNode], _ right: [MathNode]) -> Bool {
    guard max(left.count, right.count) <= 2 * min(left.count, right.count) else { return false }
    return left.allSatisfy { item in right.contains { agree(item, $0) } }
      && right.allSatisfy { item in left.contains { agree($0, item) } }
  }

  // MARK: relations

  /// Compares an equation or inequality with anything else; `isReference` says that it is what is
  /// asked for.
  private static func relation(
    _ relation: MathNode, _ other: MathNode, isReference: Bool
  ) -> Bool {
    if case .relation = other {
      if let left = Simplified.interval(of: relation), let right = Simplified.interval(of: other) {
        return agree(left, right)
      }
      return sameEquation(relation, other)
    }
    if let interval = Simplified.interval(of: relation), agree(interval, other) { return true }
    // Whoever is asked for `2x + z = 1` has not given it with `1`.
    if isReference, !Simplified.isAssignment(relation) { return false }
    return Simplified.rightSide(of: relation).map { agree($0, other) } ?? false
  }

  /// Two equations are the same when what they set to zero differs by a constant factor; of two
  /// inequalities the factor's sign says whether they point the same way.
  private static func sameEquation(_ left: MathNode, _ right: MathNode) -> Bool {
    guard case .relation(let a, let signs) = left, case .relation(let b, let others) = right,
      let sign = signs.first, let otherSign = others.first
    else { return false }
    if signs == others, pairwise(a, b) { return true }
    if Simplified.isAssignment(left), Simplified.isAssignment(right), a.count + b.count > 4 {
      return agree(a[0], b[0]) && agree(a[a.count - 1], b[b.count - 1])
    }
    guard signs.count == 1, others.count == 1, ["=", "<", ">", "<=", ">="].contains(sign) else {
      return false
    }
    var ratio: ComplexNumber?
    for point in SamplePoint.all {
      guard let p = difference(a, point), let q = difference(b, point), p.isFinite, q.isFinite,
        p.magnitude > 1e-9, q.magnitude > 1e-9
      else { return false }
      let here = p / q
      if let ratio, (here - ratio).magnitude > 1e-7 * ratio.magnitude { return false }
      ratio = ratio ?? here
    }
    guard let ratio, sign != "=" else { return sign == otherSign }
    let turned = ["<": ">", ">": "<", "<=": ">=", ">=": "<="][sign]
    return ratio.imaginary == 0 && otherSign == (ratio.real > 0 ? sign : turned)
  }

  private static func difference(_ sides: [MathNode], _ point: SamplePoint) -> ComplexNumber? {
    guard let left = sides[0].value(at: point), let right = sides[1].value(at: point) else {
      return nil
    }
    return left - right
  }

  // MARK: single values

  private static func values(_ a: MathNode, _ b: MathNode) -> Bool {
    let isDecimal = a.hasDecimal || b.hasDecimal
    if let left = a.exact, let right = b.exact {
      return left == right
        || (isDecimal && near(ComplexNumber(left.double), ComplexNumber(right.double), 2e-6, true))
    }
    var isCompared = false
    for point in SamplePoint.all {
      guard let left = a.value(at: point), let right = b.value(at: point) else { return false }
      if left.real.isInfinite || right.real.isInfinite {
        guard left.real == right.real, left.imaginary == right.imaginary else { return false }
      } else {
        guard near(left, right, isDecimal ? 2e-6 : 1e-9, isDecimal) else { return false }
      }
      isCompared = true
    }
    return isCompared
  }

  /// A decimal counts as rounded to six places, or to six digits where it is below one.
  private static func near(
    _ a: ComplexNumber, _ b: ComplexNumber, _ tolerance: Double, _ isDecimal: Bool
  ) -> Bool {
    guard a.isFinite, b.isFinite else { return false }
    let size = max(a.magnitude, b.magnitude)
    return (a - b).magnitude <= tolerance * (isDecimal ? min(1, size) : size) || size < 1e-300
  }
}

extension MathNode {
  /// Whether a number in the tree was written with a point.
  var hasDecimal: Bool {
    switch self {
    case .number(_, let isDecimal): isDecimal
    case .large: true
    case .negative(let inner), .percent(let inner), .factorial(let inner): inner.hasDecimal
    case .sum(let a, let b), .product(let a, let b), .quotient(let a, let b), .power(let a, let b):
      a.hasDecimal || b.hasDecimal
    case .function(_, let arguments): arguments.contains(where: \.hasDecimal)
    default: false
    }
  }
}
