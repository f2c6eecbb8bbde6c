/// Numbers of the real line: intervals that do not touch, from left to right.
struct RealSet {
  /// An end of an interval.
  struct End {
    /// Where it stands; infinite at the ends of the line.
    let place: Double
    /// The end as it was written; nil at infinity.
    let expression: Expression?
    let isClosed: Bool
  }

  struct Interval {
    var low: End
    var high: End

    var isEmpty: Bool {
      low.place > high.place || (low.place == high.place && !(low.isClosed && high.isClosed))
    }
  }

  private(set) var intervals: [Interval]

  static let everything = RealSet([
    Interval(
      low: End(place: -.infinity, expression: nil, isClosed: false),
      high: End(place: .infinity, expression: nil, isClosed: false))
  ])
  static let nothing = RealSet([])

  init(_ intervals: [Interval]) {
    let sorted = intervals.filter { !$0.isEmpty }.sorted {
      ($0.low.place, $0.low.isClosed ? 0 : 1) < ($1.low.place, $1.low.isClosed ? 0 : 1)
    }
    self.intervals = sorted.reduce(into: []) { found, interval in
      guard let last = found.last, Self.touch(last.high, interval.low) else {
        return found.append(interval)
      }
      if (interval.high.place, interval.high.isClosed ? 1 : 0)
        > (last.high.place, last.high.isClosed ? 1 : 0)
      {
        found[found.count - 1].high = interval.high
      }
    }
  }

  private static func touch(_ high: End, _ low: End) -> Bool {
    low.place < high.place || (low.place == high.place && (low.isClosed || high.isClosed))
  }

  static func point(_ end: End) -> RealSet {
    let closed = End(place: end.place, expression: end.expression, isClosed: true)
    return RealSet([Interval(low: closed, high: closed)])
  }

  func union(_ other: RealSet) -> RealSet { RealSet(intervals + other.intervals) }

  var complement: RealSet {
    var gaps: [Interval] = []
    var low = Self.everything.intervals[0].low
    for interval in intervals {
      gaps.append(Interval(low: low, high: Self.opposite(interval.low)))
      low = Self.opposite(interval.high)
    }
    gaps.append(Interval(low: low, high: Self.everything.intervals[0].high))
    return RealSet(gaps.filter { $0.low.place != .infinity && $0.high.place != -.infinity })
  }

  private static func opposite(_ end: End) -> End {
    End(
      place: end.place, expression: end.expression,
      isClosed: end.place.isInfinite ? false : !end.isClosed)
  }

  func intersection(_ other: RealSet) -> RealSet { complement.union(other.complement).complement }

  /// Whether the ends are the same everywhere.
  func equals(_ other: RealSet, _ areEqual: (Expression, Expression) -> Bool) -> Bool {
    func same(_ a: End, _ b: End) -> Bool {
      guard a.isClosed == b.isClosed else { return false }
      guard let left = a.expression, let right = b.expression else {
        return a.expression == nil && b.expression == nil && a.place == b.place
      }
      return areEqual(left, right)
    }
    return intervals.count == other.intervals.count
      && zip(intervals, other.intervals).allSatisfy {
        same($0.low, $1.low) && same($0.high, $1.high)
      }
  }
}

/// A set of real numbers that an answer describes, and the variable whose values they are.
struct DescribedSet {
  let set: RealSet
  /// nil where no variable is named.
  let variable: String?
  /// Whether the answer is written as a set, and can be nothing else.
  let isCertain: Bool
}

extension DescribedSet {
  /// nil where an answer is no set of real numbers, or has ends that are not constant.
  init?(_ answer: Answer) {
    switch answer {
    case .emptySet: self.init(set: .nothing, variable: nil, isCertain: true)
    case .numbers("R"): self.init(set: .everything, variable: nil, isCertain: true)
    case .words(let words) where MathWords.canonical(words) == ["all real numbers"]:
      self.init(set: .everything, variable: nil, isCertain: true)
    case .words(let words) where MathWords.canonical(words) == ["dne"]: return nil
    case .tuple(let open, let items, let close): self.init(open, items, close)
    case .union(let items): self.init(joining: items) { $0.union($1) }
    case .intersection(let items): self.init(joining: items) { $0.intersection($1) }
    case .difference(let whole, let part):
      guard let left = DescribedSet(whole),
        let right = DescribedSet(points: part) ?? DescribedSet(part)
      else { return nil }
      self.init(set: left.set.intersection(right.set.complement), variable: nil, isCertain: true)
    case .builder(let variable, let conditions):
      guard let found = DescribedSet(joining: conditions, { $0.intersection($1) }),
        found.variable == variable
      else { return nil }
      self.init(set: found.set, variable: nil, isCertain: true)
    case .relation(let operands, let signs): self.init(operands, signs)
    case .list(let items, let isJoint):
      let sets = items.compactMap { DescribedSet($0) }
      guard sets.count == items.count, sets.contains(where: \.isCertain) else { return nil }
      self.init(joining: items) { isJoint ? $0.intersection($1) : $0.union($1) }
    default: return nil
    }
  }

