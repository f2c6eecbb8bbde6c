import Base
import Tasks
import Testing

@Suite struct RowFilterTests {
  private static let table = RowTable(
    rows: [
      ["id": "a", "level": 1, "text": "one apple", "tags": ["x", "y"], "odd": 1],
      ["id": "b", "level": 2, "text": "two pears", "tags": ["x"], "odd": .null],
      ["id": "c", "level": 3, "text": "three app", "tags": [], "odd": "3.5"],
      ["id": "d", "level": 4, "text": "caf\u{E9}", "tags": ["y"], "odd": 2.5],
    ], order: ["id"])

  private func kept(
    _ conditions: [String: ColumnCondition], rates: ClosedRange<Double>? = nil,
    _ measured: PassRates? = nil, unmeasured: UnmeasuredRows = .refuse
  ) throws -> [Int] {
    try RowFilter(conditions: conditions, rates: rates, unmeasured: unmeasured)
      .kept(of: Self.table, ids: .id, measured)
  }

  private func condition(_ change: (inout ColumnCondition) -> Void) -> ColumnCondition {
    var condition = ColumnCondition()
    change(&condition)
    return condition
  }

  @Test func everyConditionKeepsWhatItSays() throws {
    #expect(try kept(["level": condition { $0.equals = "2" }]) == [1])
    #expect(try kept(["level": condition { $0.among = ["4", "1", "9"] }]) == [0, 3])
    #expect(try kept(["level": condition { $0.atLeast = 2 }]) == [1, 2, 3])
    #expect(try kept(["level": condition { ($0.atLeast, $0.atMost) = (2, 3) }]) == [1, 2])
    #expect(try kept(["text": condition { $0.contains = "app" }]) == [0, 2])
    #expect(try kept(["tags": condition { $0.contains = "y" }]) == [0, 3])
    // Bytes are compared, so another way of composing a letter is another text.
    #expect(try kept(["text": condition { $0.contains = "e\u{301}" }]) == [])
    // What is missing is never as demanded; texts that are numbers count as such.
    #expect(try kept(["odd": condition { $0.atLeast = 1.5 }]) == [2, 3])
    let both = ["level": condition { $0.atMost = 3 }, "text": condition { $0.contains = "e" }]
    #expect(try kept(both) == [0, 1, 2])
  }

  @Test func wordsAreNotComparedAsNumbers() {
    let error = #expect(throws: FilterError.self) {
      try kept(["text": condition { $0.atLeast = 1 }])
    }
    #expect(error?.description.contains("holds the text \"one apple\"") == true)
    let unknown = #expect(throws: FilterError.self) {
      try kept(["levle": condition { $0.equals = "1" }])
    }
    #expect(unknown?.description.contains("did you mean 'level'?") == true)
  }

  @Test func passRatesAreThoseOfEachProblem() throws {
    let measured = PassRates(
      problemIDs: ["a", "a", "b", "b", "c", "a", "c", "a"],
      outcomes: [.correct, .wrong, .correct, .correct, .noAnswer, .badFormat, .timeout, .wrong])
    #expect(measured.rate(of: "a") == 0.25 && measured.rate(of: "b") == 1)
    #expect(measured.rate(of: "c") == 0 && measured.rate(of: "d") == nil)
    #expect(try kept([:], rates: 0.25...0.75, measured, unmeasured: .drop) == [0])
    #expect(try kept([:], rates: 0...0.25, measured, unmeasured: .drop) == [0, 2])
    #expect(try kept([:], rates: 0.5...1, measured, unmeasured: .keep) == [1, 3])
    let error = #expect(throws: FilterError.self) { try kept([:], rates: 0...1, measured) }
    #expect(error?.description.contains("1 row about problems that no completion answers") == true)
    // A row that is left out anyway need not be measured.
    #expect(try kept(["level": condition { $0.atMost = 3 }], rates: 0...1, measured) == [0, 1, 2])
  }
}
