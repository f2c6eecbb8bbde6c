/// The puzzles of one size that a recipe asks for.
struct PuzzleSet {
  /// The puzzles with their indices. Puzzles that no change would give another solution are left
  /// out, and their indices with them.
  let chosen: [(index: Int, puzzle: SolvedPuzzle)]

  /// Draws the puzzles; calls `betweenPuzzles` before each draw, which may throw.
  ///
  /// The published generator draws all its puzzles first, then changes a statement of each, then a
  /// leaf of each, with one stream of random numbers; so must this.
  init(
    people: Int, parameters: KnightsAndKnavesStage.Parameters, betweenPuzzles: () throws -> Void
  ) throws {
    var sampler = PuzzleSampler(
      people: people, seed: parameters.seed, depth: parameters.depth, width: parameters.width,
      distinct: parameters.distinct)
    let wanted = parameters.start..<parameters.start + parameters.count
    let total = Self.total(people: people, parameters: parameters)
    var puzzles: [SolvedPuzzle?] = []
    for _ in 0..<total {
      try betweenPuzzles()
      puzzles.append(try sampler.nextSolved())
    }
    let clean = puzzles
    for perturbation in Self.perturbations(upTo: parameters.perturbation) {
      puzzles = try clean.map { puzzle in
        try betweenPuzzles()
        return puzzle.flatMap { sampler.perturbed($0, by: perturbation) }
      }
    }
    chosen = wanted.compactMap { index in puzzles[index].map { (index: index, puzzle: $0) } }
  }

  private static func perturbations(upTo last: PuzzlePerturbation) -> [PuzzlePerturbation] {
    switch last {
    case .none: []
    case .statement: [.statement]
    case .leaf: [.statement, .leaf]
    }
  }

  private static func total(people: Int, parameters: KnightsAndKnavesStage.Parameters) -> Int {
    let wanted = parameters.start + parameters.count
    if parameters.perturbation == .none { return wanted }
    return parameters.drawn ?? max(wanted, people == 2 ? 300 : 1100)
  }
}
