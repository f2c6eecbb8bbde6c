/// Whether an answer says the same as the reference.
struct AnswerEquality {
  let expressions: ExpressionEquality
  /// More values are not compared in every order.
  private static let anyOrderLimit = 60

  func agree(_ answer: Answer, _ reference: Answer) -> Bool {
    if answer == reference { return true }
    if let isEqual = sets(answer, reference) { return isEqual }
    return compare(normal(answer), normal(reference))
  }

  // MARK: normal forms

  /// Both values of `±`, lists without lists in them, chains of names and values as assignments.
  private func normal(_ answer: Answer) -> Answer {
    switch answer {
    case .list(let items, let isJoint):
      let flat = items.flatMap { item -> [Answer] in
        let plain = normal(item)
        if case .list(let inner, _) = plain { return inner }
        return [plain]
      }
      return flat.count == 1 ? flat[0] : .list(Self.shared(flat), isJoint: isJoint)
    case .value(let expression):
      let variants = expression.signVariants
      return variants.count == 1 ? answer : .list(variants.map(Answer.value), isJoint: false)
    case .relation(let operands, [.member]) where operands[0].name != nil && operands[1].isListed:
      // `x \in \{2, 4\}` names values.
      return normal(operands[1])
    case .relation(let operands, let signs):
      // `x = ±2`, `x = y = 2`.
      if let last = operands.last?.expression, last.signVariants.count == 2 {
        return .list(
          last.signVariants.map { .relation(operands.dropLast() + [.value($0)], signs) },
          isJoint: false)
      }
      let names = operands.compactMap(\.name)
      if signs.allSatisfy({ $0 == .equal }), names.count > 1, operands.count == names.count + 1,
        let value = operands.last, value.name == nil
      {
        return .list(
          operands.dropLast().map { .relation([$0, value], [.equal]) }, isJoint: true)
      }
      return answer
    default: return answer
    }
  }

  /// `n = 2, 3, 4`: the name belongs to all.
  private static func shared(_ items: [Answer]) -> [Answer] {
    guard items.count > 1, case .relation(let first, [.equal]) = items[0], first[0].name != nil,
      items.dropFirst().allSatisfy({ if case .value = $0 { true } else { false } })
    else { return items }
    return [items[0]] + items.dropFirst().map { .relation([first[0], $0], [.equal]) }
  }

  // MARK: comparing

  private func compare(_ answer: Answer, _ reference: Answer) -> Bool {
    switch (answer, reference) {
    case (.relation(let operands, let signs), _) where signs.contains(.approximate):
      return approximately(operands, signs, reference)
    case (_, .relation(let operands, let signs)) where signs.contains(.approximate):
      return approximately(operands, signs, answer)
    case (.relation, .relation): return relations(answer, reference)
    case (.list(let items, _), .relation):
      // Of `(a, b) = (1, 2)` a system may give the values, else each must be what is asked for.
      if let value = Self.assignment(reference)?.value, case .tuple = value {
        return agree(answer, value)
      }
      return items.allSatisfy { agree($0, reference) }
    case (.relation, _): return value(of: answer).map { agree($0, reference) } ?? false
    case (_, .relation(let operands, _)):
      // `f(x) = 2x + 1` is answered by `2x + 1`, and an equation by nothing but an equation.
      guard
        Self.assignment(reference) != nil
          || operands.allSatisfy({ $0.expression?.symbols.isEmpty == true })
      else { return false }
      return value(of: reference).map { agree(answer, $0) } ?? false
    case (.list(let left, _), .list(let right, _)): return lists(left, right)
    case (.list(let items, _), .tuple(let open, let others, let close)):
      return system(items, as: others, open, close)
    case (.tuple(let open, let others, let close), .list(let items, _)):
      // Where the reference is a list, brackets around the answer are no interval.
      return system(items, as: others, open, close)
        || (open == "(" && close == ")" && Self.assigned(items) == nil
          && sameElements(others, items))
    case (.list(let items, _), _): return items.allSatisfy { agree($0, reference) }
    case (_, .list(let items, _)): return items.allSatisfy { agree(answer, $0) }
    case (.tuple(let open, let left, let close), .tuple(let from, let right, let to)):
      let isInterval = left.count == 2
      return (!isInterval || (open == from && close == to)) && pairwise(left, right)
    case (.matrix(let left), .matrix(let right)):
      return left.count == right.count
        && zip(left, right).allSatisfy { pairwise($0.map(Answer.value), $1.map(Answer.value)) }
    case (.matrix(let rows), .tuple(_, let items, _)), (.tuple(_, let items, _), .matrix(let rows)):
      let isVector = rows.count == 1 || rows.allSatisfy { $0.count == 1 }
      return isVector && pairwise(rows.flatMap { $0 }.map(Answer.value), items)
    case (.value(let left), .value(let right)): return quantities(left, right)
    case (.words(let left), .words(let right)):
      return MathWords.canonical(left) == MathWords.canonical(right)
    case (.infinity(isNegative: false), .words(let words)),
      (.words(let words), .infinity(isNegative: false)):
      return MathWords.canonical(words) == ["infinitely many"]
    case (.emptySet, .words(let words)), (.words(let words), .emptySet):
      return MathWords.canonical(words) == ["no solution"]
    case (.congruence(let left, let first), .congruence(let right, let second)):
      return congruences(left, first, right, second)
    case (.congruence(.value(let left), let modulus), .value(let right)):
      // `3 \pmod 7` is 3, where it is a residue at all.
      return Expression.function(.mod, [left, modulus]).rational == left.rational
        && expressions.areEqual(left, right)
    case (.ratio(let left), .ratio(let right)): return ratios(left, right)
    case (.ratio(let terms), .value(let other)), (.value(let other), .ratio(let terms)):
      return terms.count == 2 && expressions.areEqual(.quotient(terms[0], terms[1]), other)
    case (.clock(let left), .clock(let right)): return left.agrees(with: right)
    case (.clock(let time), .value(let other)), (.value(let other), .clock(let time)):
      return time.minute == 0 && time.second == 0 && other == .whole(time.hour)
    case (.clock(let time), .ratio(let terms)), (.ratio(let terms), .clock(let time)):
      guard let hour = terms[0].rational?.integer, let minute = terms[1].rational?.integer,
        terms.count == 2, hour < 24, minute > 9
      else { return false }
      return time.agrees(with: ClockTime(hour: hour, minute: minute, half: nil))
    case (.union(let left), .union(let right)): return sameElements(left, right)
    case (.builder(let name, let left), .builder(let other, let right)):
      return left.count == right.count
        && zip(left, right).allSatisfy { agree($0.renamed([name: other]), $1) }
    default: return false
    }
  }

