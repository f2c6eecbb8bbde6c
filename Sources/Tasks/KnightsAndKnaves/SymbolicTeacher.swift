import Base

/// How the symbolic teacher words its reasoning.
package enum TraceWording: String, Sendable {
  /// Natural language, thousands of characters, a new wording for every trace.
  case long
  /// One fixed, compact wording.
  case short
}

/// Solves puzzles and writes down how. Every step of the reasoning is valid.
package struct SymbolicTeacher: Sendable {
  private let style: TraceWording
  private let seed: Int

  /// A teacher. The seed varies the wording and the order of thoughts of the long style.
  package init(style: TraceWording, seed: Int) {
    self.style = style
    self.seed = seed
  }

  /// The reasoning about a puzzle, whose id gives it a random stream of its own.
  /// - Throws: `KnightsAndKnavesError.notUnique`.
  package func reasoning(about problem: ReadPuzzle) throws -> String {
    let puzzle = problem.puzzle
    guard let solution = puzzle.uniqueSolution else {
      throw KnightsAndKnavesError.notUnique(id: problem.id)
    }
    switch style {
    case .short:
      return ShortTrace.text(
        puzzle, names: problem.names, roles: problem.roles, solution: solution)
    case .long: return long(problem)
    }
  }

  /// The plan that the teacher follows for a puzzle in the long style.
  package func plan(people: Int, id: String) -> ReasoningPlan {
    var random = NumpyRandom(seed: seed, stream: "plan " + id)
    return Self.plan(people: people, random: &random)
  }

  private func long(_ problem: ReadPuzzle) -> String {
    let plan = plan(people: problem.puzzle.people, id: problem.id)
    let steps = Reasoner(problem.puzzle, plan: plan)?.steps ?? []
    let random = NumpyRandom(seed: seed, stream: "wording " + problem.id)
    return LongTrace.text(
      steps, of: problem.puzzle, names: problem.names, roles: problem.roles, random: random)
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
