import Runner

/// How a trace is worded.
public enum TraceStyle: String, ParameterChoice {
  /// Natural language, thousands of characters, a new wording for every trace.
  case long
  /// One fixed, compact wording.
  case short
}

/// What is wrong with traces on purpose, in control arms.
public enum TraceErrors: String, ParameterChoice {
  /// Nothing.
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