  /// Sets of real numbers where one of both can be nothing else; nil where neither is.
  private func sets(_ answer: Answer, _ reference: Answer) -> Bool? {
    let (first, second) = (DescribedSet(answer), DescribedSet(reference))
    guard first?.isCertain == true || second?.isCertain == true,
      let left = first ?? DescribedSet(points: answer),
      let right = second ?? DescribedSet(points: reference)
    else { return nil }
    if let name = left.variable, let other = right.variable, name != other { return false }
    return left.set.equals(right.set, expressions.areEqual)
  }

  private func pairwise(_ left: [Answer], _ right: [Answer]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { agree($0, $1) }
  }

  /// Whether two collections hold the same values, in any order and however often.
  private func sameElements(_ left: [Answer], _ right: [Answer]) -> Bool {
    if max(left.count, right.count) > Self.anyOrderLimit { return pairwise(left, right) }
    return left.allSatisfy { item in right.contains { agree(item, $0) } }
      && right.allSatisfy { item in left.contains { agree($0, item) } }
  }

  // MARK: systems

  private func lists(_ left: [Answer], _ right: [Answer]) -> Bool {
    let (ours, theirs) = (Self.assigned(left), Self.assigned(right))
    switch (ours, theirs) {
    case (let ours?, let theirs?):
      let isSystem = Set(ours.map(\.name)).count > 1 || Set(theirs.map(\.name)).count > 1
      guard isSystem else { break }
      func names(_ entries: [(name: String, value: Answer)]) -> [String: [Answer]] {
        Dictionary(grouping: entries, by: \.name).mapValues { $0.map(\.value) }
      }
      let (first, second) = (names(ours), names(theirs))
      return first.keys == second.keys
        && first.allSatisfy { sameElements($0.value, second[$0.key] ?? []) }
    case (let ours?, nil):
      let values = ours.map(\.value)
      return Set(ours.map(\.name)).count == 1
        ? sameElements(values, right) : pairwise(Self.byName(ours), right)
    case (nil, let theirs?):
      let values = theirs.map(\.value)
      return Set(theirs.map(\.name)).count == 1
        ? sameElements(left, values) : pairwise(left, Self.byName(theirs))
    case (nil, nil): break
    }
    return sameElements(left, right)
  }

  /// Values in the order of their names: `y = 2, x = 1` is (1, 2).
  private static func byName(_ entries: [(name: String, value: Answer)]) -> [Answer] {
    entries.sorted { $0.name < $1.name }.map(\.value)
  }

