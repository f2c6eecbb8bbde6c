/// Puts the steps of a solver into the words of somebody who thinks aloud.
struct LongTrace {
  private let puzzle: Puzzle
  private let names: [String]
  private let roles: RoleWords
  private var random: NumpyRandom
  private var paragraphs: [String] = []
  private var sentences: [String] = []

  /// The reasoning as text.
  static func text(
    _ steps: [ReasoningStep], of puzzle: Puzzle, names: [String], roles: RoleWords,
    random: NumpyRandom
  ) -> String {
    var trace = LongTrace(puzzle: puzzle, names: names, roles: roles, random: random)
    trace.restate()
    for step in steps { trace.write(step) }
    trace.end(with: steps)
    return trace.paragraphs.joined(separator: "\n\n")
  }

  private init(puzzle: Puzzle, names: [String], roles: RoleWords, random: NumpyRandom) {
    self.puzzle = puzzle
    self.names = names
    self.roles = roles
    self.random = random
  }

  private mutating func restate() {
    say(pick(LongTracePhrases.openings(roles)))
    say(pick(LongTracePhrases.rules(roles)))
    breakParagraph()
    say(pick(LongTracePhrases.listings))
    for (speaker, statement) in puzzle.statements.enumerated() {
      say("\(names[speaker]) says \"\(statement.english(names, roles))\".")
    }
    breakParagraph()
  }

  private mutating func write(_ step: ReasoningStep) {
    switch step {
    case .assume(let person, let isKnight, let given): assume(person, isKnight, given)
    case .conclude(let person, let isKnight, let speaker, let given):
      conclude(person, isKnight, speaker, given)
    case .contradiction(let speaker, let given): contradict(speaker, given)
    case .refute(let person, let wasKnight, let given): refute(person, wasKnight, given)
    case .candidate(let solution):
      say(pick(LongTracePhrases.candidates) + " " + list(solution) + ".")
      breakParagraph()
    case .reconsider(let person, let isKnight, _):
      say(pick(LongTracePhrases.doubts))
      say("Suppose instead that \(role(person, isKnight)).")
    case .beginCheck(let round):
      breakParagraph()
      say(pick(round == 0 ? LongTracePhrases.checkOpenings : LongTracePhrases.moreChecks))
    case .check(let speaker, let solution): check(speaker, solution)
    }
  }

  private mutating func assume(_ person: Int, _ isKnight: Bool, _ given: [Bool?]) {
    breakParagraph()
    let phrases =
      given.contains { $0 != nil }
      ? LongTracePhrases.furtherAssumptions : LongTracePhrases.assumptions
    say(pick(phrases).replacing("@", with: role(person, isKnight)))
  }

  private mutating func conclude(
    _ person: Int, _ isKnight: Bool, _ speaker: Int, _ given: [Bool?]
  ) {
    if let role = given[speaker] {
      say(value(of: speaker, as: role, given))
    } else if person == speaker {
      say(ownRole(of: speaker, isKnight, given))
    } else {
      return say(
        "Whether \(names[speaker]) is \(roles.aKnight) or \(roles.aKnave), \(quote(speaker)) can only come from "
          + "\(names[speaker]) if \(role(person, isKnight)).")
    }
    say(pick(LongTracePhrases.conclusions).replacing("@", with: role(person, isKnight)))
  }

  /// `Zoey is a knave, so "…" is false: at least one part of it has to be false, and …`
  private mutating func value(of speaker: Int, as isKnight: Bool, _ given: [Bool?]) -> String {
    let statement = puzzle.statements[speaker]
    var text = pick(LongTracePhrases.values)
      .replacing("@", with: role(speaker, isKnight))
      .replacing("#", with: quote(speaker)).replacing("%", with: "\(isKnight)")
    if let demand = statement.demand(isKnight) { text += ", and so " + demand }
    if let settled = statement.settledParts(names, roles, given: given) {
      text += "; here " + settled
    }
    return text + "."
  }

