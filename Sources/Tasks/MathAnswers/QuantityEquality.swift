/// Values with units.
extension AnswerEquality {
  /// Units may be left out on one side; where both have them they must measure the same.
  func quantities(_ answer: Expression, _ reference: Expression) -> Bool {
    guard let given = Quantity(answer), let wanted = Quantity(reference) else { return false }
    switch (given.unit, wanted.unit) {
    case (let first?, let second?) where first.isPercent != second.isPercent:
      return percent(given, wanted)
    case (let first?, let second?):
      if first.isSame(as: second) {
        return expressions.areEqual(given.value, wanted.value)
      }
      guard first.dimension == second.dimension else { return angles(given, wanted) }
      return expressions.areEqual(given.scaled, wanted.scaled)
    case (nil, nil): return expressions.areEqual(given.value, wanted.value)
    case (let unit?, nil), (nil, let unit?):
      if expressions.areEqual(given.value, wanted.value) { return true }
      if unit.isPercent { return percent(given, wanted) }
      return angles(given, wanted)
    }
  }

  /// In percent, 10 and 0.1 are both the tenth part.
  private func percent(_ given: Quantity, _ wanted: Quantity) -> Bool {
    func share(_ quantity: Quantity) -> Expression {
      quantity.unit?.isPercent == true
        ? .quotient(quantity.value, .whole(100)) : quantity.value
    }
    return expressions.areEqual(given.value, wanted.value)
      || expressions.areEqual(share(given), share(wanted))
  }

  /// Degrees beside radians, which may go without their name.
  private func angles(_ given: Quantity, _ wanted: Quantity) -> Bool {
    guard let first = given.radians, let second = wanted.radians,
      given.unit?.dimension == ["angle": 1] || wanted.unit?.dimension == ["angle": 1]
    else { return false }
    return expressions.areEqual(first, second)
  }
}

/// A value and its unit.
private struct Quantity {
  let value: Expression
  let unit: MeasureUnit?

  /// nil where units stand inside a computation.
  init?(_ expression: Expression) {
    var plain = expression
    var isNegative = false
    while case .negative(let inner) = plain {
      guard case .measured = inner.innermost else { break }
      plain = inner
      isNegative.toggle()
    }
    if case .measured(let inner, let unit) = plain {
      value = isNegative ? .negative(inner) : inner
      self.unit = unit
    } else if let joined = plain.joinedUnits {
      (value, unit) = (joined.value, joined.unit)
    } else {
      value = expression
      unit = nil
    }
    if value.contains(where: { if case .measured = $0 { true } else { false } }) { return nil }
  }

  var scaled: Expression {
    guard let factor = unit?.factor, factor != Rational(1) else { return value }
    return .product([value, .number(factor)])
  }

  /// The value as an angle in radians.
  var radians: Expression? {
    switch unit {
    case nil: value
    case let unit? where unit.dimension == ["angle": 1]:
      .product([scaled, .quotient(.pi, .whole(180))])
    case let unit? where unit.dimension == ["radian": 1]: value
    default: nil
    }
  }
}

extension Expression {
  fileprivate var innermost: Expression {
    if case .negative(let inner) = self { inner.innermost } else { self }
  }

  /// A sum or product all of whose terms have one unit, or a product with one unit in it.
  fileprivate var joinedUnits: (value: Expression, unit: MeasureUnit)? {
    func split(_ term: Expression) -> (value: Expression, unit: MeasureUnit)? {
      switch term {
      case .measured(let inner, let unit): return (inner, unit)
      case .negative(let inner): return split(inner).map { (.negative($0.value), $0.unit) }
      default: return nil
      }
    }
    switch self {
    case .sum(let items):
      let parts = items.compactMap(split)
      guard let unit = parts.first?.unit, parts.allSatisfy({ $0.unit == unit }) else { return nil }
      // A unit behind a sum is that of the whole.
      guard parts.count == items.count || (parts.count == 1 && items.last.flatMap(split) != nil)
      else { return nil }
      return (.sum(items.map { split($0)?.value ?? $0 }), unit)
    case .product(let items):
      let measured = items.compactMap(split)
      guard measured.count == 1 else { return nil }
      return (.product(items.map { split($0)?.value ?? $0 }), measured[0].unit)
    case .quotient(let above, let below):
      return split(above).map { (.quotient($0.value, below), $0.unit) }
    default: return nil
    }
  }
}

extension ExpressionEquality {
  /// Whether two constants differ by no more than a share of the larger one.
  func areClose(_ a: Expression, _ b: Expression, _ share: Double) -> Bool {
    let point = RealPoint(.whole(1), seed: 0, isComplex: false)
    let (left, right) = (point.value(a), point.value(b))
    guard a.symbols.isEmpty, b.symbols.isEmpty, left.isDefined, right.isDefined else {
      return false
    }
    return (left.value - right.value).magnitude
      <= share * max(left.value.magnitude, right.value.magnitude)
  }
}
