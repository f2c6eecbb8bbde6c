import Base
import Foundation
import Runner
import Tasks
import TestSupport
import Testing

@Suite(.ownThread) struct EvaluateTests {
  /// A recipe that samples from an untrained model.
  static func recipe(
    axes: String = "seed: [1]",
    scores: String = "inputs: {model: scratch, problems: puzzles}",
    params: String = #"seed: "${seed}""#
  ) -> String {
    """
    version: 1
    name: test
    axes: {\(axes)}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      scores:
        kind: evaluate
        \(scores)
        params: {samples: 2, max_tokens: 8, template: knights_and_knaves_short, \(params)}
    """
  }

  @Test func anotherVerifierGradesTheSameCompletions() throws {
    let run = try RecipeRun(
      Self.recipe(axes: "verifier: [paper, strict]", params: #"verifier: "${verifier}""#))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(run.parts("evaluate/completions").count == 1)
    let rows = try ["paper", "strict"].map { try run.rows("scores[verifier=\($0)]", "scores") }
    #expect(rows[0].count == 6)
    #expect(rows[0].map { $0["completion"] } == rows[1].map { $0["completion"] })
    let part = try #require(run.parts("evaluate/completions").first)
    let record = try ArtifactRecord(contentsOf: part.appending(path: "record.json"))
    #expect(record.instance == "scores[verifier=paper]")
  }

  @Test func anotherSeedOrTemplateSamplesAnew() throws {
    let run = try RecipeRun(Self.recipe(axes: "seed: [1, 2]", params: #"seed: "${seed}""#))
    #expect(run.parts("evaluate/completions").count == 2)
    let rows = try [1, 2].map { try run.rows("scores[seed=\($0)]", "scores") }
    #expect(rows[0].map { $0["completion"] } != rows[1].map { $0["completion"] })
  }

  @Test func completionsDoNotDependOnBatchSize() throws {
    let files = try [(1, 1), (4, 2), (32, 2)].map { size, threads in
      let run = try RecipeRun(
        Self.recipe(params: #"seed: "${seed}", batch_size: \#(size)"#), threads: threads)
      let part = try #require(run.parts("evaluate/completions").first)
      return try Data(contentsOf: part.appending(path: "completions.h5"))
    }
    #expect(files[1] == files[0])
    #expect(files[2] == files[0])
  }

  /// A killed run leaves whole rows, in the order in which they were done, and perhaps half of one.
  @Test func completionsDoNotDependOnAnInterruption() throws {
    let whole = try RecipeRun(Self.recipe())
    let part = try #require(whole.parts("evaluate/completions").first)
    let columns = ["id", "problem", "problem_id", "sample", "prompt", "completion", "tokens"]
    let rows = try RowTable(contentsOf: part.appending(path: "completions.h5")).rows
    #expect(rows.count == 6 && columns.allSatisfy { rows[0][$0] != nil })
    let resumed = try RecipeRun(Self.recipe()) { cache in
      let work = cache.workFolder(part.lastPathComponent).url
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
      let file = work.appending(path: "completions.jsonl")
      let log = try RowLog(file: file)
      for index in [4, 1, 0] { try log.append(rows[index]) }
      try log.sync()
      let handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(#"{"id": "kk/seed1"#.utf8))
      try handle.close()
    }
    #expect(resumed.summary.exitCode == 0, "\(resumed.summary.outcomes)")
    let again = try #require(resumed.parts("evaluate/completions").first)
    #expect(again.lastPathComponent == part.lastPathComponent)
    #expect(
      try Data(contentsOf: again.appending(path: "completions.h5"))
        == Data(contentsOf: part.appending(path: "completions.h5")))
  }

  @Test func rowsNameProblemAndSample() throws {
    let rows = try RecipeRun(Self.recipe()).rows("scores[seed=1]", "scores")
    #expect(rows.map { $0["sample"]?.integer } == [0, 1, 0, 1, 0, 1])
    #expect(
      rows.map { $0["problem_id"]?.string }
        == [0, 0, 1, 1, 2, 2].map { "kk/seed1/2/\($0)" })
    let first = try #require(rows.first)
    #expect(first["id"] == "kk/seed1/2/0#0")
    #expect(first["prompt"]?.string?.hasSuffix("<think>") == true)
    #expect(first["correct"] == .boolean(first["outcome"] == "correct"))
  }

  @Test func everyScoreCarriesTheHashOfItsTemplate() throws {
    let run = try RecipeRun(Self.recipe())
    let result = try #require(run.summary.plan.results.last)
    let hash = try PromptTemplate.named("knights_and_knaves_short").sha256
    #expect(result.values["template_sha256"]?.string == hash)
    let table = try RowTable(contentsOf: result.folder.appending(path: "scores.h5"))
    #expect(table.attributes["template_sha256"] == hash)
    #expect(table.attributes["template"] == "knights_and_knaves_short")
  }

  /// What an untrained model writes has no form, and then nothing is said of accuracy in form.
  @Test func theFormIsMeasuredApartFromTheAnswers() throws {
    let values = try #require(try RecipeRun(Self.recipe()).summary.plan.results.last?.values)
    #expect(values["format_rate"]?.number == 0 && values["worked"]?.number == 0)
    #expect(values["accuracy_in_form"] == .null && values["above_chance"] == .null)
    #expect(values["accuracy_worked"] == .null)
    #expect(values["chance"]?.number == 0.25, "two people")
    #expect(values["mean_tokens_right"] == .null && values["mean_tokens_wrong"]?.number == 8)
  }

  /// Grades completions that are found where an interrupted run would have left them.
  private func graded(
    _ problems: String, _ completions: (_ answers: [String]) -> [String]
  ) throws -> (run: RecipeRun, values: [String: JSONValue]) {
    let text = Self.recipe().replacing(
      "{kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}",
      with: "{kind: miniature_problems, params: {\(problems)}}")
    let sampled = try RecipeRun(text)
    let part = try #require(sampled.parts("evaluate/completions").first)
    var rows = try RowTable(contentsOf: part.appending(path: "completions.h5")).rows
    let answers = try sampled.rows("puzzles", "problems").map { try #require($0["answer"]?.string) }
    for (index, text) in completions(answers).enumerated() {
      rows[index]["completion"] = .string(text)
      rows[index]["tokens"] = .integer(index + 1)
    }
    let run = try RecipeRun(text) { cache in
      let work = cache.workFolder(part.lastPathComponent).url
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
      let log = try RowLog(file: work.appending(path: "completions.jsonl"))
      for row in rows { try log.append(row) }
      try log.sync()
    }
    return (run, try #require(run.summary.plan.results.last?.values))
  }

  @Test func rightAnswersWithoutABoxAreCounted() throws {
    let (_, values) = try graded("count: 3") { answers in
      [
        "\\boxed{\(answers[0])}", "the answer is \(answers[0])", "the answer is 123456",
        "\(answers[1])", "\\boxed{123456}, \(answers[2])", "who knows",
      ]
    }
    #expect(values["accuracy"]?.number == 0.5)
    #expect(values["unboxed"]?.number == 2.0 / 6)
    // Nobody can guess a number.
    #expect(values["chance"] == nil && values["above_chance"] == nil)
    let puzzles = try #require(try RecipeRun(Self.recipe()).summary.plan.results.last?.values)
    #expect(puzzles["accuracy"] != nil && puzzles["unboxed"] == nil)
  }

  @Test func abilityIsThatOfCompletionsInForm() throws {
    let (run, values) = try graded("domain: choice, levels: [5], count: 3") { answers in
      func inForm(_ answer: String) -> String { "So </think> <answer>\\boxed{\(answer)}</answer>" }
      return [
        inForm(answers[0]), inForm("E"), inForm(answers[1]), "\\boxed{\(answers[1])}",
        "\\boxed{E}", "who knows",
      ]
    }
    #expect(values["accuracy"]?.number == 0.5 && values["format_rate"]?.number == 0.5)
    #expect(values["accuracy_in_form"]?.number == 2.0 / 3)
    #expect(values["chance"]?.number == 0.25, "four options")
    #expect(values["above_chance"]?.number == 2.0 / 3 - 0.25)
    #expect(values["mean_tokens_right"]?.number == 8.0 / 3)
    #expect(values["mean_tokens_wrong"]?.number == 13.0 / 3)
    let rows = try run.rows("scores[seed=1]", "scores")
    #expect(rows.map { $0["in_form"]?.boolean } == [true, true, true, false, false, false])
    #expect(rows.allSatisfy { $0["category"] == "arithmetic" && $0["chance"]?.number == 0.25 })
  }

  @Test func abilityIsThatOfCompletionsThatWorked() throws {
    let (_, values) = try graded("count: 3, levels: [1], seed: 3") { answers in
      func worked(_ answer: String) -> String { "Try 4 and 5: 9, yes. \\boxed{\(answer)}" }
      return [
        worked(answers[0]), worked("123456"), "\\boxed{\(answers[1])}", worked(answers[1]),
        "Let me answer. \\boxed{1}", "who knows",
      ]
    }
    #expect(values["worked"]?.number == 0.5 && values["accuracy"]?.number == 0.5)
    #expect(values["accuracy_worked"]?.number == 2.0 / 3)
  }

  @Test func promptsThatDoNotFitAreAnError() throws {
    let text = Self.recipe().replacing("context: 1024", with: "context: 64")
    guard case .failed(let sentence) = try RecipeRun(text).summary.outcomes.last else {
      Issue.record("it did not fail")
      return
    }
    #expect(sentence.contains("does not fit the model's context of 64"))
  }
}
