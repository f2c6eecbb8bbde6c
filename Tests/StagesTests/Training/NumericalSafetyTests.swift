import Base
import Foundation
import Model
import Runner
import Stages
import TestSupport
import Testing

/// Numbers that are infinite or none at all stop a stage before anything is published; it says the
/// step, the item and what to try, and the checkpoint before stays.
@Suite(.serialized) struct NumericalSafetyTests {
  private static let data = """
    puzzles: {kind: knights_and_knaves, params: {people: 2, count: 6, seed: 1, names: [Ann, Bob, Cid, Zed]}}
      texts: {kind: write_texts, params: {count: 12, parts: [arithmetic, arithmetic, statements], names: [Ann, Bob, Cid, Dee, Zed], seed: 3}}
      traces:
        kind: write_traces
        inputs: {problems: puzzles}
        params: {style: short, prompt: knights_and_knaves_short, names: [Ann, Bob, Cid, Zed]}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
    """

  /// Runs a recipe of some data, a model that overflows somewhere or nowhere, and a last stage.
  private func run(_ place: OverflowingModel.Place?, _ stage: String) throws -> RecipeRun {
    let model = try place.map(OverflowingModel.init)
    defer { withExtendedLifetime(model) {} }
    let given =
      model.map { "{kind: pretrained_model, params: {source: \"\($0.path)\"}}" }
      ?? "{kind: pretrain, inputs: {model: scratch, texts: texts}}"
    return try RecipeRun(
      """
      version: 1
      name: test
      stages:
        \(Self.data)
        given: \(given)
        last:
          \(stage.replacing("\n", with: "\n    "))
      """)
  }

  /// What the last stage fails with; nothing of it may be published.
  private func failure(_ run: RecipeRun) throws -> String {
    #expect(run.summary.exitCode == 1)
    let kinds = run.cache.keys().compactMap { key in
      if case .present(let artifact) = run.cache.lookUp(key) {
        artifact.record.instance
      } else {
        nil
      }
    }
    #expect(kinds.contains("given") && !kinds.contains("last"))
    guard case .failed(let sentence) = run.summary.outcomes.last else {
      Issue.record("it did not fail: \(run.summary.outcomes)")
      return ""
    }
    return sentence
  }

  /// The steps of the checkpoints that are left.
  private func checkpoints(_ run: RecipeRun) throws -> [Int] {
    let work = run.folder.url.appending(path: "cache/work")
    let folders = try FileManager.default.contentsOfDirectory(atPath: work.path)
    return try folders.flatMap { key in
      try CheckpointStore(folder: work.appending(path: "\(key)/checkpoints")).checkpoints()
    }.map(\.step).sorted()
  }

