/// Whether two expressions have the same value everywhere.
///
/// What is a rational function with whole exponents is compared exactly, at random points of prime
/// fields. Anything else is compared in floating point, at points of both signs and several sizes.
struct ExpressionEquality {
  /// What values in floating point may differ by, relative to the larger one.
  static let tolerance = 1e-9
  /// What a rounded decimal may differ by from what it stands for, relative below one.
  static let decimalTolerance = 2e-6

  private let seed: UInt64

  /// - Parameter seed: from both answers, so that nobody can choose an answer after the points.
  init(seed: UInt64) { self.seed = seed }

  func areEqual(_ a: Expression, _ b: Expression) -> Bool {
    if a == b { return true }
    if let left = a.rational, let right = b.rational {
      return left == right || Self.areRounded(a, left, b, right)
    }
    if let isEqual = exactly(a, b) { return isEqual }
    if let isEqual = decimally(a, b) { return isEqual }
    if let isEqual = bySummands(a, b) { return isEqual }
    return numerically(a, b)
  }

  /// Whether `a` is a constant multiple of `b`, and with which sign; nil where it is not.
  func ratioSign(_ a: Expression, _ b: Expression) -> Int? {
    let points = exactPoints
    let left = points.map { $0.value(a) }
    let right = points.map { $0.value(b) }
    if left.allSatisfy({ $0 != nil }), right.allSatisfy({ $0 != nil }) {
      // Of two points of one field, a(1) b(2) = a(2) b(1).
      guard isProportional(a, b) else { return nil }
    }
    return numericRatio(a, b)
  }

  // MARK: exact

  private var exactPoints: [FieldPoint] {
    (1...3).map { FieldPoint(seed: seed &+ $0 &* 0x9e37_79b9) }
  }

  /// nil where one of them is no rational function.
  private func exactly(_ a: Expression, _ b: Expression) -> Bool? {
    var isCompared = false
    for point in exactPoints {
      guard let left = point.value(a), let right = point.value(b) else {
        if isCompared { continue }
        return nil
      }
      if left != right { return false }
      isCompared = true
    }
    return isCompared ? true : nil
  }

  private func isProportional(_ a: Expression, _ b: Expression) -> Bool {
    let other = Dictionary(uniqueKeysWithValues: a.symbols.union(b.symbols).map { ($0, $0 + "'") })
    let (c, d) = (a.renamed(other), b.renamed(other))
    return exactly(.product([a, d]), .product([c, b])) ?? false
  }

  // MARK: decimals

  /// A decimal stands for a number that it is rounded from, or cut off, where it has six digits.
  private static func areRounded(
    _ a: Expression, _ left: Rational, _ b: Expression, _ right: Rational
  ) -> Bool {
    switch (a.places, b.places) {
    case (let first?, let second?):
      // Two decimals: one may be the other with fewer digits.
      let places = min(first, second)
      guard first != second, places < 30 else { return false }
      let gap = abs((left.subtracting(right) ?? Rational(0)).double)
      let size = min(abs(left.double), abs(right.double))
      return gap > 0 && gap <= pow10(-places) / 2 * (1 + 1e-9)
        && gap <= decimalTolerance * min(1, size) || gap > 0 && gap <= 1e-14 * size
    case (let places?, nil): return stands(left, places, for: right.double)
    case (nil, let places?): return stands(right, places, for: left.double)
    case (nil, nil): return false
    }
  }

  private static func stands(_ decimal: Rational, _ places: Int, for value: Double) -> Bool {
    let gap = abs(decimal.double - value)
    let isCut = abs(decimal.double) < abs(value) && gap < pow10(-places) * (1 - 1e-9)
    let isRounded = gap <= pow10(-places) / 2 * (1 + 1e-9)
    // Digits that a computer's arithmetic leaves at the end say nothing.
    let isNoise = places >= 13 && gap <= 1e-13 * abs(value)
    return (isCut || isRounded || isNoise) && gap <= decimalTolerance * min(1, abs(value))
  }

  private static func pow10(_ exponent: Int) -> Double {
    (0..<min(300, abs(exponent))).reduce(1.0) { value, _ in
      exponent < 0 ? value / 10 : value * 10
    }
  }

  /// A decimal beside an irrational constant; nil where neither is one.
  private func decimally(_ a: Expression, _ b: Expression) -> Bool? {
    guard a.symbols.isEmpty, b.symbols.isEmpty else { return nil }
    let point = RealPoint(.whole(1), seed: seed, isComplex: false)
    func check(_ decimal: Expression, _ other: Expression) -> Bool? {
      guard let places = decimal.places, let exact = decimal.rational else { return nil }
      let value = point.value(other)
      return value.isDefined && value.value.imaginary == 0
        && Self.stands(exact, places, for: value.value.real)
    }
    return check(a, b) ?? check(b, a)
  }

  // MARK: floating point

  /// Sums of a fraction and something else: exact parts are compared exactly, however large they are
  /// beside the rest. nil where that decides nothing.
  private func bySummands(_ a: Expression, _ b: Expression) -> Bool? {
    let (left, right) = (a.summands, b.summands)
    guard left.rest.count < left.count || right.rest.count < right.count else { return nil }
    // Nothing is left of `5`, and zero of `5 + \sqrt2 - \sqrt2`.
    let isRestEqual = numerically(.sum(left.rest), .sum(right.rest))
    let isExactEqual = exactly(left.exact, right.exact) ?? (left.exact == right.exact)
    if isRestEqual { return isExactEqual }
    return isExactEqual ? false : nil
  }