  /// A system of different names beside a point.
  private func system(
    _ items: [Answer], as others: [Answer], _ open: String, _ close: String
  ) -> Bool {
    guard open == "(", close == ")" else { return false }
    guard let entries = Self.assigned(items), Set(entries.map(\.name)).count == entries.count else {
      // Two values could be the ends of an interval; three are the same with and without brackets.
      return items.count > 2 && pairwise(items, others)
    }
    return pairwise(Self.byName(entries), others)
  }

  private static func assigned(_ items: [Answer]) -> [(name: String, value: Answer)]? {
    let entries = items.compactMap(assignment)
    return entries.count == items.count ? entries : nil
  }

  // MARK: assignments

  /// `name = value`; nil for any other relation.
  private static func assignment(_ answer: Answer) -> (name: String, value: Answer)? {
    guard case .relation(let operands, [.equal]) = answer else { return nil }
    if let name = operands[0].name { return (name, operands[1]) }
    return operands[1].name.map { ($0, operands[0]) }
  }

  /// The value that a chain of equations gives: of a name, or of equal constants.
  private func value(of answer: Answer) -> Answer? {
    guard case .relation(let operands, let signs) = answer, signs.allSatisfy({ $0 == .equal })
    else {
      return nil
    }
    let values = operands.filter { $0.name == nil }
    let names = operands.filter { $0.name != nil }
    if values.isEmpty { return operands.count == 2 ? operands[1] : nil }
    guard names.count <= 1 else { return nil }
    if values.count == 1 { return names.isEmpty ? nil : values[0] }
    // Everything that can be computed must come to the same: `x = 3 = 5` says nothing.
    let constants = values.filter { $0.expression?.symbols.isEmpty ?? false }
    guard let last = constants.last, constants.allSatisfy({ agree($0, last) }) else { return nil }
    if constants.count == values.count { return last }
    // Formulas may stand between a name and its value.
    return names.isEmpty || operands.last.map({ !agree($0, last) }) ?? true ? nil : last
  }

  private func approximately(
    _ operands: [Answer], _ signs: [Relation], _ other: Answer
  ) -> Bool {
    guard signs.allSatisfy({ $0 == .approximate || $0 == .equal }) else { return false }
    let values = operands.filter { $0.name == nil }
    guard let first = values.first?.expression, operands.count - values.count <= 1 else {
      return false
    }
    let isConsistent = values.dropFirst().allSatisfy { value in
      guard let value = value.expression else { return false }
      return expressions.areClose(first, value, 0.01)
    }
    guard isConsistent else { return false }
    if case .value(let wanted) = other, wanted.places != nil {
      return values.contains { agree($0, other) }
    }
    return agree(.value(first), other)
  }

  // MARK: relations

  private func relations(_ answer: Answer, _ reference: Answer) -> Bool {
    if let given = Self.assignment(answer), let wanted = Self.assignment(reference) {
      if let renamed = Self.matched(given.value, answer, to: reference),
        agree(renamed, wanted.value)
      {
        return true
      }
      if Self.withConstants(answer, reference, given.value, wanted.value, agree) { return true }
      let isConstant = wanted.value.expression?.symbols.isEmpty ?? true
      return isConstant ? false : sameRelation(answer, reference)
    }
    if let wanted = Self.assignment(reference), wanted.value.expression?.symbols.isEmpty ?? true {
      // Whoever is asked for x has not found it with 2x = 4; a chain may give it.
      guard case .relation(let operands, _) = answer, let value = value(of: answer),
        operands.contains(where: { $0.name == wanted.name })
      else { return false }
      return agree(value, wanted.value)
    }
    return sameRelation(answer, reference)
  }

  /// The value with the argument of its function called as in the reference: `f(t) = t^2` for
  /// `f(x) = x^2`, also `y = x^2`; nil where the names are others.
  private static func matched(_ value: Answer, _ answer: Answer, to reference: Answer) -> Answer? {
    guard case .relation(let left, _) = answer, case .relation(let right, _) = reference,
      let (name, argument) = head(left), let (other, wanted) = head(right),
      name == other || ((name == "y" || other == "y") && (argument ?? wanted) != nil)
    else { return nil }
    guard let argument, let wanted, argument != wanted else { return value }
    guard value.expression?.symbols.contains(wanted) == false else { return nil }
    return value.renamed([argument: wanted])
  }

  private static func head(_ operands: [Answer]) -> (name: String, argument: String?)? {
    guard let side = operands.first(where: { $0.name != nil })?.expression, let name = side.name
    else {
      return nil
    }
    if let argument = side.functionArgument, case .product(let items) = side,
      case .symbol(let function) = items[0]
    {
      return (function, argument)
    }
    return (name, nil)
  }

