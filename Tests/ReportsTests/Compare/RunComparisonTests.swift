import Base
import Foundation
import Reports
import Tasks
import TestSupport
import Testing

@Suite struct RunComparisonTests {
  private let scratch: ScratchFolder
  private let comparison: RunComparison

  init() throws {
    scratch = try ScratchFolder()
    let folders = try ResultsFixture.pair(in: scratch.url)
    comparison = try RunComparison(
      ComparedRun(resultsFolder: folders.first), ComparedRun(resultsFolder: folders.second))
  }

  @Test func whatDiffersIsFoundAndNothingElse() {
    #expect(comparison.sameCount == 1)
    #expect(
      comparison.stages == [
        .init(
          name: "tuned", firstKind: "rlvr", secondKind: "rlvr",
          changes: [.init(name: "steps", first: "40", second: "80")]),
        .init(name: "extra", firstKind: nil, secondKind: "distill", changes: []),
      ])
    #expect(comparison.onlySecond == ["extra"] && comparison.onlyFirst.isEmpty)
    #expect(
      comparison.metrics.map(\.instance) == ["scores[seed=1]", "tuned[seed=1]", "tuned[seed=2]"])
    #expect(comparison.metrics.first?.values.map(\.name) == ["accuracy"])
    #expect(comparison.metrics.first?.equalCount == 1)
  }

  /// The default verifier was another one when the first ran.
  @Test func whatADefaultCameToIsCompared() throws {
    let runs = try ["math@1", "math@2"].map { verifier in
      let scores = ResultsFixture.Done(
        name: "scores", parameters: ["samples": 1, "verifier": .null],
        keyed: ["verifier": .string(verifier)])
      return try ComparedRun(
        resultsFolder: ResultsFixture.write(
          "named", [scores], in: scratch.file(verifier)))
    }
    let changes = try RunComparison(runs[0], runs[1]).stages.flatMap(\.changes)
    #expect(changes == [.init(name: "verifier", first: "math@1", second: "math@2")])
  }

  @Test func flipsArePairedByProblem() throws {
    let evaluation = try #require(comparison.evaluations.first)
    #expect(evaluation.lost.map(\.problem) == ["problem-0"])
    #expect(evaluation.won.map(\.problem) == ["problem-1", "problem-4"])
    #expect(evaluation.won.last?.firstOutcome == .noAnswer)
    #expect(evaluation.lost.first?.firstEnd == "ours 0 second line")
    #expect(abs(try #require(evaluation.difference).mean - 0.2) < 1e-12)
  }

  /// Arms are summed up over seeds first, in the tables' units, those that are the same included.
  @Test func armsAreSummedUpOverSeeds() throws {
    let arm = try #require(comparison.arms.first)
    #expect(comparison.arms.count == 1 && arm.name == "scores" && arm.seeds == 1)
    #expect(abs(arm.first - 40) < 1e-9 && abs(arm.second - 60) < 1e-9)
    #expect(abs(arm.difference.mean - 0.2) < 1e-12 && arm.differenceText.hasPrefix("+20.0"))
    func run(_ right: [Int: Int], in name: String) throws -> ComparedRun {
      let scores = right.sorted { $0.key < $1.key }.map { seed, count in
        ResultsFixture.Done(
          name: "scores[start=base,seed=\(seed)]",
          values: ["accuracy": .number(Double(count) / 4)],
          scores: (0..<4).map { problem in
            [
              "problem_id": .string("p\(problem)"), "sample": 0, "tokens": 1,
              "outcome": problem < count ? "correct" : "wrong",
              "correct": .boolean(problem < count), "extracted": "1", "prompt": "?",
              "completion": "1",
            ]
          })
      }
      return try ComparedRun(
        resultsFolder: ResultsFixture.write("arms", scores, in: scratch.file(name)))
    }
    let both = try RunComparison(run([1: 1, 2: 2], in: "a"), run([1: 1, 2: 4], in: "b"))
    let base = try #require(both.arms.first)
    #expect(both.sameCount == 1 && base.name == "scores[start=base]" && base.seeds == 2)
    #expect(base.cells.dropLast() == ["scores[start=base]", "2", "37.5", "62.5"])
    #expect(base.differenceText.hasPrefix("+25.0 ["))
    #expect(ArmComparison.arm(of: "scores[seed=3]") == "scores")
    #expect(ArmComparison.arm(of: "scores[seeds=3]") == "scores[seeds=3]")
  }

  /// After a change on purpose, look at the new text, which the failing test names, and keep it.
  @Test func theTextIsAsItWas() throws {
    let text = ComparisonText(comparison, flipLimit: 1).text
    let golden = ProjectFolder.fixtures.appending(path: "snapshots/compare.txt")
    if (try? String(contentsOf: golden, encoding: .utf8)) != text {
      let actual = try temporaryReportFolder().appending(path: "compare.txt")
      try Data(text.utf8).write(to: actual)
      Issue.record("the text differs from \(golden.lastPathComponent): see \(actual.path)")
    }
    #expect(!text.contains("\u{1B}"), "what a model wrote must not command the terminal")
  }

  @Test func programsReadTheSame() throws {
    let json = try JSONValue(parsing: Data(comparison.json.text.utf8))
    #expect(json["first"]?["done"] == 4 && json["second"]?["done"] == 5)
    let evaluation = try #require(json["evaluations"]?.array?.first)
    #expect(evaluation["correct_to_wrong"] == 1 && evaluation["wrong_to_correct"] == 2)
    #expect(evaluation["both_wrong"] == 1 && evaluation["both_correct"] == 1)
    let flips = evaluation["flips"]?.array?.map { $0["problem"]?.string }
    #expect(flips == ["problem-0", "problem-1", "problem-4"])
  }

  @Test func aRunIsEqualToItself() throws {
    let itself = try RunComparison(comparison.first, comparison.first)
    #expect(itself.sameCount == 4 && itself.stages.isEmpty && itself.metrics.isEmpty)
    #expect(itself.evaluations.isEmpty)
    #expect(ComparisonText(itself).text.contains("No parameter differs."))
  }

  @Test func thePageHoldsBothRuns() {
    let page = ComparisonPage(comparison).html
    for text in ["A: short", "B: long", "scores[seed=1]", "Numbers that differ"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(page.contains("Done in one run only") && page.contains(">extra</td>"))
    #expect(page.components(separatedBy: "<script").count == 3)
    #expect(!page.contains("\u{1B}"))
  }

  @Test func foldersThatHoldNoRunAreSaid() throws {
    func message(_ path: String) -> String {
      let error = #expect(throws: ComparisonError.self) {
        try ComparedRun(resultsFolder: scratch.file(path))
      }
      return error?.description ?? ""
    }
    #expect(message("nowhere").contains("is neither a recipe nor a folder of results"))
    // One recipe in a folder of results is found.
    #expect(try ComparedRun(resultsFolder: scratch.file("one")).name == "short")
    try ResultsFixture.writeLock(["a": "b"], in: scratch.file("one/other"))
    #expect(message("one").contains("holds the results of other, short; name one of them"))
    #expect(message("one/other").contains("nothing that"))
    try ResultsFixture.writeLock(["a": "b"], in: scratch.file("lone/recipe"))
    #expect(message("lone/recipe").contains("there is no cache in"))
  }

  @Test func stagesThatOneRunLacksAreCounted() {
    let scores = (1...4).map { "scores[seed=\($0)]" }
    #expect(
      ComparisonText.brief(["sums", "rl[seed=1]", "rl[seed=2]"] + scores)
        == ["sums", "rl[seed=1]", "rl[seed=2]", "scores (4)"])
  }
}
