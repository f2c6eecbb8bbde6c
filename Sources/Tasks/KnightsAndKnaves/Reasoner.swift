/// How a solver goes about a puzzle, where more than one way is right.
package struct ReasoningPlan: Sendable {
  /// In which order people are looked at when nothing else suggests one.
  package var order: [Int]
  /// The role tried first for each person.
  package var guesses: [Bool]
  /// Whether the words of people whose role is open are searched for what they give away; without,
  /// such people are heard only once their words are settled.
  package var foresees: Bool
  /// Which assumptions that held are looked at again with the other role.
  package var secondLooks: SecondLooks
  /// How often every statement is checked at the end, the second time in reverse order.
  package var checks: Int

  /// How sure a solver wants to be that there is no other solution.
  package enum SecondLooks: CaseIterable, Sendable {
    /// The first solution found is the answer.
    case none
    /// The other role of the first assumption is tried as well.
    case first
    /// The other roles of all assumptions are tried, which shows that the solution is the only one.
    case all
  }

  package init(
    order: [Int], guesses: [Bool], foresees: Bool, secondLooks: SecondLooks, checks: Int
  ) {
    self.order = order
    self.guesses = guesses
    self.foresees = foresees
    self.secondLooks = secondLooks
    self.checks = checks
  }
}

/// Solves a puzzle as a careful person would, and keeps every step: it draws what conclusions
/// there are, one statement at a time; when stuck it assumes a role; when an assumption leads to
/// a contradiction it goes back and takes the other role.
package struct Reasoner {
  /// The steps, in order.
  package private(set) var steps: [ReasoningStep] = []
  /// Everybody's role at the end.
  package let solution: [Bool]

  private let puzzle: Puzzle
  private let plan: ReasoningPlan
  private var knowledge: Knowledge
  private var open: [Assumption] = []

  private struct Knowledge {
    var roles: [Bool?]
    /// Whose roles are known, in the order in which they became so.
    var learnt: [Int] = []

    mutating func learn(_ person: Int, _ isKnight: Bool) {
      roles[person] = isKnight
      learnt.append(person)
    }
  }

  private struct Assumption {
    let person: Int
    let isKnight: Bool
    let before: Knowledge
  }

  /// Solves a puzzle; nil where it does not have exactly one solution.
  package init?(_ puzzle: Puzzle, plan: ReasoningPlan) {
    guard let solution = puzzle.uniqueSolution else { return nil }
    self.puzzle = puzzle
    self.plan = plan
    self.solution = solution
    knowledge = Knowledge(roles: Array(repeating: nil, count: puzzle.people))
    _ = explore()
    steps.append(.candidate(solution))
    for assumption in doubted { rule(outOtherRoleOf: assumption) }
    for round in 0..<plan.checks { check(round) }
  }

  /// The assumptions to look at again, the latest first: each is judged with those before it.
  private var doubted: [Assumption] {
    switch plan.secondLooks {
    case .none: []
    case .first: Array(open.prefix(1))
    case .all: open.reversed()
    }
  }

  private mutating func check(_ round: Int) {
    let order = round.isMultiple(of: 2) ? plan.order : plan.order.reversed()
    steps.append(.beginCheck(round: round))
    steps += order.map { .check($0, roles: solution) }
  }

  /// - Returns: whether everybody got a role without a contradiction.
  private mutating func explore() -> Bool {
    while let finding = nextFinding() {
      steps.append(finding)
      guard case .conclude(let person, let isKnight, _, _) = finding else { return false }
      knowledge.learn(person, isKnight)
    }
    guard let person = nextPerson() else { return true }
    let assumption = Assumption(
      person: person, isKnight: plan.guesses[person], before: knowledge)
    steps.append(.assume(person, isKnight: assumption.isKnight, given: knowledge.roles))
    open.append(assumption)
    knowledge.learn(person, assumption.isKnight)
    if explore() { return true }
    open.removeLast()
    retract(assumption)
    return explore()
  }

  private mutating func retract(_ assumption: Assumption) {
    knowledge = assumption.before
    steps.append(
      .refute(assumption.person, wasKnight: assumption.isKnight, given: knowledge.roles))
    knowledge.learn(assumption.person, !assumption.isKnight)
  }

  private mutating func rule(outOtherRoleOf first: Assumption) {
    let other = Assumption(person: first.person, isKnight: !first.isKnight, before: first.before)
    knowledge = other.before
    steps.append(.reconsider(other.person, isKnight: other.isKnight, given: knowledge.roles))
    knowledge.learn(other.person, other.isKnight)
    _ = explore()
    retract(other)
  }

  /// A contradiction or a conclusion; those whose role is known, the latest first, are heard first.
  private func nextFinding() -> ReasoningStep? {
    let known = Array(knowledge.learnt.reversed())
    let unknown = plan.order.filter { knowledge.roles[$0] == nil }
    let heard = plan.foresees ? unknown : unknown.filter(isSettled)
    return contradiction(among: known)
      ?? known.lazy.compactMap { conclusion(from: $0) }.first
      ?? contradiction(among: heard)
      ?? heard.lazy.compactMap { conclusion(from: $0, about: $0) }.first
      ?? heard.lazy.compactMap { conclusion(from: $0) }.first
  }

  private func isSettled(_ speaker: Int) -> Bool {
    puzzle.statements[speaker].value(given: knowledge.roles) != nil
  }

  private func contradiction(among speakers: [Int]) -> ReasoningStep? {
    speakers.first { !puzzle.canAgree($0, given: knowledge.roles) }
      .map { .contradiction(of: $0, given: knowledge.roles) }
  }

  private func conclusion(from speaker: Int) -> ReasoningStep? {
    puzzle.statements[speaker].mentions.lazy
      .compactMap { conclusion(from: speaker, about: $0) }.first
  }

  private func conclusion(from speaker: Int, about person: Int) -> ReasoningStep? {
    guard knowledge.roles[person] == nil else { return nil }
    for isKnight in [true, false] {
      var trial = knowledge.roles
      trial[person] = !isKnight
      if !puzzle.canAgree(speaker, given: trial) {
        return .conclude(person, isKnight: isKnight, from: speaker, given: knowledge.roles)
      }
    }
    return nil
  }

  /// Whom to make an assumption about: somebody mentioned lately, or else the next in the plan.
  private func nextPerson() -> Int? {
    let mentioned = knowledge.learnt.reversed().flatMap { puzzle.statements[$0].mentions }
    return (mentioned + plan.order).first { knowledge.roles[$0] == nil }
  }
}

