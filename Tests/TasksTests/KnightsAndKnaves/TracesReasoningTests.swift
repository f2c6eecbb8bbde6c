import Base
import Tasks
import Testing

/// Every step of the solver follows from what it takes for granted, by brute force.
@Suite struct TracesReasoningTests {
  private static func assignments(_ given: [Bool?]) -> [[Bool]] {
    (0..<1 << given.count).map { number in given.indices.map { number >> $0 & 1 == 1 } }
      .filter { roles in zip(given, roles).allSatisfy { $0 == nil || $0 == $1 } }
  }

  private static func agrees(_ speaker: Int, _ puzzle: Puzzle, _ roles: [Bool]) -> Bool {
    puzzle.statements[speaker].holds(among: roles) == roles[speaker]
  }

  private static func isValid(_ step: ReasoningStep, of puzzle: Puzzle) -> Bool {
    switch step {
    case .assume(let person, _, let given), .reconsider(let person, _, let given):
      given[person] == nil
    case .conclude(let person, let isKnight, let speaker, let given):
      given[person] == nil
        && assignments(given).filter { agrees(speaker, puzzle, $0) }
          .allSatisfy { $0[person] == isKnight }
    case .contradiction(let speaker, let given):
      !assignments(given).contains { agrees(speaker, puzzle, $0) }
    case .refute(let person, let wasKnight, let given):
      !assignments(given).contains { $0[person] == wasKnight && puzzle.isSolved(by: $0) }
    case .beginCheck: true
    case .candidate(let roles): puzzle.isSolved(by: roles)
    case .check(let speaker, let roles): agrees(speaker, puzzle, roles)
    }
  }

  @Test(arguments: [2, 3, 5, 7], [2, 3])
  func everyStepIsValid(people: Int, depth: Int) throws {
    var sampler = PuzzleSampler(people: people, seed: 21, depth: depth)
    for index in 0..<25 {
      let puzzle = try sampler.next()
      let plan = SymbolicTeacher(style: .long, seed: index).plan(people: people, id: "\(index)")
      let reasoner = try #require(Reasoner(puzzle, plan: plan))
      #expect(reasoner.solution == puzzle.uniqueSolution)
      #expect(reasoner.steps.allSatisfy { Self.isValid($0, of: puzzle) })
      #expect(reasoner.steps.contains(.candidate(reasoner.solution)))
    }
  }

  /// The chains must hold what they are for: assumptions, contradictions, second looks.
  @Test func stepsOfEveryKindOccur() throws {
    var sampler = PuzzleSampler(people: 5, seed: 3)
    var steps: [ReasoningStep] = []
    for index in 0..<40 {
      let plan = SymbolicTeacher(style: .long, seed: 0).plan(people: 5, id: "\(index)")
      steps += try #require(Reasoner(try sampler.next(), plan: plan)).steps
    }
    let refuted = steps.filter { if case .refute = $0 { true } else { false } }
    #expect(refuted.count >= 20)
    #expect(steps.contains { if case .reconsider = $0 { true } else { false } })
    #expect(steps.contains { if case .check = $0 { true } else { false } })
    #expect(steps.contains { if case .contradiction = $0 { true } else { false } })
  }

  @Test func puzzlesWithoutOneSolutionAreRefused() throws {
    let puzzle = Puzzle([.tellingTruth(0), .tellingTruth(1)])
    let row = try ReadPuzzle([
      "id": "x", "names": ["A", "B"], "statements": .string(puzzle.literal),
    ])
    #expect(throws: KnightsAndKnavesError.self) {
      try SymbolicTeacher(style: .short, seed: 0).reasoning(about: row)
    }
  }
}
