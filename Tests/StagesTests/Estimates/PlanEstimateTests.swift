import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// How much work a plan is, without files and without running anything.
@Suite(.ownThread) struct PlanEstimateTests {
  private static let root = ProjectFolder.root

  private static let recipes: [URL] = RecipeFolder.below(root.appending(path: "experiments"))

  private func estimated(
    _ recipe: Recipe, meanTokens: Int? = nil
  ) -> (plan: Plan, estimate: PlanEstimate) {
    let nowhere = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let folders = DataFolders(
      searchPaths: [nowhere], downloads: nowhere.appending(path: "downloads"))
    let plan = Planner(cache: Cache(folder: nowhere), folders: folders)
      .plan(recipe.instances)
    return (plan, PlanEstimate(plan, folders: folders, meanTokens: meanTokens))
  }

  private func parse(_ text: String) throws -> Recipe {
    try Recipe.parse(
      text, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
  }

  /// What keeps an instance from running is a file that is named with where to get it, or an
  /// instance before it; and where there is work, its size is known.
  @Test(arguments: recipes)
  func everyRecipeIsEstimatedWithoutItsFiles(_ file: URL) throws {
    let recipe = try Recipe.load(file, registry: .standard)
    let (plan, estimate) = estimated(recipe)
    let missing = plan.items.filter {
      $0.state == .blocked && !$0.reason.hasPrefix("its input") && !$0.reason.hasPrefix("its gate")
    }
    let needed = Set(estimate.needs.map(\.name))
    for item in missing {
      let source = try #require(item.instance.parameters["source"]?.string)
      #expect(needed.contains(source), "\(item.instance.name): \(item.reason)")
    }
    #expect(estimate.needs.allSatisfy { $0.advice.hasSuffix(".") })
    // How many traces a file holds cannot be known without it.
    let unknown = estimate.items.filter { $0.unknown != nil }.map(\.instance.name)
    #expect(unknown.isEmpty || needed.contains { $0.hasPrefix("s1k/") }, "\(unknown)")
    #expect(estimate.total.operations > 0)
  }

  /// Numbers of problems are told where nothing is missing that might make them smaller.
  @Test func problemsAreCounted() throws {
    let text = """
      version: 1
      name: x
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: [3, 4], count: 10}}
        divided: {kind: split, inputs: {problems: puzzles}, params: {test: 6}}
        halves: {kind: split, inputs: {problems: divided.test}, params: {test: 2}}
      """
    #expect(estimated(try parse(text)).estimate.problems == ["divided": 20, "halves": 6])
    let missing = text + "\n  data: {kind: dataset, params: {task: math, source: no.jsonl}}"
    #expect(estimated(try parse(missing)).estimate.problems.isEmpty)
  }

  /// A mix has what is asked for, or else all that is bound.
  @Test func mixedProblemsAreCounted() throws {
    let text = """
      version: 1
      name: x
      stages:
        sums: {kind: miniature_problems, params: {count: 20}}
        puzzles: {kind: knights_and_knaves, params: {people: 3, count: 10}}
        more: {kind: knights_and_knaves, params: {people: 4, count: 5}}
        all: {kind: mix, inputs: {a: puzzles, b: more}}
        some: {kind: mix, inputs: {a: puzzles, b: more}, params: {counts: {a: 30, b: 4}, repeat: true}}
        shares: {kind: mix, inputs: {a: sums}, params: {weights: {a: 1}, count: 7}}
        one: {kind: split, inputs: {problems: all}, params: {test: 1}}
        two: {kind: split, inputs: {problems: some}, params: {test: 1}}
        three: {kind: split, inputs: {problems: shares}, params: {test: 1}}
      """
    #expect(estimated(try parse(text)).estimate.problems == ["one": 15, "two": 34, "three": 7])
  }

  /// Tokens by hand; operations of a model whose sizes are easily multiplied.
  @Test func tokensAndOperationsAreThoseOfTheParameters() throws {
    let recipe = try parse(
      """
      version: 1
      name: x
      stages:
        base: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        puzzles: {kind: knights_and_knaves, params: {people: [3, 4], count: 10}}
        tuned:
          kind: rlvr
          inputs: {model: base, problems: puzzles}
          params: {steps: 5, group: 4, problems_per_step: 2, max_tokens: 1000}
        scores:
          kind: evaluate
          inputs: {model: tuned, problems: puzzles}
          params: {samples: 3, max_tokens: 500}
      """)
    let items = estimated(recipe).estimate.items
    let tuned = try #require(items.first { $0.instance.name == "tuned" }?.work)
    #expect(tuned.sampledTokens == 5 * 2 * 4 * 1000)
    #expect(tuned.trainedTokens == 5 * 2 * (4 * 1000 + Work.promptTokens))
    let scores = try #require(items.first { $0.instance.name == "scores" }?.work)
    #expect(scores.sampledTokens == 20 * 3 * 500 && scores.trainedTokens == 0)
    // 3.09e9 weights: 2 operations each and token, and some more for attention and prompts.
    let least = 2 * 3.08e9 * Double(scores.sampledTokens)
    #expect(scores.operations > least && scores.operations < 1.6 * least)
    // Weights with gradients and moments, copies for sampling, and what batches leave.
    #expect(tuned.bytes > 20 * 3.09e9 && tuned.bytes < 1.6 * 20 * 3.09e9)
    #expect(scores.bytes > 8 * 3.09e9 && scores.bytes < 1.4 * 8 * 3.09e9)
  }

  @Test func completionsCanBeTakenToBeShorter() throws {
    let recipe = try parse(
      """
      version: 1
      name: x
      stages:
        base: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        puzzles: {kind: knights_and_knaves, params: {people: 3, count: 10}}
        scores: {kind: evaluate, inputs: {model: base, problems: puzzles}, params: {samples: 1}}
      """)
    #expect(estimated(recipe).estimate.total.sampledTokens == 10 * 8192)
    #expect(estimated(recipe, meanTokens: 700).estimate.total.sampledTokens == 10 * 700)
    #expect(estimated(recipe, meanTokens: 9000).estimate.total.sampledTokens == 10 * 8192)
  }

  /// What has the same result is done once, even where no key is known yet.
  @Test func equalWorkCountsOnce() throws {
    let recipe = try parse(
      """
      version: 1
      name: x
      axes: {arm: [base, other]}
      stages:
        base: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        other: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        puzzles: {kind: knights_and_knaves, params: {people: 3, count: 10}}
        more: {kind: knights_and_knaves, params: {people: 3, count: 10, start: 50}}
        scores: {kind: evaluate, inputs: {model: "${arm}", problems: puzzles}, params: {samples: 1}}
        guarded:
          kind: evaluate
          inputs: {model: base, problems: puzzles, trained_on: more}
          params: {samples: 1}
      """)
    let estimate = estimated(recipe).estimate
    #expect(estimate.items.count == 4)
    #expect(estimate.total.sampledTokens == 10 * 8192)
    #expect(estimate.needs.map(\.name) == ["models/Qwen2.5-3B"])
    #expect(estimate.needs[0].advice.contains("Qwen/Qwen2.5-3B"))
  }

  @Test func jsonTellsTheWorkOfEachInstanceOnce() throws {
    let recipe = try parse(
      """
      version: 1
      name: x
      axes: {seed: [1, 2]}
      stages:
        base: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        puzzles: {kind: knights_and_knaves, params: {people: 3, count: 10}}
        scores:
          kind: evaluate
          inputs: {model: base, problems: puzzles}
          params: {samples: 2, max_tokens: 50, seed: "${seed}"}
      """)
    let (plan, estimate) = estimated(recipe)
    let entries = try #require(estimate.json(of: plan).array)
    #expect(entries.map { $0["instance"]?.string } == plan.items.map(\.instance.name))
    let work = entries.map { $0["work"] }
    #expect(work[1] == .null)
    #expect(work[2]?["sampled_tokens"] == 1000)
    #expect(work[2]?["operations"]?.number ?? 0 > 1e12)
    #expect(entries.allSatisfy { $0["unknown"] == .null })
  }
}