/// One step of a chain of thought, apart from its wording.
///
/// `given` holds the roles taken for granted before the step: assumed, or concluded from what is
/// assumed. A step is valid when what it says follows from them alone.
package enum ReasoningStep: Equatable, Sendable {
  /// A role is tried out.
  case assume(Int, isKnight: Bool, given: [Bool?])
  /// What one speaker says, and who the speaker is or may be, settles a person's role.
  case conclude(Int, isKnight: Bool, from: Int, given: [Bool?])
  /// A speaker's words fit neither role that is left to the speaker.
  case contradiction(of: Int, given: [Bool?])
  /// The role tried out last leads to a contradiction, so the other one is right.
  case refute(Int, wasKnight: Bool, given: [Bool?])
  /// Everybody has a role and no contradiction has come up.
  case candidate([Bool])
  /// The other role of an assumption that held is looked at as well.
  case reconsider(Int, isKnight: Bool, given: [Bool?])
  /// Everybody's words are going to be checked, for the first time or once more.
  case beginCheck(round: Int)
  /// A speaker's words are held against everybody's roles.
  case check(Int, roles: [Bool])
}

/// Why a statement is true or false, and what follows from its being so, in English.
extension Statement {
  /// The statement's value as far as the known roles settle it part by part (Kleene's logic).
  package func value(given roles: [Bool?]) -> Bool? {
    switch self {
    case .tellingTruth(let person): return roles[person]
    case .lying(let person): return roles[person].map { !$0 }
    case .not(let part): return part.value(given: roles).map { !$0 }
    case .and(let parts):
      let values = parts.map { $0.value(given: roles) }
      return values.contains(false) ? false : values.contains(nil) ? nil : true
    case .or(let parts):
      let values = parts.map { $0.value(given: roles) }
      return values.contains(true) ? true : values.contains(nil) ? nil : false
    case .implies(let first, let second):
      return Statement.or([.not(first), second]).value(given: roles)
    case .iff(let first, let second):
      guard let a = first.value(given: roles), let b = second.value(given: roles) else {
        return nil
      }
      return a == b
    }
  }

  /// What must be so for the statement to have a value; nil where the statement says it itself.
  func demand(_ value: Bool) -> String? {
    switch (self, value) {
    case (.tellingTruth, _), (.lying, _), (.not(.tellingTruth), _), (.not(.lying), _): nil
    case (.not, true): "what comes after \"not true that\" has to be false"
    case (.not, false): "what comes after \"not true that\" has to be true"
    case (.and, true): "every part of it has to be true"
    case (.and, false): "at least one part of it has to be false"
    case (.or, true): "at least one part of it has to be true"
    case (.or, false): "no part of it can be true"
    case (.implies, true): "the first part cannot be true without the second"
    case (.implies, false): "the first part has to be true and the second part false"
    case (.iff, true): "its two parts have to be both true or both false"
    case (.iff, false): "one of its two parts has to be true and the other one false"
    }
  }

  /// The values of those parts that the known roles settle, such as
  /// `"Zoey is a knave" is false`; nil where there are none.
  func settledParts(
    _ names: [String], _ words: RoleWords, given roles: [Bool?]
  ) -> String? {
    let settled = parts.compactMap { part in
      part.value(given: roles).map { "\"\(part.english(names, words))\" is \($0)" }
    }
    return settled.isEmpty ? nil : settled.joined(separator: " and ")
  }

  /// Whether the statement is about a single person, with or without a `not`.
  var isSimple: Bool {
    switch self {
    case .tellingTruth, .lying, .not(.tellingTruth), .not(.lying): true
    default: false
    }
  }
}