  /// Somebody's own words give the role away.
  private mutating func ownRole(of speaker: Int, _ isKnight: Bool, _ given: [Bool?]) -> String {
    let statement = puzzle.statements[speaker]
    guard let value = statement.value(given: given) else {
      return "If \(role(speaker, !isKnight)), then \(quote(speaker)) has to be \(!isKnight), but "
        + "it cannot be."
    }
    let reason = statement.settledParts(names, roles, given: given).map { ", because \($0)" } ?? ""
    return "\(names[speaker]) says \(quote(speaker)), which is \(value)\(reason)."
  }

  private mutating func contradict(_ speaker: Int, _ given: [Bool?]) {
    let statement = puzzle.statements[speaker]
    guard let isKnight = given[speaker] else {
      say("\(pick(LongTracePhrases.alarms)) \(names[speaker]) says \(quote(speaker)).")
      say("\(capitalised(roles.aKnight)) cannot say that here, and \(roles.aKnave) cannot either.")
      return say(pick(LongTracePhrases.contradictions))
    }
    let alarm = pick(LongTracePhrases.alarms)
    say("\(alarm) \(role(speaker, isKnight)), so \(quote(speaker)) would have to be \(isKnight).")
    if let settled = statement.settledParts(names, roles, given: given) {
      say("But \(settled), so it \(statement.value(given: given) == nil ? "cannot be" : "is not").")
    } else if statement.isSimple {
      say("But it is \(!isKnight).")
    } else {
      say("But it cannot be.")
    }
    say(pick(LongTracePhrases.contradictions))
  }

  private mutating func refute(_ person: Int, _ wasKnight: Bool, _ given: [Bool?]) {
    say(
      pick(LongTracePhrases.refutations)
        .replacing("@", with: "\(names[person]) cannot be \(roles.a(wasKnight))")
        .replacing("#", with: role(person, !wasKnight)))
    let known = given.indices.filter { given[$0] != nil }
    if !known.isEmpty && random.uniform() < 0.5 {
      let others = known.map { role($0, given[$0] == true) }
      say("What I have besides that: \(others.joined(separator: ", ")).")
    }
    breakParagraph()
  }

  private mutating func check(_ speaker: Int, _ solution: [Bool]) {
    let statement = puzzle.statements[speaker]
    let parts = statement.settledParts(names, roles, given: solution).map { " since \($0)" } ?? ""
    say(
      pick(LongTracePhrases.checks)
        .replacing("@", with: role(speaker, solution[speaker]))
        .replacing("#", with: quote(speaker) + " is \(statement.holds(among: solution))\(parts)"))
  }

  private mutating func end(with steps: [ReasoningStep]) {
    let hasChecked = steps.contains { if case .check = $0 { true } else { false } }
    say(pick(hasChecked ? LongTracePhrases.checkedEndings : LongTracePhrases.endings))
    let found = steps.compactMap { if case .candidate(let solution) = $0 { solution } else { nil } }
    if let solution = found.last, random.uniform() < 0.5 {
      breakParagraph()
      say("\(pick(LongTracePhrases.summaries)) \(list(solution)).")
    }
    breakParagraph()
  }

  private mutating func pick(_ phrases: [String]) -> String { random.element(of: phrases) }
  private mutating func say(_ sentence: String) { sentences.append(sentence) }

  private mutating func breakParagraph() {
    if !sentences.isEmpty { paragraphs.append(sentences.joined(separator: " ")) }
    sentences = []
  }

  private func quote(_ speaker: Int) -> String {
    "\"\(puzzle.statements[speaker].english(names, roles))\""
  }
  private func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
  private func role(_ person: Int, _ isKnight: Bool) -> String {
    "\(names[person]) is \(roles.a(isKnight))"
  }
  private func list(_ solution: [Bool]) -> String {
    solution.indices.map { role($0, solution[$0]) }.joined(separator: ", ")
  }
}
