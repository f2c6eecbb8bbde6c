import Base
import Foundation
import Stages
import Tasks
import Testing

@Suite struct TracesTextTests {
  private static func problems(people: [Int], count: Int) throws -> RowTable {
    var parameters = KnightsAndKnavesStage.Parameters()
    parameters.people = people
    parameters.count = count
    parameters.seed = 77
    return try KnightsAndKnavesStage(parameters: parameters).table()
  }

  private static func rows(
    _ problems: RowTable, _ style: TraceStyle, _ errors: TraceErrors = .none, seed: Int = 1
  ) throws -> [[String: JSONValue]] {
    try TraceWriter(style: style, errors: errors, seed: seed)
      .traces(for: problems.rows) { $0["quiz"]?.string ?? "" }.rows
  }

  private static func answer(_ row: [String: JSONValue]) throws -> String {
    let completion = try #require(row["completion"]?.string)
    let match = try #require(
      completion.wholeMatch(of: #/(?s).+</think>\s*<answer>(.+)</answer>\s*/#))
    return String(match.1).trimmingPrefix(" ").description
  }

  @Test(arguments: [TraceStyle.long, .short])
  func completionsPassTheFormatGateWithTheRightAnswer(style: TraceStyle) throws {
    let problems = try Self.problems(people: [2, 3, 5], count: 20)
    let rows = try Self.rows(problems, style)
    #expect(rows.count == 60)
    for (row, problem) in zip(rows, problems.rows) {
      let expected = try #require(problem["solution_text_format"]?.string)
      #expect(try Self.answer(row) == expected + " ")
      #expect(row["problem_id"] == problem["id"])
      #expect(row["accepted"] == true)
      #expect(row["style"]?.string == style.rawValue)
      #expect(KnightsAndKnavesTask().works(row["completion"]?.string ?? "", on: problem))
    }
  }

  /// Thousands of long traces: the format, the right answer, every statement checked at the end, and
  /// no word of doubt left open.
  @Test func longTracesEndInTheRightAnswer() throws {
    let problems = try Self.problems(people: [3, 4, 5, 6, 7, 8], count: 400)
    let rows = try Self.rows(problems, .long)
    var lengths: Set<Int> = []
    for (row, problem) in zip(rows, problems.rows) {
      let expected = try #require(problem["solution_text_format"]?.string)
      #expect(try Self.answer(row) == expected + " ")
      let text = try #require(row["completion"]?.string)
      let read = try ReadPuzzle(problem)
      let last = try #require(text.components(separatedBy: "</think>").first)
      for (speaker, statement) in read.puzzle.statements.enumerated() {
        let quote = "\"\(statement.english(read.names))\""
        #expect(last.components(separatedBy: quote).count > 2, "\(speaker) is quoted and checked")
      }
      lengths.insert(text.utf8.count)
    }
    #expect(rows.count == 2400 && lengths.count > 1000)
  }

  /// Each line of the short style is recomputed from the roles that its "Try" line names.
  @Test func shortTracesStateTrueValues() throws {
    let problems = try Self.problems(people: [2, 3], count: 30)
    for (row, problem) in zip(try Self.rows(problems, .short), problems.rows) {
      let read = try ReadPuzzle(problem)
      var roles: [Bool] = []
      var isRefuted = true
      let reasoning = try #require(row["completion"]?.string?.split(separator: " </think>").first)
      for line in reasoning.split(separator: "\n") {
        if line.hasPrefix("Try ") {
          #expect(isRefuted)
          roles = line.dropFirst(4).split(separator: ",").map { $0.contains("knight") }
          isRefuted = false
        } else {
          let speaker = try #require(read.names.firstIndex { line.hasPrefix($0 + " ") })
          let value = read.puzzle.statements[speaker].holds(among: roles)
          #expect(line.hasSuffix(": \(value), \(value == roles[speaker] ? "yes" : "no")."))
          isRefuted = value != roles[speaker]
        }
      }
      #expect(!isRefuted && read.puzzle.isSolved(by: roles))
    }
  }

  @Test func longTracesVaryWithTheSeedAndRepeatWithIt() throws {
    let problems = try Self.problems(people: [4], count: 10)
    let first = try Self.rows(problems, .long, seed: 1)
    #expect(try Self.rows(problems, .long, seed: 1) == first)
    let second = try Self.rows(problems, .long, seed: 2)
    #expect(zip(first, second).allSatisfy { $0["completion"] != $1["completion"] })
  }

  @Test func wrongAnswersFollowRightReasoning() throws {
    let problems = try Self.problems(people: [2, 4], count: 20)
    let right = try Self.rows(problems, .long)
    let wrong = try Self.rows(problems, .long, .wrongAnswer)
    for (a, b) in zip(right, wrong) {
      let (left, other) = (a["completion"]?.string, b["completion"]?.string)
      #expect(try Self.answer(a) != Self.answer(b))
      #expect(left?.split(separator: "</think>").first == other?.split(separator: "</think>").first)
      #expect(b["reason"] == "wrong answer, on purpose")
    }
  }

  @Test func shuffledTracesBelongToOtherPuzzles() throws {
    let problems = try Self.problems(people: [3], count: 20)
    let right = try Self.rows(problems, .short).map { $0["completion"]?.text ?? "" }
    let shuffled = try Self.rows(problems, .short, .shuffled).map { $0["completion"]?.text ?? "" }
    #expect(zip(right, shuffled).allSatisfy { $0 != $1 })
    #expect(right.sorted() == shuffled.sorted())
  }

  @Test func rowsOfOtherTasksAreRefused() {
    let row: [String: JSONValue] = ["id": "math/1", "problem": "What is 1 + 1?"]
    #expect(throws: KnightsAndKnavesError.self) {
      try TraceWriter(style: .short, seed: 0).traces(for: [row]) { _ in "" }
    }
  }
}
