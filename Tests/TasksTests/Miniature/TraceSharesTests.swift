import Base
import Tasks
import Testing

/// As many traces are worked out, right and exchanged as was asked for.
@Suite struct TraceSharesTests {
  private static func problems(_ task: String, _ count: Int) throws -> [[String: JSONValue]] {
    switch task {
    case "math": return try MiniatureDomain.arithmetic.rows(count, levels: [4], seed: 2)
    case "mmlu_pro": return try MiniatureDomain.choice.rows(count, levels: [1, 3, 4], seed: 2)
    default:
      var sampler = PuzzleSampler(people: 3, seed: 5)
      return try (0..<count).map { try PuzzleRow(sampler.next(), index: $0, seed: 5).fields }
    }
  }

  private static func verdicts(
    _ task: String, _ problems: [[String: JSONValue]], _ rows: [[String: JSONValue]]
  ) throws -> [Outcome] {
    let items = zip(problems, rows).map {
      GradingItem(row: $0, completion: $1["completion"]?.string ?? "", id: "")
    }
    return try TaskDefinitions.named(task).grade(items, GradingRules(use: .train)).map(\.outcome)
  }

  @Test(arguments: ["knights_and_knaves", "math", "mmlu_pro"])
  func sharesAreExact(task: String) throws {
    let problems = try Self.problems(task, 61)
    let definition = try TaskDefinitions.named(task)
    for (worked, accuracy, counts) in [
      // 0.85 of 61 is 51.85, and half of the other 9 is 4.5.
      (0.85, 0.5, (52, 5)), (0, 0.25, (0, 15)), (0.05, 0, (3, 0)), (1, 1, (61, 0)),
    ] {
      let written = try TraceWriter(
        task: task, style: .short, worked: worked, accuracy: accuracy, seed: 4
      ).traces(for: problems) { _ in "" }
      let isWorked = zip(problems, written.rows).map { problem, row in
        definition.works(row["completion"]?.string ?? "", on: problem)
      }
      let outcomes = try Self.verdicts(task, problems, written.rows)
      #expect(isWorked.count { $0 } == counts.0 && written.worked == counts.0)
      #expect(outcomes.count { $0 == .correct } == counts.0 + counts.1)
      #expect(written.right == counts.0 + counts.1)
      #expect(outcomes.allSatisfy { $0 == .correct || $0 == .wrong }, "all are in form")
      for (row, (isWorked, outcome)) in zip(written.rows, zip(isWorked, outcomes)) {
        #expect(row["style"] == (isWorked ? "short" : "answer"))
        #expect(row["reason"] == (outcome == .correct ? "" : "wrong answer, on purpose"))
        #expect(outcome == .correct || !isWorked)
      }
    }
  }

  @Test func whichAreWorkedOutDependsOnTheSeed() throws {
    let problems = try Self.problems("math", 40)
    func styles(_ seed: Int) throws -> [JSONValue?] {
      try TraceWriter(task: "math", style: .short, worked: 0.5, seed: seed)
        .traces(for: problems) { _ in "" }.rows.map { $0["style"] }
    }
    #expect(try styles(1) == styles(1))
    #expect(try styles(1) != styles(2))
    #expect(try styles(1) != Array(styles(1).sorted { $0 == "short" && $1 != "short" }))
  }

  @Test(arguments: ["knights_and_knaves", "math", "mmlu_pro"], [TraceStyle.short, .answer])
  func shuffledTracesAreThoseOfOthers(task: String, style: TraceStyle) throws {
    let problems = try Self.problems(task, 30)
    func traces(_ errors: TraceErrors) throws -> WrittenTraces {
      try TraceWriter(task: task, style: style, errors: errors, worked: 0.8, seed: 9)
        .traces(for: problems) { Problems.question(of: $0) ?? "" }
    }
    let (own, shuffled) = (try traces(.none), try traces(.shuffled))
    func column(_ name: String, _ rows: [[String: JSONValue]]) -> [String] {
      rows.map { $0[name]?.string ?? "" }
    }
    for name in ["id", "problem_id", "prompt"] {
      #expect(column(name, own.rows) == column(name, shuffled.rows))
    }
    let (one, other) = (column("completion", own.rows), column("completion", shuffled.rows))
    #expect(one.sorted() == other.sorted())
    // Where texts are all different, none is its own problem's.
    if Set(one).count == one.count { #expect(!zip(one, other).contains { $0 == $1 }) }
    #expect(task != "math" || style != .short || Set(one).count == one.count)
    #expect(column("reason", shuffled.rows).allSatisfy { $0.hasSuffix(", on purpose") })
    let right = try Self.verdicts(task, problems, shuffled.rows).count { $0 == .correct }
    #expect(shuffled.right == right && right < 30)
  }

  @Test(arguments: ["knights_and_knaves", "math", "mmlu_pro"])
  func wrongAnswersFollowRightReasoning(task: String) throws {
    let problems = try Self.problems(task, 20)
    func texts(_ errors: TraceErrors) throws -> [[Substring]] {
      try TraceWriter(task: task, style: .short, errors: errors, seed: 9)
        .traces(for: problems) { _ in "" }.rows
        .map { $0["completion"]?.string?.split(separator: " </think>") ?? [] }
    }
    for (one, other) in zip(try texts(.none), try texts(.wrongAnswer)) {
      #expect(one.first == other.first && one.last != other.last)
    }
  }

  @Test func oneTraceCannotBeExchanged() throws {
    let problems = try Self.problems("math", 1)
    #expect(throws: KnightsAndKnavesError.self) {
      try TraceWriter(task: "math", style: .short, errors: .shuffled, seed: 0)
        .traces(for: problems) { _ in "" }
    }
  }
}
