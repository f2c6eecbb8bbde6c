import Base
import Foundation
import Runner
import Stages
import Tasks
import Testing

@Suite struct SplitTests {
  private func problems(_ questions: [String]) -> RowTable {
    RowTable(
      rows: questions.enumerated().map { ["id": .string("p\($0)"), "problem": .string($1)] },
      order: ["id"], attributes: ["task": "math"])
  }

  private func split(
    _ table: RowTable, _ change: (inout SplitStage.Parameters) -> Void
  ) throws -> (train: RowTable, test: RowTable, removed: Int) {
    var parameters = SplitStage.Parameters()
    change(&parameters)
    return try SplitStage(parameters: parameters).sides(of: table)
  }

  @Test func dividesEverythingOnce() throws {
    let table = problems((0..<50).map { "question \($0)" })
    let sides = try split(table) { ($0.test, $0.seed) = (20, 7) }
    let (train, test) = (try sides.train.strings("id"), try sides.test.strings("id"))
    #expect(train.count == 30 && test.count == 20 && sides.removed == 0)
    #expect(Set(train).union(test).count == 50)
    #expect(sides.train.attributes == ["task": "math"])
    let again = try split(table) { ($0.test, $0.seed) = (20, 7) }
    #expect(again.train == sides.train && again.test == sides.test)
    let other = try split(table) { ($0.test, $0.seed) = (20, 8) }
    #expect(other.test != sides.test)
  }

  @Test func leavesOutWhatAsksTheSame() throws {
    let table = problems(["What is 1+1?", "other", "  what IS\n1+1? ", "caf\u{e9}", "Cafe\u{301}"])
    let sides = try split(table) { $0.testIDs = ["p0", "p4"] }
    #expect(try sides.test.strings("id") == ["p0", "p4"])
    #expect(try sides.train.strings("id") == ["p1"])
    #expect(sides.removed == 2)
    let facts = try SplitStage.facts(of: sides)
    #expect(facts["train_count"] == 1 && facts["test_count"] == 2)
    #expect(facts["removed_duplicates"] == 2)
    #expect(facts["test_ids_sha256"]?.string == SHA256Digest.hex(of: Data("p0\np4\n".utf8)))
  }

  @Test func keepsTheTypesOfColumns() throws {
    let rows: [[String: JSONValue]] = [
      ["id": "a", "question": "q", "options": ["x"], "n": 1, "mixed": "s"],
      ["id": "b", "question": "q", "options": ["y"], "n": 2, "mixed": .null],
    ]
    let table = RowTable(rows: rows, order: ["id"])
    let sides = try split(table) { $0.testIDs = ["b"] }
    #expect(sides.removed == 0, "questions with other options are other questions")
    #expect(sides.train.row(0)["mixed"] == "s")
    #expect(throws: RowTableError.self) { try sides.train.strings("mixed") }
    #expect(try sides.test.integers("n") == [2])
  }

  @Test(arguments: [SplitMethod.trainTestSplit, .numpyChoice, .pythonRandomSample])
  func theSideThatIsDrawnStaysWhole(method: SplitMethod) throws {
    // Every question is asked twice.
    let table = problems((0..<40).map { "question \($0 / 2)" })
    let trained = try split(table) { ($0.train, $0.method, $0.seed) = (10, method, 3) }
    #expect(trained.train.count == 10 && trained.test.count == 30 - trained.removed)
    #expect(trained.removed > 0)
    #expect(try OverlapCheck.overlap(of: trained.test, with: trained.train).isEmpty)
    let tested = try split(table) { ($0.test, $0.method, $0.seed) = (10, method, 3) }
    #expect(tested.test.count == 10 && tested.train.count == 30 - tested.removed)
    #expect(try OverlapCheck.overlap(of: tested.test, with: tested.train).isEmpty)
    #expect(tested.test.attributes["warning"] == nil)
  }

  @Test func drawsFromEveryValueOfAColumn() throws {
    let rows = (0..<30).map { number -> [String: JSONValue] in
      ["id": .string("p\(number)"), "problem": .string("\(number)"), "kind": .integer(number % 3)]
    }
    let sides = try split(RowTable(rows: rows, order: ["id"])) {
      ($0.train, $0.method, $0.each) = (4, .numpyChoice, "kind")
    }
    #expect(try sides.train.integers("kind") == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    #expect(sides.test.count == 18)
    #expect(throws: DatasetError.self) {
      try split(RowTable(rows: rows, order: ["id"])) { ($0.train, $0.each) = (10, "kind") }
    }
  }

  @Test func refusesImpossibleSplits() throws {
    let table = problems(["a", "b", "A"])
    #expect(throws: DatasetError.self) { try split(table) { $0.test = 3 } }
    #expect(throws: DatasetError.self) { try split(table) { $0.testIDs = ["p9"] } }
    #expect(throws: DatasetError.self) { try split(table) { $0.testIDs = ["p0", "p1"] } }
    let untold = RowTable(rows: [["id": "a"], ["id": "b"]])
    #expect(throws: DatasetError.self) { try split(untold) { $0.test = 1 } }
  }

  @Test func needsOneWayOfChoosing() {
    func count(_ change: (inout SplitStage.Parameters) -> Void) -> Int {
      var parameters = SplitStage.Parameters()
      change(&parameters)
      var sink = DiagnosticSink()
      parameters.check(positions: [:], at: SourcePosition(line: 1, column: 1), into: &sink)
      return sink.diagnostics.count
    }
    #expect(count { _ in } == 1)
    #expect(count { $0.test = 5 } == 0)
    #expect(count { $0.testIDs = ["a"] } == 0)
    #expect(count { ($0.test, $0.testIDs) = (5, ["a"]) } == 1)
    #expect(count { $0.testIDs = ["a", "a"] } == 1)
    #expect(count { $0.train = 5 } == 0)
    #expect(count { ($0.test, $0.train) = (5, 5) } == 1)
    #expect(count { ($0.train, $0.method) = (5, .mmluProAsReleased) } == 0)
    #expect(count { ($0.test, $0.method) = (5, .mmluProAsReleased) } == 1)
  }
}
