import Base

/// Arithmetic modulo a number below 2^62; where that is a prime, it is a field.
struct ModularRing: Sendable {
  let modulus: UInt64

  func residue(_ value: Int128) -> UInt64 {
    let rest = value % Int128(modulus)
    return UInt64(rest < 0 ? rest + Int128(modulus) : rest)
  }

  /// The residue of a number that is too long for a word.
  func residue(digits: String) -> UInt64 {
    digits.utf8.reduce(0) { add(multiply($0, 10 % modulus), UInt64($1 &- 48) % modulus) }
  }

  func add(_ a: UInt64, _ b: UInt64) -> UInt64 { a + b >= modulus ? a + b - modulus : a + b }

  func negate(_ a: UInt64) -> UInt64 { a == 0 ? 0 : modulus - a }

  func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return modulus.dividingFullWidth(product).remainder
  }

  func power(_ base: UInt64, _ exponent: UInt64) -> UInt64 {
    var (result, square, rest) = (1 % modulus, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = multiply(result, square) }
      square = multiply(square, square)
      rest >>= 1
    }
    return result
  }

  /// The inverse in a field; nil for zero.
  func inverse(_ a: UInt64) -> UInt64? { a == 0 ? nil : power(a, modulus - 2) }
}

extension ModularRing {
  /// The field of a prime between 2^60 and 2^61 that depends on a seed, so that nobody can know
  /// beforehand modulo what an answer is looked at.
  static func field(seed: UInt64) -> ModularRing {
    var generator = SplitMix64(state: seed)
    var candidate = (1 << 60) | (generator.next() >> 4) | 1
    while !isPrime(candidate) {
      candidate = candidate + 2 < 1 << 61 ? candidate + 2 : (1 << 60) | 1
    }
    return ModularRing(modulus: candidate)
  }

  /// Miller and Rabin's test, certain below 2^64 with these bases (Sorenson and Webster 2015).
  private static func isPrime(_ candidate: UInt64) -> Bool {
    let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
    if bases.contains(where: { candidate % $0 == 0 }) { return false }
    let ring = ModularRing(modulus: candidate)
    let twos = (candidate - 1).trailingZeroBitCount
    let odd = (candidate - 1) >> UInt64(twos)
    return bases.allSatisfy { base in
      var value = ring.power(base, odd)
      if value == 1 || value == candidate - 1 { return true }
      for _ in 1..<max(1, twos) {
        value = ring.multiply(value, value)
        if value == candidate - 1 { return true }
      }
      return false
    }
  }
}

/// Numbers in place of variables, in a prime field. A rational function that is not zero is zero at
/// a random point with a probability below its degree over 2^60 (Schwartz 1980), so expressions that
/// agree at some points of some fields are equal: exactly, however large their numbers are.
struct FieldPoint: Sendable {
  let field: ModularRing
  private let exponents: ModularRing
  private let seed: UInt64

  init(seed: UInt64) {
    self.seed = seed
    field = .field(seed: seed)
    exponents = ModularRing(modulus: field.modulus - 1)
  }

  /// The whole number that stands for a variable, in the field and in exponents alike.
  private func number(_ name: String) -> Int128 {
    Int128(StableHash.value(of: name, seed: seed) >> 2)
  }

  /// How many terms and factors an evaluation may take.
  static let budget = 200_000

  /// The value in the field; nil where it is no rational function, or is undefined here.
  func value(_ expression: Expression) -> UInt64? {
    var steps = Self.budget
    return value(expression, field, isField: true, &steps)
  }