  private func numerically(_ a: Expression, _ b: Expression) -> Bool {
    let isComplex = a.hasImaginary || b.hasImaginary
    if a.symbols.isEmpty, b.symbols.isEmpty {
      let point = RealPoint(
        .whole(1), seed: seed, isComplex: isComplex || a.isRootOfNegative || b.isRootOfNegative)
      return Self.agree(point.value(a), point.value(b)) ?? false
    }
    let schemes = a.wantsWholes || b.wantsWholes ? RealPoint.wholeSchemes : RealPoint.schemes
    var (both, oneSided) = (0, 0)
    for (index, scheme) in schemes.enumerated() {
      let point = RealPoint(scheme, seed: seed &+ UInt64(index), isComplex: isComplex)
      let (left, right) = (point.value(a), point.value(b))
      if left.isDefined != right.isDefined {
        oneSided += 1
      } else if let agrees = Self.agree(left, right) {
        if !agrees { return false }
        both += 1
      }
    }
    // Below n = 2 the factorial of n - 2 is undefined, and n(n - 1) is not.
    let isWhole = schemes == RealPoint.wholeSchemes
    return both >= 3 && oneSided <= schemes.count / (isWhole ? 2 : 6)
  }

  /// nil where both are undefined.
  private static func agree(_ a: Approximation, _ b: Approximation) -> Bool? {
    guard a.isDefined, b.isDefined else { return a.isDefined == b.isDefined ? nil : false }
    let size = max(a.value.magnitude, b.value.magnitude)
    let gap = (a.value - b.value).magnitude
    let error = a.error + b.error
    return gap <= tolerance * size || (gap <= 2 * error && error <= tolerance * max(1, size))
  }

  /// The sign of a / b where that is the same real number at all points.
  private func numericRatio(_ a: Expression, _ b: Expression) -> Int? {
    var ratio: ComplexNumber?
    var count = 0
    for (index, scheme) in RealPoint.schemes.enumerated() {
      let point = RealPoint(scheme, seed: seed &+ UInt64(index), isComplex: false)
      let (left, right) = (point.value(a), point.value(b))
      guard left.isDefined, right.isDefined, left.value.magnitude > 4 * left.error,
        right.value.magnitude > 4 * right.error
      else { continue }
      let here = left.value / right.value
      if let ratio, (here - ratio).magnitude > 1e-7 * ratio.magnitude { return nil }
      ratio = ratio ?? here
      count += 1
    }
    guard let ratio, ratio.imaginary == 0, count >= 3 else { return nil }
    return ratio.real > 0 ? 1 : -1
  }
}

extension Expression {
  /// How many digits stand after the point of a decimal; nil for anything else.
  var places: Int? {
    switch self {
    case .decimal(_, let places): places
    case .negative(let inner): inner.places
    // `1.5 \times 10^{-3}`
    case .product(let items):
      items.count == 2
        ? items[0].places.flatMap { digits in items[1].powerOfTen.map { digits - $0 } } : nil
    default: nil
    }
  }

  private var powerOfTen: Int? {
    guard case .power(.number(let base), let exponent) = self, base == Rational(10) else {
      return nil
    }
    return exponent.rational?.integer
  }

  var hasImaginary: Bool {
    contains { expression in
      switch expression {
      case .imaginary, .function(.cis, _): true
      default: false
      }
    }
  }

  /// Whether a root is drawn of something that is negative, which is imaginary.
  fileprivate var isRootOfNegative: Bool {
    contains { expression in
      guard case .root(let inner, let index) = expression, index % 2 == 0 else { return false }
      return (inner.rational?.double ?? 0) < 0
    }
  }

  /// Whether only whole numbers suit the variables.
  fileprivate var wantsWholes: Bool {
    contains { expression in
      switch expression {
      case .factorial(let inner): return !inner.symbols.isEmpty
      case .function(let name, let items) where [.binom, .gcd, .lcm, .mod].contains(name):
        return items.contains { !$0.symbols.isEmpty }
      case .series(_, _, let from, let to, _):
        return !from.symbols.isEmpty || !to.symbols.isEmpty
      case .power(let base, let exponent):
        return (base.rational?.double ?? 0) < 0 && !exponent.symbols.isEmpty
      default: return false
      }
    }
  }

  /// The summands that are exact constants, as one sum, and the others.
  fileprivate var summands: (exact: Expression, rest: [Expression], count: Int) {
    var (exact, rest): ([Expression], [Expression]) = ([], [])
    func collect(_ expression: Expression, isNegative: Bool) {
      switch expression {
      case .sum(let items): for item in items { collect(item, isNegative: isNegative) }
      case .negative(let inner): collect(inner, isNegative: !isNegative)
      default:
        let term = isNegative ? .negative(expression) : expression
        if expression.isExactConstant { exact.append(term) } else { rest.append(term) }
      }
    }
    collect(self, isNegative: false)
    return (.sum(exact), rest, exact.count + rest.count)
  }

  /// Whether it is built from fractions by arithmetic and whole powers.
  private var isExactConstant: Bool {
    switch self {
    case .number, .decimal, .digits: true
    case .negative(let inner), .factorial(let inner): inner.isExactConstant
    case .sum(let items), .product(let items): items.allSatisfy(\.isExactConstant)
    case .quotient(let a, let b): a.isExactConstant && b.isExactConstant
    case .power(let a, let b): a.isExactConstant && b.rational?.denominator == 1
    case .function(let name, let items):
      MathFunction.arithmetic.contains(name) && items.allSatisfy { $0.rational != nil }
    default: false
    }
  }
}