  private init?(joining items: [Answer], _ join: (RealSet, RealSet) -> RealSet) {
    var found: RealSet?
    var names: Set<String> = []
    for item in items {
      guard let next = DescribedSet(item) ?? DescribedSet(points: item) else { return nil }
      found = found.map { join($0, next.set) } ?? next.set
      if let name = next.variable { names.insert(name) }
    }
    guard let found, names.count <= 1 else { return nil }
    self.init(set: found, variable: names.first, isCertain: true)
  }

  /// Single numbers, such as `\{0\}`.
  init?(points answer: Answer) {
    let items: [Answer]
    if case .list(let several, _) = answer { items = several } else { items = [answer] }
    var found = RealSet.nothing
    for item in items {
      guard let end = Self.end(item, isClosed: true), end.expression != nil else { return nil }
      found = found.union(.point(end))
    }
    self.init(set: found, variable: nil, isCertain: false)
  }

  private static func end(_ answer: Answer, isClosed: Bool) -> RealSet.End? {
    switch answer {
    case .infinity(let isNegative):
      return RealSet.End(
        place: isNegative ? -.infinity : .infinity, expression: nil, isClosed: false)
    case .value(let expression):
      guard expression.symbols.isEmpty else { return nil }
      let value = RealPoint(.whole(1), seed: 0, isComplex: false).value(expression)
      guard value.isDefined, value.value.imaginary == 0 else { return nil }
      return RealSet.End(place: value.value.real, expression: expression, isClosed: isClosed)
    default: return nil
    }
  }

  /// An interval: two ends in brackets.
  private init?(_ open: String, _ items: [Answer], _ close: String) {
    guard items.count == 2, let low = Self.end(items[0], isClosed: open == "["),
      let high = Self.end(items[1], isClosed: close == "]"),
      low.place < high.place
        || (low.place == high.place && open == "[" && close == "]")
    else { return nil }
    let isInfinite = low.expression == nil || high.expression == nil
    self.init(
      set: RealSet([RealSet.Interval(low: low, high: high)]), variable: nil,
      isCertain: isInfinite || open == "[" || close == "]")
  }

  /// `0 < x \le 3`, `x \ne 2`, `x \in (0, 1)`.
  private init?(_ operands: [Answer], _ signs: [Relation]) {
    if signs == [.member] {
      guard let name = operands[0].variable, let found = DescribedSet(operands[1]) else {
        return nil
      }
      self.init(set: found.set, variable: name, isCertain: true)
      return
    }
    if signs == [.equal] {
      guard let name = operands[0].variable, let end = Self.end(operands[1], isClosed: true),
        end.expression != nil
      else { return nil }
      self.init(set: .point(end), variable: name, isCertain: false)
      return
    }
    var found = RealSet.everything
    var names: Set<String> = []
    for (index, sign) in signs.enumerated() {
      var (left, right, sign) = (operands[index], operands[index + 1], sign)
      if left.variable == nil { (left, right, sign) = (right, left, sign.turned) }
      guard let name = left.variable, let end = Self.end(right, isClosed: !sign.isStrict),
        let part = Self.side(of: end, sign)
      else { return nil }
      names.insert(name)
      found = found.intersection(part)
    }
    guard let name = names.first, names.count == 1 else { return nil }
    self.init(set: found, variable: name, isCertain: true)
  }

  private static func side(of end: RealSet.End, _ sign: Relation) -> RealSet? {
    let whole = RealSet.everything.intervals[0]
    if sign == .notEqual { return end.expression == nil ? nil : RealSet.point(end).complement }
    if sign.isRising { return RealSet([RealSet.Interval(low: whole.low, high: end)]) }
    return sign.isFalling ? RealSet([RealSet.Interval(low: end, high: whole.high)]) : nil
  }
}

extension Answer {
  /// The variable that an operand is; nil for anything else.
  fileprivate var variable: String? {
    if case .value(let expression) = self, !expression.symbols.isEmpty { return expression.name }
    return nil
  }
}
