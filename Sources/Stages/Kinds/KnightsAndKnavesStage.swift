import Base
import Runner
import Tasks

/// The kind `knights_and_knaves`: puzzles drawn from a seed, with their solutions.
package struct KnightsAndKnavesStage: Stage {
  package struct Parameters: ParameterSet {
    /// The sizes, in people; `count` puzzles of each.
    package var people = [3, 4, 5, 6, 7]
    /// How many puzzles of each size.
    package var count = 900
    /// The index of the first; those before it are drawn and left out.
    package var start = 0
    package var seed = 1234
    /// Levels of statements within statements.
    package var depth = 2
    /// How many statements `and` and `or` may join.
    package var width = 2
    /// The names to draw from; the published list where empty.
    package var names: [String] = []
    /// Whether no puzzle may come twice.
    package var distinct = true
    /// A change in one place, which changes the solution.
    package var perturbation = PuzzlePerturbation.none
    /// How many puzzles are drawn before any is changed; the published number where nil.
    package var drawn: Int?
    /// The words in which puzzles are told.
    package var telling = PuzzleTelling()

    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("people", \.people, range: 2...24, "people in a puzzle, one size or a list of sizes"),
        Field("count", \.count, range: 1...1_000_000, "puzzles of each size"),
        Field(
          "start", \.start, range: .atLeast(0),
          "index of the first puzzle; the published train rows begin at 100, test rows at 1000"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draws; the published one is 1234"),
        Field(
          "depth", \.depth, range: 2...6,
          "levels of statements within statements; plain claims alone never have one solution"),
        Field("width", \.width, range: 2...10, "statements that 'and' and 'or' may join"),
        Field("names", \.names, "names to draw from, instead of the published list"),
        Field("distinct", \.distinct, "whether no puzzle may come twice"),
        Field(
          "perturbation", \.perturbation, later: true,
          "one statement, or one claim within one (leaf), is changed, and with it the solution"),
        Field(
          "drawn", \.drawn, range: .atLeast(1), later: true,
          "puzzles drawn before any is changed; 300 for 2 people and 1100 for more, as published"),
      ] + PuzzleTelling.fields.map { $0.lifted(through: \.telling) }
    }

    /// Looks for settings that allow no puzzle.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      func report(_ field: String, _ message: String) {
        sink.report(positions[field] ?? position, message)
      }
      let fewest = people.min() ?? 0
      if people.isEmpty || Set(people).count != people.count {
        report("people", "'people' must list different sizes")
      } else if width > 2 * fewest - 1 {
        report(
          "width",
          "'width' must be at most \(2 * fewest - 1): \(fewest) people can be called a knight or "
            + "a knave in no more different ways")
      }
      let pool = Set(names).count
      if !names.isEmpty, pool != names.count || pool < people.max() ?? 0 {
        report(
          "names", "'names' must hold at least as many different names as a puzzle has people")
      }
      if !names.isEmpty, telling.uncommonName {
        report("uncommon_name", "'uncommon_name' and 'names' cannot be set together")
      }
      if let drawn, drawn < start + count {
        report("drawn", "'drawn' must be at least \(start + count), which is 'start' + 'count'")
      }
    }
  }

  package static let kind = "knights_and_knaves"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["problems"])
  package static let summary =
    "Knights and Knaves puzzles with exactly one solution; the published ones from their seed"
  package static let example = """
    puzzles:
      kind: knights_and_knaves
      params: {people: [2, 3], count: 90, seed: 1234}
    """
  package static let inputs: [StagePort] = []
  package static let outputs = [
    StagePort("problems", .problems, "puzzles in the published field names")
  ]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("problems", as: "problems")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    // Of perturbed puzzles some may be left out.
    let isKnown = parameters.perturbation == .none
    return .problems(
      ofTask: KnightsAndKnavesTask().name,
      rows: isKnown ? parameters.people.count * parameters.count : nil)
  }

  /// Draws the puzzles and writes them.
  package func run(_ context: StageContext) throws {
    let table = try table { try context.interruption.check() }
    try table.write(to: context.output("problems"))
    context.publish(Double(table.count), as: "problems")
  }

  /// Draws the puzzles, size after size; calls `betweenPuzzles` before each, which may throw.
  package func table(betweenPuzzles: () throws -> Void = {}) throws -> RowTable {
    var rows: [[String: JSONValue]] = []
    for people in parameters.people {
      let puzzles = try PuzzleSet(
        people: people, parameters: parameters, betweenPuzzles: betweenPuzzles)
      for (index, puzzle) in puzzles.chosen {
        try betweenPuzzles()
        rows.append(try row(Puzzle(puzzle), index).fields)
      }
    }
    guard !rows.isEmpty else {
      throw StageError.failed(
        "none of the puzzles has a change that gives it another solution; ask for more puzzles, "
          + "more people or perturbation: statement")
    }
    let task = KnightsAndKnavesTask().name
    return Problems(rows: rows, order: PuzzleRow.order, task: task).table
  }

  private func row(_ puzzle: Puzzle, _ index: Int) throws -> PuzzleRow {
    try PuzzleRow(
      puzzle, index: index, seed: parameters.seed, pool: parameters.names,
      telling: parameters.telling, perturbation: parameters.perturbation)
  }
}

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
