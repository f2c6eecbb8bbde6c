import Base
import Foundation
import Runner
import Stages
import Tasks
import Testing

@Suite struct MiniatureTextsTests {
  private static func texts(
    _ parts: [TextPart], count: Int = 200, accuracy: Double = 0.5, worked: Double = 0,
    seed: Int = 0, showing problems: [String: RowTable] = [:]
  ) throws -> RowTable {
    var parameters = WriteTextsStage.Parameters()
    parameters.parts = parts
    parameters.count = count
    parameters.accuracy = accuracy
    parameters.worked = worked
    parameters.seed = seed
    return try WriteTextsStage(parameters: parameters).texts(showing: problems)
  }

  private static func problems() throws -> [String: RowTable] {
    var puzzles = KnightsAndKnavesStage.Parameters()
    puzzles.people = [2]
    puzzles.count = 20
    var sums = MiniatureProblemsStage.Parameters()
    sums.count = 20
    var choices = MiniatureProblemsStage.Parameters()
    choices.domain = .choice
    choices.count = 20
    return [
      "puzzles": try KnightsAndKnavesStage(parameters: puzzles).table(),
      "arithmetic": try MiniatureProblemsStage(parameters: sums).table(),
      "choice": try MiniatureProblemsStage(parameters: choices).table(),
    ]
  }

  @Test func partsComeInTurn() throws {
    let table = try Self.texts([.statements, .choice, .arithmetic], count: 7)
    #expect(
      try table.strings("part") == [
        "statements", "choice", "arithmetic", "statements", "choice", "arithmetic", "statements",
      ])
    #expect(try table.strings("text").allSatisfy { !$0.isEmpty })
  }

  @Test func textsDependOnTheSeedAlone() throws {
    let table = try Self.texts([.statements, .arithmetic], seed: 5)
    #expect(try Self.texts([.statements, .arithmetic], seed: 5) == table)
    #expect(try Self.texts([.statements, .arithmetic], seed: 6) != table)
  }

  @Test(arguments: ["puzzles", "arithmetic", "choice"], [0.0, 0.5, 1.0])
  func answersAreRightAsOftenAsAsked(port: String, accuracy: Double) throws {
    let table = try #require(try Self.problems()[port])
    let texts = try Self.texts([.format], count: 400, accuracy: accuracy, showing: [port: table])
    let answers = table.rows.map { row in
      row["solution_text_format"]?.string ?? "\\boxed{\(row["answer"]?.string ?? "")}"
    }
    let questions = table.rows.map { row in
      (row["quiz"] ?? row["problem"] ?? row["question"])?.string ?? ""
    }
    let right = try texts.strings("text").filter { text in
      #expect(text.firstMatch(of: #/(?s)<think>.+</think>\s*<answer>(.+)</answer>\s*$/#) != nil)
      return zip(questions, answers).contains { question, answer in
        text.contains(question) && text.hasSuffix("<answer> \(answer) </answer>")
      }
    }
    // Different choices share a question, so that a wrong letter may be another one's right one.
    if port == "choice" && accuracy < 1 { return }
    #expect(abs(Double(right.count) / 400 - accuracy) < 0.1)
  }

  /// Of 201 texts 101 show the form, and a quarter of those, 25, work it out; the rest is as before.
  @Test(arguments: ["puzzles", "arithmetic", "choice"])
  func someExamplesAreWorkedOut(port: String) throws {
    let table = try #require(try Self.problems()[port])
    func texts(_ worked: Double) throws -> [String] {
      try Self.texts(
        [.format, .statements], count: 201, worked: worked, showing: [port: table]
      ).strings("text")
    }
    let (plain, some) = (try texts(0), try texts(0.25))
    let different = zip(plain, some).filter { $0 != $1 }
    #expect(different.count == 25)
    for (before, text) in different {
      let parts = text.components(separatedBy: "<think>")
      #expect(before.hasPrefix(parts[0]), "the same problem is shown")
      #expect(parts[1].hasPrefix("Try ") && !before.contains("<think>Try "))
      let problem = try #require(
        table.rows.first { row in
          let options = Problems.options(of: row).enumerated().map {
            "\("ABCD".map(String.init)[$0]). \($1)"
          }
          return ([Problems.question(of: row) ?? ""] + options).allSatisfy(text.contains)
        })
      let task = try TaskDefinitions.named(table.attributes["task"] ?? "")
      let item = GradingItem(row: problem, completion: parts[1], id: "")
      #expect(try task.grade([item], GradingRules(use: .train))[0].outcome == .correct)
    }
  }

  @Test func answersNeedProblems() {
    #expect(throws: MiniatureError.self) { try Self.texts([.format]) }
  }

  @Test func answersNeedAKnownTask() throws {
    let table = RowTable(rows: [["prompt": "def f():"]], attributes: ["task": "humaneval_plus"])
    #expect(throws: MiniatureError.self) { try Self.texts([.format], showing: ["puzzles": table]) }
    let unknown = RowTable(rows: [["prompt": "def f():"]])
    #expect(throws: StageError.self) { try Self.texts([.format], showing: ["puzzles": unknown]) }
  }
}
