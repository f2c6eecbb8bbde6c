import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// The symbolic teacher as a stage.
@Suite(.ownThread) struct WriteTracesTests {
  private static func text(_ params: String, problems: String = "sums") -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8}}
      sums: {kind: miniature_problems, params: {count: 40}}
      choices: {kind: miniature_problems, params: {domain: choice, count: 8}}
      programs: {kind: dataset, params: {task: humaneval_plus, source: x.jsonl}}
      traces: {kind: write_traces, inputs: {problems: \(problems)}, params: {\(params)}}
    """
  }

  private static func mistakes(_ params: String, problems: String = "sums") -> [String] {
    do {
      _ = try Recipe.parse(
        text(params, problems: problems), file: URL(filePath: "/nowhere/x.yaml"),
        registry: .standard)
      return []
    } catch {
      return error.diagnostics.map(\.message)
    }
  }

  @Test func sharesArePublished() throws {
    let text = Self.text("style: short, prompt: short, worked: 0.25, accuracy: 0.4")
    let run = try RecipeRun(text.replacing("  programs: {kind: dataset", with: "  #"))
    let values = try #require(run.summary.plan.results.last?.values)
    #expect(values["worked"]?.number == 0.25 && values["accuracy"]?.number == 22.0 / 40)
    let rows = try run.rows("traces", "traces")
    #expect(rows.count { $0["style"] == "short" } == 10)
    #expect(rows.allSatisfy { $0["prompt"]?.string?.hasPrefix("Q: What is ") == true })
  }

  /// What was written before there were shares keeps its key.
  @Test func sharesAtTheirDefaultsAreNotInTheKey() {
    let names = Set((WriteTracesParameters().identity.object ?? [:]).keys)
    #expect(names == ["teacher", "style", "seed", "errors", "prompt", "copies", "names"])
  }

  @Test(arguments: [
    ("style: answer, worked: 0.5", "'worked' means nothing to 'style: answer'"),
    ("style: short, accuracy: 0.5", "'accuracy' is that of traces that answer at once"),
    ("style: answer, errors: wrong_answer", "'errors: wrong_answer' is for traces that are worked"),
    ("worked: 1.5", "'worked' must be between 0 and 1"),
    ("teacher: model, worked: 0.5", "'worked' means nothing to 'teacher: model'; leave it out"),
  ])
  func sharesOfNothingAreRefused(params: String, message: String) {
    #expect(Self.mistakes(params, problems: "puzzles").first?.hasPrefix(message) == true)
  }

  @Test func whatTheTeacherCannotDoIsKnownBeforehand() {
    #expect(
      Self.mistakes("prompt: short") == [
        "'style: long' is for puzzles, but the problems are of the task 'math'; say 'style: short' "
          + "or 'answer'"
      ])
    #expect(
      Self.mistakes("style: short", problems: "choices") == [
        "the prompt template 'knights_and_knaves_paper' is of the task 'knights_and_knaves', but the "
          + "problems are of 'mmlu_pro'; set 'prompt', for example to 'short'"
      ])
    #expect(Self.mistakes("style: short, prompt: short, copies: 3").count == 1)
    let programs = Self.mistakes("style: answer, prompt: short", problems: "programs")
    #expect(programs.first?.hasPrefix("the symbolic teacher does not know the task") == true)
    #expect(Self.mistakes("style: answer, prompt: math_short, accuracy: 0.5").isEmpty)
    #expect(Self.mistakes("copies: 3", problems: "puzzles").isEmpty)
  }
}
