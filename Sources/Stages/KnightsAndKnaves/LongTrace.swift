/// Puts the steps of a solver into the words of somebody who thinks aloud.
struct LongTrace {
  private let puzzle: Puzzle
  private let names: [String]
  private var random: NumpyRandom
  private var paragraphs: [String] = []
  private var sentences: [String] = []

  /// The reasoning as text.
  static func text(
    _ steps: [ReasoningStep], of puzzle: Puzzle, names: [String], random: NumpyRandom
  ) -> String {
    var trace = LongTrace(puzzle: puzzle, names: names, random: random)
    trace.restate()
    for step in steps { trace.write(step) }
    trace.end(with: steps)
    return trace.paragraphs.joined(separator: "\n\n")
  }

  private init(puzzle: Puzzle, names: [String], random: NumpyRandom) {
    self.puzzle = puzzle
    self.names = names
    self.random = random
  }

  private mutating func restate() {
    say(pick(LongTracePhrases.openings))
    say(pick(LongTracePhrases.rules))
    breakParagraph()
    say(pick(LongTracePhrases.listings))
    for (speaker, statement) in puzzle.statements.enumerated() {
      say("\(names[speaker]) says \"\(statement.english(names))\".")
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
    case .candidate(let roles):
      say(pick(LongTracePhrases.candidates) + " " + list(roles) + ".")
      breakParagraph()
    case .reconsider(let person, let isKnight, _):
      say(pick(LongTracePhrases.doubts))
      say("Suppose instead that \(role(person, isKnight)).")
    case .check(let speaker, let roles): check(speaker, roles)
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
        "Whether \(names[speaker]) is a knight or a knave, \(quote(speaker)) can only come from "
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
    if let settled = statement.settledParts(names, given: given) { text += "; here " + settled }
    return text + "."
  }

  /// Somebody's own words give the role away.
  private mutating func ownRole(of speaker: Int, _ isKnight: Bool, _ given: [Bool?]) -> String {
    let statement = puzzle.statements[speaker]
    guard let value = statement.value(given: given) else {
      return "If \(role(speaker, !isKnight)), then \(quote(speaker)) has to be \(!isKnight), but "
        + "it cannot be."
    }
    let reason = statement.settledParts(names, given: given).map { ", because \($0)" } ?? ""
    return "\(names[speaker]) says \(quote(speaker)), which is \(value)\(reason)."
  }

  private mutating func contradict(_ speaker: Int, _ given: [Bool?]) {
    let statement = puzzle.statements[speaker]
    guard let isKnight = given[speaker] else {
      say("\(pick(LongTracePhrases.alarms)) \(names[speaker]) says \(quote(speaker)).")
      say("A knight cannot say that here, and a knave cannot either.")
      return say(pick(LongTracePhrases.contradictions))
    }
    let alarm = pick(LongTracePhrases.alarms)
    say("\(alarm) \(role(speaker, isKnight)), so \(quote(speaker)) would have to be \(isKnight).")
    if let settled = statement.settledParts(names, given: given) {
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
        .replacing("@", with: "\(names[person]) cannot be \(kind(wasKnight))")
        .replacing("#", with: role(person, !wasKnight)))
    let known = given.indices.filter { given[$0] != nil }
    if !known.isEmpty && random.uniform() < 0.5 {
      let roles = known.map { role($0, given[$0] == true) }
      say("What I have besides that: \(roles.joined(separator: ", ")).")
    }
    breakParagraph()
  }

  private mutating func check(_ speaker: Int, _ roles: [Bool]) {
    let statement = puzzle.statements[speaker]
    let parts = statement.settledParts(names, given: roles).map { " since \($0)" } ?? ""
    say(
      pick(LongTracePhrases.checks)
        .replacing("@", with: role(speaker, roles[speaker]))
        .replacing("#", with: quote(speaker) + " is \(statement.holds(among: roles))\(parts)"))
  }

  private mutating func end(with steps: [ReasoningStep]) {
    let hasChecked = steps.contains { if case .check = $0 { true } else { false } }
    say(pick(hasChecked ? LongTracePhrases.checkedEndings : LongTracePhrases.endings))
    breakParagraph()
  }

  private mutating func pick(_ phrases: [String]) -> String { random.element(of: phrases) }
  private mutating func say(_ sentence: String) { sentences.append(sentence) }

  private mutating func breakParagraph() {
    if !sentences.isEmpty { paragraphs.append(sentences.joined(separator: " ")) }
    sentences = []
  }

  private func quote(_ speaker: Int) -> String {
    "\"\(puzzle.statements[speaker].english(names))\""
  }
  private func kind(_ isKnight: Bool) -> String { isKnight ? "a knight" : "a knave" }
  private func role(_ person: Int, _ isKnight: Bool) -> String {
    "\(names[person]) is \(kind(isKnight))"
  }
  private func list(_ roles: [Bool]) -> String {
    roles.indices.map { role($0, roles[$0]) }.joined(separator: ", ")
  }
}