  @Test(arguments: OverflowingModel.Place.allCases)
  func pretrainingNamesStepAndText(_ place: OverflowingModel.Place) throws {
    let run = try run(
      place,
      """
      kind: pretrain
      inputs: {model: given, texts: texts}
      params: {batch_size: 1, learning_rate: 0, checkpoint_seconds: 0, seed: 4}
      """)
    let sentence = try failure(run)
    let step = try #require(sentence.firstMatch(of: /step (\d+)/).flatMap { Int($0.1) })
    #expect(sentence.contains(place == .loss ? "the loss of step" : "the gradient of model."))
    #expect(sentence.contains("nothing was published") && sentence.contains("learning_rate"))
    let named = try #require(sentence.firstMatch(of: /\(text (\d+)\)/).flatMap { Int($0.1) })
    let texts = try run.rows("texts", "texts").map { $0["text"]?.string ?? "" }
    let order = EpochPlan(count: texts.count, batchSize: 1, seed: 4)
    let first = try #require(
      (1...texts.count).first { texts[order.indices(step: $0).first ?? 0].contains("Z") })
    #expect(first > 1, "the test needs a checkpoint before the step")
    #expect(step == first)
    #expect(named == order.indices(step: first).first)
    let kept = try #require(try checkpoints(run).last)
    #expect(kept < first)
  }

  @Test(arguments: OverflowingModel.Place.allCases)
  func distillingNamesTheTracesOfABatch(_ place: OverflowingModel.Place) throws {
    let run = try run(
      place,
      """
      kind: distill
      inputs: {model: given, traces: traces}
      params: {batch_size: 6}
      """)
    let sentence = try failure(run)
    #expect(sentence.contains("step 1 "), "\(sentence)")
    let traces = try run.rows("traces", "traces")
    let hit = traces.filter { row in
      ["prompt", "completion"].contains { row[$0]?.string?.contains("Z") ?? false }
    }.compactMap { $0["id"]?.string }
    #expect(!hit.isEmpty && hit.count < traces.count)
    let named = sentence.matches(of: /trace '([^']+)'/).map { String($0.1) }
    #expect(named.count == min(3, hit.count) && Set(named).isSubset(of: hit), "\(sentence)")
    #expect(sentence.contains("and \(hit.count - 3) more") == (hit.count > 3))
  }

  @Test func reinforcementNamesStepAndProblemOfASample() throws {
    let run = try run(
      .loss,
      """
      kind: rlvr
      inputs: {model: given, problems: puzzles}
      params: {steps: 3, group: 2, problems_per_step: 6, max_tokens: 4, reward: random, template: knights_and_knaves_short}
      """)
    let sentence = try failure(run)
    #expect(sentence.contains("logits for problem 'kk/seed1/2/"), "\(sentence)")
    #expect(sentence.contains("in step 1 are not finite") && sentence.contains("learning_rate"))
  }

  @Test func reinforcementNamesTheProblemsOfAGradient() throws {
    let run = try run(
      .gradient,
      """
      kind: rlvr
      inputs: {model: given, problems: puzzles}
      params: {steps: 3, group: 4, problems_per_step: 6, max_tokens: 2, reward: random, template: knights_and_knaves_short}
      """)
    let sentence = try failure(run)
    #expect(sentence.contains("is not finite in step 1 (problem 'kk/"), "\(sentence)")
    let puzzles = try run.rows("puzzles", "problems")
    let hit = puzzles.filter { "\($0)".contains("Zed") }.compactMap { $0["id"]?.string }
    let named = sentence.matches(of: /problem '([^']+)'/).map { String($0.1) }
    #expect(!named.isEmpty && Set(named).isSubset(of: hit))
  }

  /// Rewards so large that their sum is infinite.
  @Test func reinforcementNamesTheSamplesOfALoss() throws {
    let run = try run(
      nil,
      """
      kind: rlvr
      inputs: {model: given, problems: puzzles}
      params:
        steps: 3
        group: 4
        problems_per_step: 2
        max_tokens: 6
        reward: random
        rewards: {correct: 1.7e308, wrong: 1.6e308}
        template: knights_and_knaves_short
      """)
    let sentence = try failure(run)
    #expect(sentence.contains("the loss of step 1 is not finite (sample 0 of problem 'kk/seed1/2/"))
    #expect(sentence.contains("nothing was published. Try a smaller learning_rate"))
  }

  /// Where the second moment takes nothing in, its correction divides by 0.
  @Test(arguments: [1, 3])
  func weightsThatAreNotFiniteAreNotPublished(epochs: Int) throws {
    let run = try run(
      nil,
      """
      kind: pretrain
      inputs: {model: given, texts: texts}
      params: {batch_size: 12, epochs: \(epochs), warmup_steps: 0, beta2: 1, checkpoint_seconds: 0}
      """)
    let sentence = try failure(run)
    #expect(sentence.contains("model.embed_tokens.weight holds"), "\(sentence)")
    #expect(sentence.contains("after step 1") && sentence.contains("a beta2 below 1"))
    #expect(try checkpoints(run) == [])
  }

  @Test func evaluationNamesTheProblem() throws {
    let run = try run(
      .loss,
      """
      kind: evaluate
      inputs: {model: given, problems: puzzles}
      params: {samples: 2, max_tokens: 4, template: knights_and_knaves_short}
      """)
    let sentence = try failure(run)
    let named = try #require(sentence.firstMatch(of: /problem '([^']+)'/)?.1)
    let puzzle = try run.rows("puzzles", "problems").first { $0["id"]?.string == String(named) }
    #expect("\(try #require(puzzle))".contains("Zed"), "\(sentence)")
    #expect(run.parts("evaluate/completions").isEmpty)
  }

  @Test func perplexityNamesTheText() throws {
    let run = try run(
      .loss,
      """
      kind: perplexity
      inputs: {model: given}
      params: {texts: ["Ann is a knight.", "Bob is a knave.", "Zed is a knave."]}
      """)
    #expect(try failure(run).contains("text 2 a probability that is not finite"))
  }

  @Test(arguments: [Float.nan, .infinity])
  func aModelThatIsNotFiniteIsNotRead(value: Float) throws {
    let folder = try ScratchFolder()
    let model = try TrainingFixtures.model()
    let entry = try #require(model.weights.layout["model.layers.1.mlp.up_proj.weight"])
    model.weights.buffer[entry.offset + 7..<entry.offset + 8] = [value]
    let words = "up_proj.weight' holds \(value) at element 7"
    let file = folder.url.appending(path: "model.h5")
    let refused = #expect(throws: ModelImportError.self) { try model.write(to: file) }
    #expect(refused?.description.contains(words) == true, "\(refused as Any)")
    model.weights.buffer[entry.offset + 7..<entry.offset + 8] = [1.25]
    try model.write(to: file)
    var bytes = try Data(contentsOf: file)
    let place = try #require(bytes.range(of: Self.bytes(model, around: entry.offset + 7)))
    withUnsafeBytes(of: value) {
      bytes.replaceSubrange(place.lowerBound + 8..<place.lowerBound + 12, with: $0)
    }
    try bytes.write(to: file)
    let error = #expect(throws: ModelImportError.self) { try ModelArtifact(contentsOf: file) }
    #expect(error?.description.contains(words) == true, "\(error as Any)")
  }

  /// A weight as it lies in a file, with two neighbours on either side.
  private static func bytes(_ model: ModelArtifact, around index: Int) -> Data {
    model.weights.buffer[index - 2..<index + 3].withUnsafeBytes { Data($0) }
  }
}
