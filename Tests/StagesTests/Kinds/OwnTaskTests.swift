import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// The page about tasks of one's own, as it stands.
@Suite(.ownThread) struct OwnTaskTests {
  private let folder: ScratchFolder
  private var recipe: URL { folder.file("letters.yaml") }

  /// Saves the blocks of the page under the names that they have.
  init() throws {
    folder = try ScratchFolder()
    let page = try String(
      contentsOf: ProjectFolder.documents.appending(path: "own-task.md"), encoding: .utf8)
    for block in page.components(separatedBy: "```").enumerated().filter({ $0.offset % 2 == 1 }) {
      let lines = block.element.components(separatedBy: "\n")
      let words = lines[0].split(separator: " ")
      guard words.count == 2 else { continue }
      _ = try folder.write(lines.dropFirst().joined(separator: "\n"), String(words[1]))
    }
  }

  private func change(_ name: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: folder.file(name), encoding: .utf8)
    #expect(text.contains(old))
    _ = try folder.write(text.replacing(old, with: new), name)
  }

  private func run() throws -> RecipeRun {
    try RecipeRun(String(contentsOf: recipe, encoding: .utf8), beside: folder)
  }

  private func failure(_ run: RecipeRun) -> String {
    run.summary.outcomes.compactMap { if case .failed(let text) = $0 { text } else { nil } }
      .joined()
  }

  @Test func thePageRunsFromRowsToScores() throws {
    let run = try run()
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let scores = try run.rows("scores", "scores")
    #expect(
      scores.count == 6
        && scores.allSatisfy { $0["outcome"] == "no_answer" && $0["number"]?.number == 0 })
    let results = run.summary.plan.results
    let values = try #require(results.first { $0.name == "scores" }?.values)
    #expect(values["verifier"]?.string?.hasPrefix("process@1+") == true)
    #expect(values["number"]?.number == 0)
    let prompt = try #require(scores.first?["prompt"]?.string)
    #expect(prompt.hasPrefix("Question: How often does the letter"))
    #expect(prompt.hasSuffix("write the number in \\boxed{}.\n<think>\n"))
  }

  @Test func everyFileOfTheVerifierIsInTheKey() throws {
    func key() throws -> String? {
      try run().summary.plan.items.first { $0.name == "words" }?.key
    }
    let first = try key()
    #expect(try key() == first)
    for (name, old, new) in [
      ("count_letters.py", "miss = abs", "miss  = abs"), ("prompt.txt", "Think", "Reason"),
      ("letters.yaml", "version: 1, command", "version: 2, command"),
    ] {
      try change(name, old, new)
      let changed = try key()
      #expect(changed != first, "\(name)")
      try change(name, new, old)
    }
    #expect(try key() == first)
  }

  @Test func aVerifierThatFailsEndsTheStageWithASentence() throws {
    try change("count_letters.py", "import json", "import jason")
    let text = failure(try run())
    #expect(
      text.contains("the verifier ended with the status 1 and said: ModuleNotFoundError"), "\(text)"
    )
  }

  @Test func whatIsMissingIsNamedBeforeAnythingRuns() throws {
    try change("letters.yaml", "prompt: prompt.txt", "prompt: none.txt")
    #expect(failure(try run()).contains("there is no 'none.txt'"))
    try change("letters.yaml", "prompt: none.txt", "prompt: prompt.txt")
    try change("words.jsonl", "\"question\"", "\"text\"")
    #expect(failure(try run()).contains("the row has no 'question' and no"))
  }

  @Test func aProcessGoesWithItsTask() throws {
    func messages(_ parameters: String) -> String {
      do {
        _ = try Recipe.parse(
          "version: 1\nname: t\nstages:\n  d: {kind: dataset, params: {source: x, \(parameters)}}\n",
          file: recipe, registry: .standard)
        return ""
      } catch { return error.diagnostics.map(\.message).joined() }
    }
    let process = "process: {version: 1, command: [python3, a.py], prompt: p.txt}"
    #expect(messages("task: process, \(process)").isEmpty)
    #expect(messages("task: process").contains("the task 'process' needs 'process'"))
    #expect(messages("task: math, \(process)").contains("'process' is for the task of that name"))
  }

  /// The verifier of the page, with a stand-in for the package.
  @Test func rowsOfReasoningGymAreJudgedByItsScores() throws {
    let package = """
      def get_score_answer_fn(name):
        assert name == "legs"
        def judge(answer, entry):
          return 1.0 if answer == entry["answer"] else 0.25
        return judge
      """
    _ = try folder.write(package, "reasoning_gym.py")
    let row = #"{"question": "q", "answer": "4", "metadata": {"source_dataset": "legs", "n": 1}}"#
    _ = try folder.write(row, "gym.jsonl")
    let text = """
      version: 1
      name: gym
      stages:
        gym:
          kind: dataset
          params:
            task: process
            source: gym.jsonl
            process:
              {version: 1, command: [python3, gym.py], files: [reasoning_gym.py], prompt: prompt.txt}
      """
    let run = try RecipeRun(text, beside: folder)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let result = try #require(run.summary.plan.results.first)
    let problems = try Problems(contentsOf: result.folder.appending(path: "problems.h5"))
    let items = ["<answer> 4 </answer>", "<answer>5</answer>", "4"].enumerated().map {
      GradingItem(row: problems.row(0), completion: $1, id: "\($0)")
    }
    let verdicts = try problems.task.grade(items, GradingRules(use: .evaluate))
    #expect(verdicts.map(\.outcome) == [.correct, .wrong, .noAnswer])
    #expect(verdicts.map(\.number) == [1, 0.25, 0])
    #expect(verdicts.map(\.extracted) == ["4", "5", nil])
  }
}
