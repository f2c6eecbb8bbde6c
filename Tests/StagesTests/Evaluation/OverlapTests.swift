import Base
import Runner
import Tasks
import Testing

@Suite struct OverlapTests {
  private func problems(_ rows: [(id: String, text: String)], column: String = "problem")
    -> RowTable
  {
    RowTable(
      rows: rows.map { ["id": .string($0.id), column: .string($0.text)] }, order: ["id"],
      attributes: ["task": "math"])
  }

  @Test func findsIdsAndQuestions() throws {
    let trained = problems([("a", "What is 1+1?"), ("b", "What is\n  2+2?")])
    let measured = problems([
      ("a", "another question"), ("c", "  what IS 2+2? "), ("d", "What is 2+3?"),
    ])
    #expect(try OverlapCheck.overlap(of: measured, with: trained) == ["a", "c"])
    #expect(try OverlapCheck.overlap(of: problems([("e", "x")]), with: trained).isEmpty)
  }

  @Test func findsAQuestionUnderAnotherColumn() throws {
    let trained = problems([("a", "Who is who?")], column: "quiz")
    let measured = problems([("b", "Who is who?")], column: "question")
    #expect(try OverlapCheck.overlap(of: measured, with: trained) == ["b"])
  }

  @Test func idsAreComparedByBytes() throws {
    let trained = problems([("caf\u{e9}", "x")])
    let measured = problems([("cafe\u{301}", "y")])
    #expect(try OverlapCheck.overlap(of: measured, with: trained).isEmpty)
  }

  @Test func aQuestionInAnotherUnicodeFormIsTheSame() throws {
    let trained = problems([("a", "Caf\u{e9}\u{2003}au lait?")])
    let measured = problems([("b", "cafe\u{301} AU\nlait?")])
    #expect(try OverlapCheck.overlap(of: measured, with: trained) == ["b"])
  }

  @Test func aRowThatAsksNothingCannotBeCompared() {
    let trained = problems([("a", "x")], column: "text")
    #expect(throws: DatasetError.self) {
      try OverlapCheck.overlap(of: problems([("b", "x")]), with: trained)
    }
  }

  @Test func aSplitThatIsKnownToLeakIsEvaluatedWithAWarning() throws {
    let split = """
      divided: {kind: split, inputs: {problems: puzzles}, params: {train: 4, method: METHOD}}
        texts:
      """
    let text = EvaluateTests.recipe(
      scores: "inputs: {model: scratch, problems: divided.test, trained_on: divided.train}"
    ).replacing("count: 3, seed: 1", with: "count: 8, seed: 1")
      .replacing("texts:", with: split, maxReplacements: 1)
    let leaking = try RecipeRun(text.replacing("METHOD", with: "mmlu_pro_as_released"))
    let values = try #require(leaking.summary.plan.results.last?.values)
    let words = "test problems were trained on, as in the paper's released code"
    #expect(values["warning"]?.string?.contains(words) == true, "\(leaking.summary.outcomes)")
    #expect(values["accuracy"] != nil)
    let clean = try RecipeRun(text.replacing("METHOD", with: "numpy_choice"))
    #expect(clean.summary.exitCode == 0)
    #expect(try #require(clean.summary.plan.results.last).values["warning"] == nil)
  }

  @Test func evaluateRefuses() throws {
    let run = try RecipeRun(
      EvaluateTests.recipe(
        scores: "inputs: {model: scratch, problems: puzzles, trained_on: puzzles}"))
    guard case .failed(let sentence) = run.summary.outcomes.last else {
      Issue.record("it did not fail: \(run.summary.outcomes)")
      return
    }
    #expect(sentence.contains("3 of the 3 problems were trained on"))
    #expect(sentence.contains("kk/seed1/2/0"))
    #expect(run.parts("evaluate/completions").isEmpty, "it sampled before it refused")
  }
}