  private func value(
    _ expression: Expression, _ ring: ModularRing, isField: Bool, _ steps: inout Int
  ) -> UInt64? {
    steps -= 1
    guard steps > 0 else { return nil }
    switch expression {
    case .number(let value), .decimal(let value, _): return fraction(value, ring, isField)
    case .digits(let digits, let places):
      guard places > 0 else { return ring.residue(digits: digits) }
      guard isField else { return nil }
      return ring.inverse(ring.power(10, UInt64(places))).map {
        ring.multiply(ring.residue(digits: digits), $0)
      }
    case .symbol(let name): return ring.residue(number(name))
    case .negative(let inner): return value(inner, ring, isField: isField, &steps).map(ring.negate)
    case .sum(let items): return fold(items, 0, ring, isField, &steps, ring.add)
    case .product(let items): return fold(items, 1, ring, isField, &steps, ring.multiply)
    case .quotient(let a, let b):
      guard isField, let left = value(a, ring, isField: true, &steps),
        let right = value(b, ring, isField: true, &steps).flatMap(ring.inverse)
      else {
        return expression.rational.flatMap { fraction($0, ring, isField) }
      }
      return ring.multiply(left, right)
    case .power(let a, let b): return power(a, b, ring, isField, &steps)
    case .factorial(let inner):
      guard let count = inner.rational?.integer, (0...100_000).contains(count) else { return nil }
      steps -= count
      return steps > 0 ? (0..<count).reduce(1) { ring.multiply($0, UInt64($1 + 1)) } : nil
    case .function(.binom, let items) where isField: return binomial(items, ring, &steps)
    case .function, .root: return expression.rational.flatMap { fraction($0, ring, isField) }
    case .series(let isProduct, let variable, let from, let to, let body):
      guard let first = from.rational?.integer, let last = to.rational?.integer,
        last - first < 10_000
      else { return nil }
      var result: UInt64 = isProduct ? 1 : 0
      for index in first..<(max(first, last + 1)) {
        let term = body.substituting(.whole(index), for: variable)
        guard let next = value(term, ring, isField: isField, &steps) else { return nil }
        result = isProduct ? ring.multiply(result, next) : ring.add(result, next)
      }
      return result
    case .pi, .euler, .imaginary, .plusMinus, .measured: return nil
    }
  }

  private func fraction(_ value: Rational, _ ring: ModularRing, _ isField: Bool) -> UInt64? {
    if value.denominator == 1 { return ring.residue(value.numerator) }
    guard isField, let below = ring.inverse(ring.residue(value.denominator)) else { return nil }
    return ring.multiply(ring.residue(value.numerator), below)
  }

  private func fold(
    _ items: [Expression], _ start: UInt64, _ ring: ModularRing, _ isField: Bool,
    _ steps: inout Int, _ join: (UInt64, UInt64) -> UInt64
  ) -> UInt64? {
    var result = start
    for item in items {
      guard let next = value(item, ring, isField: isField, &steps) else { return nil }
      result = join(result, next)
    }
    return result
  }

  /// Exponents count modulo p − 1 (Fermat), so they may be as large as they like; they must be whole.
  private func power(
    _ base: Expression, _ exponent: Expression, _ ring: ModularRing, _ isField: Bool,
    _ steps: inout Int
  ) -> UInt64? {
    guard let root = value(base, ring, isField: isField, &steps) else { return nil }
    if let whole = exponent.rational {
      guard whole.denominator == 1 else {
        return Expression.power(base, exponent).rational.flatMap { fraction($0, ring, isField) }
      }
      if root == 0 { return whole.numerator > 0 ? 0 : nil }
      if isField { return ring.power(root, exponents.residue(whole.numerator)) }
      return UInt64(exactly: whole.numerator).map { ring.power(root, $0) }
    }
    guard isField, root != 0, let count = value(exponent, exponents, isField: false, &steps) else {
      return nil
    }
    return ring.power(root, count)
  }

  private func binomial(
    _ items: [Expression], _ ring: ModularRing, _ steps: inout Int
  ) -> UInt64? {
    guard items.count == 2, let k = items[1].rational?.integer, (0...20_000).contains(k),
      let n = value(items[0], ring, isField: true, &steps)
    else { return nil }
    // A whole n below k leaves a factor of zero, as it should.
    let count = items[0].rational?.integer.flatMap { $0 >= k ? min(k, $0 - k) : nil } ?? k
    steps -= count
    guard steps > 0 else { return nil }
    var (above, below): (UInt64, UInt64) = (1, 1)
    for step in 0..<UInt64(count) {
      above = ring.multiply(above, ring.add(n, ring.negate(step)))
      below = ring.multiply(below, step + 1)
    }
    return ring.inverse(below).map { ring.multiply(above, $0) }
  }
}

/// A hash that is the same on every machine (FNV-1a, then mixed).
enum StableHash {
  static func value(of text: String, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9e37_79b9_7f4a_7c15)
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 29
    hash = hash &* 0xbf58_476d_1ce4_e5b9
    return hash ^ (hash >> 32)
  }
}