  /// Constants of integration may have other names: single capital letters of a function's formula.
  private static func withConstants(
    _ answer: Answer, _ reference: Answer, _ value: Answer, _ wanted: Answer,
    _ agree: (Answer, Answer) -> Bool
  ) -> Bool {
    guard let plain = matched(value, answer, to: reference), let left = plain.expression,
      let right = wanted.expression
    else { return false }
    func constants(_ expression: Expression) -> [String] {
      expression.symbols.filter { $0.count == 1 && $0.first?.isUppercase == true }.sorted()
    }
    let (ours, theirs) = (constants(left), constants(right))
    guard ours.count == theirs.count, (1...3).contains(ours.count), ours != theirs else {
      return false
    }
    return permutations(theirs).contains { order in
      agree(.value(left.renamed(Dictionary(uniqueKeysWithValues: zip(ours, order)))), wanted)
    }
  }

  private static func permutations(_ items: [String]) -> [[String]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
      var rest = items
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }

  /// Two equations are the same when what they set to zero differs by a constant factor; of two
  /// inequalities the factor's sign says whether they point the same way.
  private func sameRelation(_ answer: Answer, _ reference: Answer) -> Bool {
    guard case .relation(let left, let signs) = answer,
      case .relation(let right, let others) = reference
    else { return false }
    if signs == others, pairwise(left, right) { return true }
    if signs == others.reversed().map(\.turned), pairwise(left, right.reversed()) { return true }
    guard signs.count == 1, others.count == 1, let first = Self.difference(left),
      let second = Self.difference(right)
    else { return false }
    let (sign, other) = (signs[0], others[0])
    guard sign == .equal || sign == .notEqual || sign.isRising || sign.isFalling,
      let factor = expressions.ratioSign(first, second)
    else { return false }
    if sign == .equal || sign == .notEqual { return sign == other }
    return other == (factor > 0 ? sign : sign.turned)
  }

  private static func difference(_ sides: [Answer]) -> Expression? {
    guard let left = sides[0].expression, let right = sides[1].expression else { return nil }
    return .sum([left, .negative(right)])
  }

  private func congruences(
    _ left: Answer, _ first: Expression, _ right: Answer, _ second: Expression
  ) -> Bool {
    func residue(_ answer: Answer) -> (name: String?, value: Expression)? {
      switch answer {
      case .value(let expression): return (nil, expression)
      case .relation(let operands, let signs) where signs == [.congruent] || signs == [.equal]:
        guard let name = operands[0].name, let value = operands[1].expression else { return nil }
        return (name, value)
      default: return nil
      }
    }
    guard expressions.areEqual(first, second), let ours = residue(left),
      let theirs = residue(right),
      ours.name == nil || theirs.name == nil || ours.name == theirs.name
    else { return false }
    if expressions.areEqual(ours.value, theirs.value) { return true }
    return [ours.value, theirs.value].map { Expression.function(.mod, [$0, first]).rational }
      .reduce(into: Set<Rational?>()) { $0.insert($1) }.count == 1
      && Expression.function(.mod, [ours.value, first]).rational != nil
  }

  private func ratios(_ left: [Expression], _ right: [Expression]) -> Bool {
    guard left.count == right.count, left.count >= 2 else { return false }
    return (1..<left.count).allSatisfy { index in
      expressions.areEqual(
        .product([left[0], right[index]]), .product([right[0], left[index]]))
    }
  }
}

extension Answer {
  /// The same with `j` for the imaginary unit, as engineers write it; nil where the reference does
  /// not have `i` alone, or the answer has it, too.
  func readingImaginary(beside reference: Answer) -> Answer? {
    guard case .value(let given) = self, case .value(let wanted) = reference,
      wanted.hasImaginary, !given.hasImaginary, given.symbols.contains("j"),
      !wanted.symbols.contains("j")
    else { return nil }
    return .value(given.substituting(.imaginary, for: "j"))
  }

  fileprivate var isListed: Bool { if case .list = self { true } else { false } }

  /// The same with other variables.
  func renamed(_ names: [String: String]) -> Answer {
    switch self {
    case .value(let expression): .value(expression.renamed(names))
    case .list(let items, let isJoint): .list(items.map { $0.renamed(names) }, isJoint: isJoint)
    case .relation(let operands, let signs): .relation(operands.map { $0.renamed(names) }, signs)
    case .tuple(let open, let items, let close):
      .tuple(open: open, items.map { $0.renamed(names) }, close: close)
    default: self
    }
  }
}
