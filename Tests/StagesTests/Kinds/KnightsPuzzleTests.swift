import Base
import Runner
import Stages
import Tasks
import Testing

@Suite struct KnightsPuzzleTests {
  private static func assignments(_ people: Int) -> [[Bool]] {
    (0..<1 << people).map { number in (0..<people).map { number >> $0 & 1 == 1 } }
  }

  /// The bit tricks against trying every assignment, below and above the 64 of one word.
  @Test(arguments: [2, 3, 5, 6, 7, 8], [2, 3])
  func uniqueSolutionsAreThoseOfBruteForce(people: Int, depth: Int) throws {
    var sampler = PuzzleSampler(people: people, seed: 9, depth: depth)
    for _ in 0..<10 {
      let puzzle = try sampler.next()
      let solutions = Self.assignments(people).filter(puzzle.isSolved)
      #expect(solutions.count == 1)
      #expect(puzzle.uniqueSolution == solutions.first)
    }
  }

  /// Drawing solves up to six people on the way and more from the bytes; both must agree with the
  /// solver of statements.
  @Test(arguments: [2, 3, 6, 7, 10, 14, 20], [(depth: 2, width: 2), (depth: 3, width: 3)])
  func drawnSolutionsAreTheOnlyOnes(people: Int, shape: (depth: Int, width: Int)) throws {
    var sampler = PuzzleSampler(people: people, seed: 4, depth: shape.depth, width: shape.width)
    for _ in 0..<(people > 10 ? 3 : 20) {
      let drawn = try sampler.nextSolved()
      let puzzle = Puzzle(drawn)
      #expect(puzzle.people == people)
      #expect(puzzle.isSolved(by: drawn.roles))
      #expect(puzzle.uniqueSolution == drawn.roles)
      if people <= 10 {
        #expect(Self.assignments(people).filter(puzzle.isSolved) == [drawn.roles])
      }
    }
  }

  /// A chain of twenty people that only one assignment out of a million fits, and the same with a
  /// second one.
  @Test func twentyPeopleAreSolvedExactly() {
    let chain = (0..<19).map { person in Statement.tellingTruth(person + 1) }
    let unique = Puzzle(chain + [.or([.tellingTruth(0), .lying(0)])])
    #expect(unique.uniqueSolution == Array(repeating: true, count: 20))
    #expect(Puzzle(chain + [.tellingTruth(0)]).uniqueSolution == nil)
  }

  @Test func puzzlesWithNoneOrSeveralSolutionsHaveNoUniqueOne() {
    let none = Puzzle([.not(.tellingTruth(0)), .tellingTruth(1)])
    let several = Puzzle([.tellingTruth(0), .tellingTruth(1)])
    #expect(none.uniqueSolution == nil)
    #expect(several.uniqueSolution == nil)
    let beyondOneWord = Puzzle(Array(repeating: .tellingTruth(6), count: 7))
    #expect(beyondOneWord.uniqueSolution == nil)
  }

  @Test(arguments: [2, 3, 4])
  func literalsAreReadBack(depth: Int) throws {
    var sampler = PuzzleSampler(people: 4, seed: 2, depth: depth, width: 4)
    for _ in 0..<20 {
      let puzzle = try sampler.next()
      #expect(try Puzzle(literal: puzzle.literal) == puzzle)
    }
  }

  @Test func literalsAreWrittenAsPythonDoes() {
    let puzzle = Puzzle([.not(.tellingTruth(1)), .iff(.tellingTruth(1), .lying(0))])
    let literal = "(('not', ('telling-truth', 1)), ('<=>', ('telling-truth', 1), ('lying', 0)))"
    #expect(puzzle.literal == literal)
  }

  @Test(arguments: [
    "", "()x", "(('lying', 5),)", "(('xor', ('lying', 0), ('lying', 0)),)", "(('lying', ),)",
    "(('->', ('lying', 0)),)", "((lying, 0),)",
  ])
  func malformedLiteralsAreRefused(literal: String) {
    #expect(throws: KnightsAndKnavesError.self) { try Puzzle(literal: literal) }
  }

  @Test func nestedStatementsReadOneWay() {
    let names = ["Ann", "Bob", "Cy"]
    let inner = Statement.implies(.tellingTruth(0), .not(.lying(1)))
    #expect(
      Statement.or([inner, .not(.and([.tellingTruth(2), .lying(0)]))]).english(names)
        == "(if Ann is a knight then Bob is not a knave) or "
        + "(it is not true that (Cy is a knight and Ann is a knave))")
  }

  @Test func rowsCountFromZeroAndKeepToTheNamesGiven() throws {
    var parameters = KnightsAndKnavesStage.Parameters()
    parameters.people = [2, 3]
    parameters.count = 5
    parameters.names = ["Ann", "Bob", "Cy"]
    let table = try KnightsAndKnavesStage(parameters: parameters).table()
    #expect(try table.strings("id").first == "kk/2/0")
    parameters.seed = 5
    let other = try KnightsAndKnavesStage(parameters: parameters).table()
    #expect(try other.strings("id").first == "kk/seed5/2/0")
    #expect(try table.integers("index") == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    #expect(try table.integers("people") == [2, 2, 2, 2, 2, 3, 3, 3, 3, 3])
    #expect(table.attributes == ["task": "knights_and_knaves"])
    let names = Set(table.rows.flatMap { $0["names"]?.array ?? [] })
    #expect(names == ["Ann", "Bob", "Cy"])
  }

  @Test func thereIsAnEndToDifferentPuzzles() throws {
    var sampler = PuzzleSampler(people: 2, seed: 1)
    #expect(throws: KnightsAndKnavesError.self) { while true { _ = try sampler.next() } }
  }

  @Test(arguments: [
    ("people", RecipeValue.list([]), "'people' must list different sizes"),
    ("width", .integer(8), "'width' must be at most 5"),
    ("names", .list([RecipeNode(.string("Ann"), at: position)]), "'names' must hold at least"),
  ])
  func impossibleSettingsAreReported(key: String, value: RecipeValue, message: String) {
    let entry = RecipeEntry(
      key: key, keyPosition: Self.position, node: RecipeNode(value, at: Self.position))
    var sink = DiagnosticSink()
    let parameters = KnightsAndKnavesStage.Parameters.decode(
      [entry], at: Self.position, owner: "", into: &sink)
    #expect(parameters == nil)
    #expect(sink.diagnostics.first?.message.hasPrefix(message) == true)
  }

  private static let position = SourcePosition(line: 1, column: 1)
}
