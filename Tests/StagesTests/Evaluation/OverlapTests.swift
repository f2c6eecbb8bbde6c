import Base
import Runner
import Stages
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
    #expect(sentence.contains("kk/seed1/2/0") && sentence.contains("in 'puzzles'"))
    #expect(run.parts("evaluate/completions").isEmpty, "it sampled before it refused")
  }

  // MARK: Traces

  private func traces(_ rows: [(problem: String, prompt: String)]) -> Traces {
    Traces(
      rows: rows.map {
        Traces.row(id: "\($0.problem)/trace", problemID: $0.problem, prompt: $0.prompt, text: "")
      })
  }

  @Test func tracesAreAboutProblemsByIdOrQuestion() throws {
    let measured = problems([
      ("a", "What is 7+7?"), ("b", "What is\n 2+2?"), ("c", "Who is who?"), ("d", "What is 2+3?"),
      ("e", "is 2+2?"), ("f", "What is 2+2?3"),
    ])
    let trained = traces([
      ("x", "User: Answer this.\n   what IS  2+2?\nAssistant: <think>"), ("c", "another"),
      ("y", "<|im_start|>Somewhat is 2+3?"), ("z", "<|im_start|>What is 7+7?<|im_end|>"),
      ("z", "What is 2+22?"),
    ])
    #expect(try OverlapCheck.overlap(of: measured, with: trained) == ["a", "b", "c", "e"])
    #expect(
      try OverlapCheck.overlap(of: measured, with: traces([("x", "What is 7+8?")])).isEmpty)
  }

  /// A text that a warm-up replays may hold a problem of the test.
  @Test func plainTextsAreSearchedThemselves() throws {
    let measured = problems([("a", "What is 7+7?"), ("b", "What is 2+2?")])
    let replayed = Traces(
      rows: [("Once somebody asked: What is 7+7?", ""), ("What is 2+2?", "Another prompt")].map {
        Traces.row(id: $0.0, problemID: $0.0, prompt: $0.1, text: $0.0)
      })
    #expect(try OverlapCheck.overlap(of: measured, with: replayed) == ["a"])
  }

  @Test func aQuestionWithOtherOptionsIsAnother() throws {
    func problem(_ id: String, _ options: [JSONValue]) -> [String: JSONValue] {
      ["id": .string(id), "question": "Which is true?", "options": .array(options)]
    }
    let measured = RowTable(
      rows: [problem("a", ["One", "Two"]), problem("b", ["One", "Three"])], order: ["id"])
    let trained = traces([("x", "Which is true?\nA. One\nB. Two\nA: <think>")])
    #expect(try OverlapCheck.overlap(of: measured, with: trained) == ["a"])
  }

  /// Whatever is written around a question, it is found, and no other.
  @Test(arguments: PromptTemplate.names.filter { !$0.hasPrefix("humaneval") })
  func questionsAreFoundInEveryTemplate(name: String) throws {
    let template = try PromptTemplate.named(name)
    let table: RowTable
    if name.hasPrefix("knights") {
      var parameters = KnightsAndKnavesStage.Parameters()
      (parameters.people, parameters.count) = ([2], 12)
      table = try KnightsAndKnavesStage(parameters: parameters).table()
    } else {
      var parameters = MiniatureProblemsStage.Parameters()
      (parameters.domain, parameters.count) = (
        name.hasPrefix("math") ? .arithmetic : .choice, 12
      )
      table = try MiniatureProblemsStage(parameters: parameters).table()
    }
    let told = try table.rows.prefix(5).map { ("", try template.render($0)) }
    let ids = try Problems(table).ids
    #expect(try OverlapCheck.overlap(of: table, with: traces(told)) == Array(ids.prefix(5)))
  }

  /// A warm-up on traces of puzzles, then reinforcement on others.
  private static func trained(_ problems: String, _ params: String = "") -> String {
    let stages = """
      told: {kind: knights_and_knaves, params: {people: 2, count: 2, start: 10, seed: 1}}
        traces:
          kind: write_traces
          inputs: {problems: told}
          params: {style: short, prompt: knights_and_knaves_short}
        warmed: {kind: distill, inputs: {model: scratch, traces: traces}, params: {epochs: 1}}
        other: {kind: knights_and_knaves, params: {people: 2, count: 2, start: 20, seed: 1}}
        tuned:
          kind: rlvr
          inputs: {model: warmed, problems: other}
          params:
            {steps: 1, group: 2, problems_per_step: 1, max_tokens: 4, template: knights_and_knaves_short}
        texts:
      """
    return EvaluateTests.recipe(
      scores: "inputs: {model: tuned, problems: \(problems)}",
      params: "seed: \"${seed}\"" + params
    ).replacing("texts:", with: stages, maxReplacements: 1)
  }

  @Test(arguments: [("told", "'traces'"), ("other", "'other'")])
  func evaluateKnowsWhatItsModelWasTrainedOn(problems: String, place: String) throws {
    let refused = try RecipeRun(Self.trained(problems))
    guard case .failed(let sentence) = refused.summary.outcomes.last else {
      Issue.record("it did not fail: \(refused.summary.outcomes)")
      return
    }
    #expect(sentence.contains("2 of the 2 problems were trained on (kk/seed1/2/"))
    #expect(sentence.contains("in \(place)); evaluate on others"))

    let reported = try RecipeRun(Self.trained(problems, ", overlap: report"))
    let values = try #require(reported.summary.plan.results.last?.values)
    #expect(values["warning"]?.string?.contains("2 of the 2 problems were trained on") == true)
    #expect(values["accuracy"] != nil)
  }

  @Test func otherProblemsAreMeasured() throws {
    let run = try RecipeRun(Self.trained("puzzles"))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(try #require(run.summary.plan.results.last).values["warning"] == nil)
  }
}
