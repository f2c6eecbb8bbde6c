/// The published chain of thought: people are assumed to be knights or knaves one after another,
/// each with a look at whether some single statement can no longer fit.
package struct ReferenceChain: Sendable {
  /// The opening, the same for every puzzle.
  package static let head =
    "Let's think step by step, by considering whether each person is lying and if that leads to "
    + "contradiction."
  /// The steps, a sentence or two each.
  package let steps: [String]
  /// The ending.
  package let foot: String

  /// Walks through a puzzle and writes down the steps.
  package init(_ puzzle: Puzzle, names: [String], roles: RoleWords = .published) {
    var walk = Walk(people: puzzle.people)
    var steps: [String] = []
    while walk.position < puzzle.people {
      if walk.untried(walk.person).isEmpty {
        guard let exhausted = walk.goBack() else { break }
        steps.append(Self.reconsideration(exhausted.map { names[$0] }, names[walk.person]))
      }
      steps.append(Self.trial(&walk, puzzle, names, roles))
    }
    self.steps = steps
    foot =
      walk.position == puzzle.people
      ? "This leads to a feasible solution." : "All the configurations lead to contradictions."
  }

  private static func trial(
    _ walk: inout Walk, _ puzzle: Puzzle, _ names: [String], _ roles: RoleWords
  ) -> String {
    let person = walk.person
    let isKnight = walk.tryNext()
    guard let conflict = walk.conflict(in: puzzle) else {
      walk.goOn(mentioned: puzzle.statements[person].mentions)
      let claim = puzzle.statements[person].english(names, roles)
      return "Assume \(names[person]) is \(roles.a(isKnight)). "
        + "No contradiction is found in their \(isKnight ? "" : "false ")claim that \(claim)."
    }
    let kind = walk.roles[conflict] == true ? "" : "false "
    let owner = conflict == person ? "their own" : names[conflict]
    return "\(names[person]) cannot be \(roles.a(isKnight)), because this would "
      + "contradict the \(kind)claim of \(owner) that \(puzzle.statements[conflict].english(names, roles))."
  }

  private static func reconsideration(_ exhausted: [String], _ next: String) -> String {
    let list =
      exhausted.count <= 2
      ? exhausted.joined(separator: " and ")
      : exhausted.dropLast().joined(separator: ", ") + ", and " + exhausted[exhausted.count - 1]
    return "We have exhausted all possibilities for \(list), "
      + "so let us go back and reconsider \(next)."
  }
}

/// Where the published search stands: roles so far, and in which order people come.
private struct Walk {
  private(set) var roles: [Bool?]
  private(set) var position = 0
  private var order: [Int]
  private var options: [[Bool]]

  init(people: Int) {
    roles = Array(repeating: nil, count: people)
    order = Array(0..<people)
    options = Array(repeating: [true, false], count: people)
  }

  var person: Int { order[position] }

  func untried(_ person: Int) -> [Bool] { options[person] }

  /// Gives the person at hand the next role: first knight, then knave.
  mutating func tryNext() -> Bool {
    let role = options[person].removeFirst()
    roles[person] = role
    return role
  }

  /// The first person whose statement can no longer fit the person's role.
  func conflict(in puzzle: Puzzle) -> Int? {
    roles.indices.first { speaker in
      guard let role = roles[speaker] else { return false }
      return !puzzle.canStatement(of: speaker, be: role, given: roles)
    }
  }

  /// Moves on; whom the last speaker mentioned comes next.
  mutating func goOn(mentioned: [Int]) {
    position += 1
    for person in mentioned.reversed() {
      guard let place = order[position...].firstIndex(of: person) else { continue }
      order.remove(at: place)
      order.insert(person, at: position)
    }
  }

  /// Goes back to the last person with a role untried.
  /// - Returns: who was given up on the way, or nil when nobody is left.
  mutating func goBack() -> [Int]? {
    var exhausted: [Int] = []
    while options[person].isEmpty {
      exhausted.append(person)
      options[person] = [true, false]
      roles[person] = nil
      if position == 0 { return nil }
      position -= 1
    }
    return exhausted
  }
}
