import Runner

/// Writes traces for rows of problems, with errors where a control arm wants them.
package struct TraceWriter: Sendable {
  private let style: TraceStyle
  private let errors: TraceErrors
  private let seed: Int
  private let teacher: SymbolicTeacher

  /// A writer.
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
      [
        "id": .string("\(problem.1.id)/trace"), "problem_id": .string(problem.1.id),
        "prompt": .string(try prompt(problem.0)),
        "completion": .string(try completion(puzzles[sources[index]])), "accepted": true,
        "reason": .string(reason), "style": .string(style.rawValue),
      ]
    }
  }

  /// The columns of a table of traces, in order.
  package static let order = [
    "id", "problem_id", "prompt", "completion", "accepted", "reason", "style",
  ]

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
      throw StageError.failed("errors: shuffled needs at least two problems")
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
