import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// What a plan says of starts of reinforcement learning from what is in the cache.
@Suite struct StartEstimateTests {
  private static let stages = """
    version: 1
    name: test
    axes: {seed: [1, 2]}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}
      others: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 2}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      scores:
        kind: evaluate
        inputs: {model: scratch, problems: puzzles}
        params: {samples: 4, max_tokens: 4, template: knights_and_knaves_short}

    """

  private static let scores = stages.replacing("axes: {seed: [1, 2]}\n", with: "")

  private static func tuned(_ params: String, problems: String = "puzzles") -> String {
    """
      tuned:
        kind: rlvr
        inputs: {model: scratch, problems: \(problems)}
        params: {steps: 1, problems_per_step: 2, template: knights_and_knaves_short, seed: "${seed}", \(params)}
    """
  }

  /// Estimates a recipe whose scores are in the cache.
  /// - Parameter verdicts: what stands in the place of those of a model that knows nothing, while the
  ///   estimate is made: by problem, `c` correct, `w` wrong, `f` right but out of form.
  private func starts(
    _ run: RecipeRun, _ tuned: String, verdicts: [String]? = nil
  ) throws -> (PlanEstimate, Plan) {
    let recipe = try Recipe.parse(
      Self.stages + tuned, file: run.folder.url.appending(path: "x.yaml"), registry: .standard)
    let folders = DataFolders(
      searchPaths: [], downloads: run.folder.url.appending(path: "downloads"))
    let plan = Planner(cache: run.cache, folders: folders).plan(recipe.instances)
    guard let verdicts else { return (PlanEstimate(plan, folders: folders), plan) }
    // A plan looks at the sizes of files, so they are changed after it.
    let result = try #require(run.summary.plan.results.first { $0.name == "scores" })
    let file = result.folder.appending(path: "scores.h5")
    let table = try RowTable(contentsOf: file)
    let original = try Data(contentsOf: file)
    try rows(verdicts, table.attributes).write(to: file)
    defer { try? original.write(to: file) }
    return (PlanEstimate(plan, folders: folders), plan)
  }

  private func rows(_ verdicts: [String], _ attributes: [String: String]) -> RowTable {
    let rows = verdicts.enumerated().flatMap { problem, letters in
      letters.map { letter -> [String: JSONValue] in
        [
          "problem": .integer(problem), "outcome": letter == "w" ? "wrong" : "correct",
          "completion": letter == "f" ? "(1) Ann" : "so </think> <answer> (1) Ann </answer>",
        ]
      }
    }
    return RowTable(rows: rows, attributes: attributes)
  }

  @Test func scoresTellWhatGroupsWouldDo() throws {
    let run = try RecipeRun(Self.scores)
    let (estimate, _) = try starts(
      run, Self.tuned("group: 2, max_tokens: 4"), verdicts: ["ccww", "wwww", "cffw"])
    #expect(estimate.starts.map(\.instance) == ["tuned[seed=1]", "tuned[seed=2]"])
    // Of the 6 pairs of a problem's samples 4, 0 and 5 differ; 5, 0 and 3 hold a correct one.
    let start = try #require(estimate.starts.first)
    #expect(abs(start.groupsWithGradient - 9 / 18) < 1e-12)
    #expect(abs(start.passAtGroup - 8 / 18) < 1e-12)
    let text =
      "50 % of groups of 2 would have a gradient, pass@2 44 % (by scores, 4 samples per problem)"
    #expect(start.text == text)
  }

  @Test func fewSamplesAreABoundAndOtherSettingsAreNamed() throws {
    let run = try RecipeRun(Self.scores)
    let large = try starts(
      run, Self.tuned("group: 8, max_tokens: 9, temperature: 1"),
      verdicts: ["ccww", "wwww", "wwww"])
    let bound =
      "at least 33 % of groups of 8 would have a gradient, pass@8 at least 33 % (by scores, 4 "
      + "samples per problem taken as a group, which has another temperature, max_tokens)"
    #expect(large.0.starts.first?.text == bound)
    let none = try starts(
      run, Self.tuned("group: 4, max_tokens: 4"), verdicts: ["wwww", "wwww", "wwww"])
    let silence =
      "no two samples of a problem differ in reward, so perhaps no group of 4 has a gradient, "
      + "pass@4 0 % (by scores, 4 samples per problem)"
    #expect(none.0.starts.first?.text == silence)
    // The form alone is rewarded: right and wrong are one, so 0, 0 and 4 pairs of 6 differ.
    let form = try starts(
      run, Self.tuned("group: 2, max_tokens: 4, reward: format_only"),
      verdicts: ["ccww", "wwww", "cffw"])
    let share = try #require(form.0.starts.first?.groupsWithGradient)
    #expect(abs(share - 4 / 18) < 1e-12)
  }

  @Test func jsonTellsOfEachInstanceThatIsToRun() throws {
    let run = try RecipeRun(Self.scores)
    let (estimate, plan) = try starts(run, Self.tuned("group: 2, max_tokens: 4"))
    let entries = estimate.json(of: plan).array ?? []
    let told = entries.filter { $0["start"] != .null }.map { $0["instance"]?.string }
    #expect(told == ["tuned[seed=1]", "tuned[seed=2]"])
    #expect(entries.last?["start"]?["by"] == "scores, 4 samples per problem")
  }

  @Test func nothingIsSaidOfOtherProblemsOrCoins() throws {
    let run = try RecipeRun(Self.scores)
    #expect(try starts(run, Self.tuned("group: 2", problems: "others")).0.starts.isEmpty)
    #expect(try starts(run, Self.tuned("group: 2, reward: random")).0.starts.isEmpty)
  }

  /// A training that has begun from the same knows it, too.
  @Test func anotherTrainingTellsOfItsFirstSteps() throws {
    let params = "group: 2, max_tokens: 4"
    let problems = Self.tuned(params, problems: "others")
    let run = try RecipeRun(Self.stages.replacing("seed: [1, 2]", with: "seed: [1]") + problems)
    let starts = try starts(run, problems).0.starts
    #expect(starts.map(\.instance) == ["tuned[seed=2]"])
    #expect(starts.first?.basis == "the first steps of tuned[seed=1]")
    #expect(try self.starts(run, Self.tuned("group: 3", problems: "others")).0.starts.isEmpty)
  }
}
