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

/// Turns of phrase of the long style. `@`, `#` and `%` are filled in.
enum LongTracePhrases {
  static func openings(_ roles: RoleWords) -> [String] {
    [
      "Okay, let me work through this puzzle step by step.",
      "Alright, I need to find out who is \(roles.aKnight) and who is \(roles.aKnave).",
      "Let me think about this carefully.",
      "Okay, so this is a puzzle about \(roles.knight)s and \(roles.knave)s.",
      "Let's see what we have here.",
    ]
  }

  static func rules(_ roles: RoleWords) -> [String] {
    [
      "\(roles.capitalisedKnights) always tell the truth and \(roles.knave)s always lie.",
      "Whatever \(roles.aKnight) says is true, and whatever \(roles.aKnave) says is false.",
      "A statement is true exactly when the one who makes it is \(roles.aKnight).",
    ]
  }

  static let listings = [
    "First, the statements.", "Here is what everybody says.", "Let me write down the statements.",
  ]
  static let assumptions = [
    "Let me start by assuming that @.", "Suppose first that @.",
    "I'll try this: let's say @.", "Let me assume @ and see where that leads.",
  ]
  static let furtherAssumptions = [
    "Nothing more follows for now, so I need another assumption. Suppose that @.",
    "I am stuck here, so let me split into cases. Assume that @.",
    "Hmm, that is as far as it goes. Let me also suppose that @.",
  ]
  static let values = [
    "@, so # is %", "Since @, what is said there, #, is %", "@, which makes # %",
  ]
  static let conclusions = [
    "So @.", "Therefore @.", "That means @.", "It follows that @.", "Then @.",
  ]
  static let alarms = ["Wait,", "Hold on,", "Hmm, wait,", "But look:", "Now there is a problem:"]
  static let contradictions = [
    "That is a contradiction.", "This cannot be.", "That does not work.",
    "So this leads to a contradiction.",
  ]
  static let refutations = [
    "So @; #.", "Let me go back: @, and therefore #.", "I have to back up. @, so #.",
    "That rules it out: @. Hence #.",
  ]
  static let candidates = [
    "Now everybody has a role, and nothing contradicts:", "So far this fits together:",
    "That settles everybody:",
  ]
  static let doubts = [
    "But is that the only way? Let me try the other case, to be sure.",
    "Let me double-check that the opposite of what I assumed fails.",
    "Before I settle on this, let me look at the other possibility.",
  ]
  static let checkOpenings = [
    "Let me check every statement against this.", "Now I hold this against what everybody said.",
    "To be sure, I go through all the statements.", "Does it fit? Let me check them one by one.",
  ]
  static let moreChecks = [
    "Let me go through them once more, from the other end.",
    "I'd rather check that again, in another order.",
    "Once more, to be safe, starting with the last one.",
  ]
  static let checks = ["@, and #, as it should be.", "@: #. Good.", "@ and #. That fits."]
  static let checkedEndings = [
    "Every statement fits, so this is the solution.", "Everything is consistent, so I am done.",
    "All of it checks out.",
  ]
  static let summaries = [
    "So, in the end:", "To sum up:", "My answer:", "That leaves me with this:",
  ]
  static let endings = ["So that is the solution.", "I am confident in this.", "That is it."]
}

/// 64 assignments of roles, looked at together: one bit of a word for each.
///
/// Assignments are numbered so that person `p` is a knight when bit `p` of the number is set; bit
/// `b` of block `k` stands for assignment `64 k + b`. With fewer than six people the numbers
/// beyond the last assignment repeat earlier ones, which changes no answer but a count.
struct AssignmentBlock {
  let index: Int

  static func all(people: Int) -> [AssignmentBlock] {
    (0..<1 << max(0, people - 6)).map(AssignmentBlock.init)
  }

  /// The bits of a block that stand for assignments which no lower bit stands for.
  static func valid(people: Int) -> UInt64 { people < 6 ? (1 << (1 << people)) - 1 : ~0 }

  /// The assignments in which a person is a knight.
  @inline(__always)
  func knights(_ person: Int) -> UInt64 {
    switch person {
    case 0: 0xaaaa_aaaa_aaaa_aaaa
    case 1: 0xcccc_cccc_cccc_cccc
    case 2: 0xf0f0_f0f0_f0f0_f0f0
    case 3: 0xff00_ff00_ff00_ff00
    case 4: 0xffff_0000_ffff_0000
    case 5: 0xffff_ffff_0000_0000
    default: index >> (person - 6) & 1 == 1 ? ~0 : 0
    }
  }

  /// The assignments that agree with the roles known so far.
  func agreeing(with roles: [Bool?]) -> UInt64 {
    var word: UInt64 = ~0
    for (person, role) in roles.enumerated() {
      guard let role else { continue }
      word &= role ? knights(person) : ~knights(person)
    }
    return word
  }
}
