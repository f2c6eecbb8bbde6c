import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// Rows that `warmup show --jsonl` prints are read back as they were.
@Suite(.ownThread) struct PrintedRowsTests {
  /// The rows as `show` prints them.
  private func printed(_ table: RowTable, in folder: ScratchFolder) throws -> URL {
    let lines = (0..<table.count).map { JSONValue.object(table.row($0)).text + "\n" }
    return try folder.write(lines.joined(), "printed.jsonl")
  }

  private func puzzles() throws -> RowTable {
    var parameters = KnightsAndKnavesStage.Parameters()
    (parameters.people, parameters.count) = ([2, 3], 3)
    return try KnightsAndKnavesStage(parameters: parameters).table()
  }

  private func miniature(_ domain: MiniatureDomain) throws -> RowTable {
    var parameters = MiniatureProblemsStage.Parameters()
    (parameters.domain, parameters.count) = (domain, 5)
    return try MiniatureProblemsStage(parameters: parameters).table()
  }

  @Test(arguments: DatasetTask.allCases.filter { ![.humanEvalPlus, .process].contains($0) })
  func problemsAreReadBack(task: DatasetTask) throws {
    let table =
      switch task {
      case .knightsAndKnaves: try puzzles()
      case .mmluPro: try miniature(.choice)
      default: try miniature(.arithmetic)
      }
    let folder = try ScratchFolder()
    var parameters = DatasetStage.Parameters()
    (parameters.task, parameters.source) = (task, "printed.jsonl")
    let read = try DatasetStage(parameters: parameters).table(from: printed(table, in: folder))
    #expect(read.rows == table.rows)
    #expect(Problems(read).taskName == Problems(table).taskName)
  }

  @Test func problemsFromAFileAreReadBack() throws {
    let folder = try ScratchFolder()
    let row =
      #"{"task_id": "HumanEval/0", "prompt": "def f():", "entry_point": "f", "test": "check"}"#
    let file = try folder.write(row, "x.jsonl")
    var parameters = DatasetStage.Parameters()
    (parameters.task, parameters.source) = (.humanEvalPlus, "x.jsonl")
    let stage = DatasetStage(parameters: parameters)
    let table = try stage.table(from: file)
    #expect(try stage.table(from: printed(table, in: folder)) == table)
  }

  @Test func tracesAreReadBackWithTheirProblemsAndVerdicts() throws {
    let folder = try ScratchFolder()
    let rows = [
      Traces.row(id: "p/trace", problemID: "p", prompt: "Q", text: "A", style: "long"),
      Traces.row(
        id: "q/trace", problemID: "q", prompt: "R", text: "B", isAccepted: false,
        reason: "no answer", outcome: .noAnswer),
    ].map { $0.merging(["outcome": "no_answer"]) { old, _ in old } }
    let table = Traces(rows: rows).table
    var parameters = ReadTracesStage.Parameters()
    parameters.source = "printed.jsonl"
    let read = try ReadTracesStage(parameters: parameters).table(from: printed(table, in: folder))
    #expect(read.rows == table.rows)

    // Somebody else's rows, which have some of the names by chance.
    let foreign = #"{"id": "7", "prompt": "Q", "completion": "A", "accepted": false}"#
    let others = try ReadTracesStage(parameters: parameters)
      .table(from: folder.write(foreign, "printed.jsonl"))
    #expect(try others.booleans("accepted") == [true])
    #expect(try others.strings("id") != ["7"])
  }
}
