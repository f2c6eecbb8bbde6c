import Base

package enum TraceStyle: String, Sendable, CaseIterable {
  /// Natural language, thousands of characters, a new wording for every trace.
  case long
  /// One fixed, compact wording.
  case short
}

/// What is wrong with traces on purpose, in control arms.
package enum TraceErrors: String, Sendable, CaseIterable {
  case none
  /// The reasoning is right, the answer behind it wrong.
  case wrongAnswer = "wrong_answer"
  /// The whole completion belongs to another puzzle.
  case shuffled
}

/// Solves puzzles and writes down how, in the paper's form of completions:
/// reasoning, `</think>`, and the roles within `<answer>`.
///
/// Every step of the reasoning is valid and the answer is right.
package struct SymbolicTeacher: Sendable {
  private let style: TraceStyle
  private let seed: Int

  /// A teacher. The seed varies the wording and the order of thoughts of the long style.
  package init(style: TraceStyle, seed: Int) {
    self.style = style
    self.seed = seed
  }

  /// The completion for a puzzle.
  /// - Parameters:
  ///   - id: gives the puzzle a random stream of its own.
  ///   - answer: what to answer instead of the solution, in a control arm.
  /// - Throws: `KnightsAndKnavesError.notUnique`.
  package func completion(
    _ puzzle: Puzzle, names: [String], id: String, answer: [Bool]? = nil,
    roles: RoleWords = .published
  ) throws -> String {
    guard let solution = puzzle.uniqueSolution else {
      throw KnightsAndKnavesError.notUnique(id: id)
    }
    let reasoning =
      switch style {
      case .short: ShortTrace.text(puzzle, names: names, roles: roles, solution: solution)
      case .long: long(puzzle, names, roles, id)
      }
    let answer = PuzzleText.answer(answer ?? solution, names, roles)
    return "\(reasoning) </think>\n<answer> \(answer) </answer>"
  }

  /// The plan that the teacher follows for a puzzle in the long style.
  package func plan(people: Int, id: String) -> ReasoningPlan {
    var random = NumpyRandom(seed: seed, stream: "plan " + id)
    return Self.plan(people: people, random: &random)
  }

  private func long(
    _ puzzle: Puzzle, _ names: [String], _ roles: RoleWords, _ id: String
  ) -> String {
    let plan = plan(people: puzzle.people, id: id)
    let steps = Reasoner(puzzle, plan: plan)?.steps ?? []
    let random = NumpyRandom(seed: seed, stream: "wording " + id)
    return LongTrace.text(steps, of: puzzle, names: names, roles: roles, random: random)
  }

  private static func plan(people: Int, random: inout NumpyRandom) -> ReasoningPlan {
    let natural = random.uniform() < 0.5
    let order = natural ? Array(0..<people) : random.permutation(people)
    let guesses = (0..<people).map { _ in random.uniform() < 0.75 }
    let foresees = random.uniform() < 0.15
    let secondLooks = random.element(of: [
      ReasoningPlan.SecondLooks.none, .none, .first, .all,
    ])
    return ReasoningPlan(
      order: order, guesses: guesses, foresees: foresees, secondLooks: secondLooks,
      checks: random.uniform() < 0.25 ? 2 : 1)
  }
}

/// Writes traces for rows of problems, with errors where a control arm wants them.
package struct TraceWriter: Sendable {
  private let style: TraceStyle
  private let errors: TraceErrors
  private let seed: Int
  private let teacher: SymbolicTeacher

  package init(style: TraceStyle, errors: TraceErrors = .none, seed: Int) {
    self.style = style
    self.errors = errors
    self.seed = seed
    teacher = SymbolicTeacher(style: style, seed: seed)
  }

  /// A row for each problem. Errors made on purpose are accepted all the same, and named in
  /// `reason`: a control arm trains on them.
  /// - Parameter prompt: renders the prompt of a row.
  /// - Throws: `KnightsAndKnavesError`, and what `prompt` throws.
  package func rows(
    for problems: [[String: JSONValue]], prompt: ([String: JSONValue]) throws -> String
  ) throws -> [[String: JSONValue]] {
    let puzzles = try problems.map(ReadPuzzle.init)
    let sources = try sources(count: puzzles.count)
    return try zip(problems, puzzles).enumerated().map { index, problem in
      Traces.row(
        id: "\(problem.1.id)/trace", problemID: problem.1.id, prompt: try prompt(problem.0),
        text: try completion(puzzles[sources[index]]), reason: reason, style: style.rawValue)
    }
  }

  private var reason: String {
    switch errors {
    case .none: ""
    case .wrongAnswer: "wrong answer, on purpose"
    case .shuffled: "trace of another puzzle, on purpose"
    }
  }

  /// Whose trace each problem gets: its own, or when shuffled that of the next in a random round.
  private func sources(count: Int) throws -> [Int] {
    guard errors == .shuffled else { return Array(0..<count) }
    guard count > 1 else {
      throw KnightsAndKnavesError.nothingToShuffle
    }
    var random = NumpyRandom(seed: seed, stream: "shuffled")
    let round = random.permutation(count)
    var sources = Array(0..<count)
    for (place, index) in round.enumerated() { sources[index] = round[(place + 1) % count] }
    return sources
  }

  private func completion(_ problem: ReadPuzzle) throws -> String {
    try teacher.completion(
      problem.puzzle, names: problem.names, id: problem.id,
      answer: errors == .wrongAnswer ? wrongAnswer(to: problem) : nil, roles: problem.roles)
  }

  /// The solution with one or more roles turned round.
  private func wrongAnswer(to problem: ReadPuzzle) -> [Bool]? {
    guard var roles = problem.puzzle.uniqueSolution else { return nil }
    var random = NumpyRandom(seed: seed, stream: "wrong " + problem.id)
    let wrong = random.integer(in: 1..<roles.count + 1)
    for person in random.indices(wrong, below: roles.count) { roles[person].toggle() }
    return roles
  }
}
