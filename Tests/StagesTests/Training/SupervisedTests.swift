import Base
import Foundation
import Model
import Runner
import Stages
import Testing

@Suite struct SupervisedTests {
  @Test(arguments: [(10, 3), (12, 4), (5, 8), (1, 1)])
  func anEpochIsAPermutation(count: Int, batchSize: Int) {
    let plan = EpochPlan(count: count, batchSize: batchSize, seed: 7)
    #expect(plan.stepsPerEpoch == (count + batchSize - 1) / batchSize)
    for epoch in 0..<3 {
      let steps = (1...plan.stepsPerEpoch).map {
        plan.indices(step: epoch * plan.stepsPerEpoch + $0)
      }
      #expect(steps.flatMap(\.self).sorted() == Array(0..<count))
      #expect(steps.dropLast().allSatisfy { $0.count == batchSize })
    }
  }

  @Test func anOrderBelongsToSeedAndEpoch() {
    func epoch(_ number: Int, seed: Int) -> [Int] {
      let plan = EpochPlan(count: 30, batchSize: 10, seed: seed)
      return (1...3).flatMap { plan.indices(step: 3 * number + $0) }
    }
    #expect(epoch(0, seed: 1) != epoch(1, seed: 1))
    #expect(epoch(0, seed: 1) != epoch(0, seed: 2))
    // A run that goes on at any step sees what an undisturbed run sees.
    let undisturbed = EpochPlan(count: 30, batchSize: 10, seed: 1)
    let seen = (1...9).map { Array(undisturbed.indices(step: $0)) }
    let resumed = EpochPlan(count: 30, batchSize: 10, seed: 1)
    #expect(Array(resumed.indices(step: 8)) == seen[7])
    #expect(Array(resumed.indices(step: 9)) == seen[8])
  }

  @Test func promptsAreLeftOutAndTheEndIsLearned() throws {
    let model = try TrainingFixtures.model()
    // Together these would be one token.
    let (prompt, completion) = ("Ann is a kni", "ght. Bob")
    let example = try SupervisedExample(prompt: prompt, completion: completion, model: model)
    let before = model.tokenizer.encode(prompt)
    let after = model.tokenizer.encode(completion)
    #expect(model.tokenizer.encode(prompt + completion).count < before.count + after.count)
    #expect(example.tokens == before + after + [0])
    #expect(example.firstTarget == before.count)
    #expect(example.targetCount == after.count + 1)
    #expect(example.inLoss == before.map { _ in false } + after.map { _ in true } + [true])
  }

  @Test func theEndCanBeLeftOut() throws {
    let model = try TrainingFixtures.model()
    let (learned, masked) = try (
      SupervisedExample(prompt: "Ann is a ", completion: "knight.", model: model),
      SupervisedExample(
        prompt: "Ann is a ", completion: "knight.", supervisesEnd: false, model: model)
    )
    #expect(masked.tokens == learned.tokens)
    #expect(masked.inLoss == learned.inLoss.dropLast() + [false])
    #expect(masked.targetCount == learned.targetCount - 1)
    let empty = try SupervisedExample(
      prompt: "Ann", completion: "", supervisesEnd: false, model: model)
    #expect(empty.targetCount == 0 && !empty.inLoss.contains(true))
  }

  // MARK: The loss

  private static let lengths = [3, 9, 1, 6, 4]

  /// Five examples; a pack holds them all, micro-batches of 2 leave one over.
  private func examples(_ model: ModelArtifact) throws -> [SupervisedExample] {
    try Self.lengths.map { length in
      let example = try SupervisedExample(
        prompt: "Bob", completion: String(repeating: "z", count: length - 1), model: model)
      #expect(example.targetCount == length)
      return example
    }
  }

  private func loss(_ normaliser: PolicyLoss.Normaliser) -> SupervisedLoss {
    var loss = SupervisedLoss()
    loss.normaliser = normaliser
    (loss.microbatch, loss.maxTokens) = (2, 10)
    return loss
  }

  /// What each example's part is divided by, by hand.
  private static let divisors: [(PolicyLoss.Normaliser, [Double])] = [
    (.batchTokens, [23, 23, 23, 23, 23]),
    (.microbatchTokens, [3 * 12, 3 * 12, 3 * 7, 3 * 7, 3 * 4]),
    (.sequence, [5 * 3, 5 * 9, 5 * 1, 5 * 6, 5 * 4]),
    (.constant, [50, 50, 50, 50, 50]),
  ]

  @Test(arguments: divisors)
  func aBatchIsDividedAsSaid(normaliser: PolicyLoss.Normaliser, divisors: [Double]) throws {
    let model = try TrainingFixtures.model()
    let examples = try examples(model)
    let engine = TrainingEngine(weights: model.weights, pool: WorkerPool(threads: 1))
    engine.zeroGradients()
    var wanted = 0.0
    for (example, divisor) in zip(examples, divisors) {
      var batch = PackedBatch()
      batch.append(example.tokens, inLoss: example.inLoss)
      let scores = engine.backward(
        batch, coefficients: [Float](repeating: Float(-1 / divisor), count: example.targetCount))
      wanted -= scores.reduce(0) { $0 + Double($1.logProbability) } / divisor
    }
    let alone = engine.gradients[0..<engine.gradients.count]
    engine.zeroGradients()
    let logProbabilities = loss(normaliser).accumulate(examples, engine)
    let together = engine.gradients[0..<engine.gradients.count]
    let value = loss(normaliser).value(of: examples, logProbabilities: logProbabilities)
    #expect(wanted > 1 && abs(value - wanted) < 1e-6 * wanted)
    let largest = alone.map(abs).max() ?? 0
    let difference = zip(together, alone).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest > 1e-3 && difference < 2e-5 * largest, "\(difference) of \(largest)")
  }

  /// The gradient is that of the loss that is logged.
  @Test func theGradientIsThatOfTheMeanOfMeans() throws {
    let model = try TrainingFixtures.model()
    let examples = try examples(model)
    let engine = TrainingEngine(weights: model.weights, pool: WorkerPool(threads: 1))
    let loss = loss(.microbatchTokens)
    func value() -> Double {
      engine.zeroGradients()
      return loss.value(of: examples, logProbabilities: loss.accumulate(examples, engine))
    }
    _ = value()
    let gradients = engine.gradients[0..<engine.gradients.count]
    let places = gradients.indices.sorted { abs(gradients[$0]) > abs(gradients[$1]) }.prefix(5)
    let step: Float = 1e-2
    for place in places {
      let weight = model.weights.buffer[place..<place + 1][0]
      let ends = [weight + step, weight - step].map { end -> Double in
        model.weights.buffer[place..<place + 1] = [end]
        return value()
      }
      model.weights.buffer[place..<place + 1] = [weight]
      let slope = (ends[0] - ends[1]) / Double(2 * step)
      #expect(abs(slope - Double(gradients[place])) < 0.02 * abs(slope), "at \(place)")
    }
  }

  /// What was added later changes no key where it says nothing.
  @Test func defaultsStayOutOfTheKey() throws {
    func identity(_ params: String) throws -> JSONValue {
      let recipe = try Recipe.parse(
        """
        version: 1
        name: x
        stages:
          base: {kind: pretrained_model, params: {source: models/x}}
          puzzles: {kind: knights_and_knaves}
          traces: {kind: write_traces, inputs: {problems: puzzles}}
          warmed: {kind: distill, inputs: {model: base, traces: traces}, params: {\(params)}}
        """, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
      return try #require(recipe.instances.first { $0.name == "warmed" }).identity
    }
    let plain = try identity("")
    #expect(try identity("normaliser: batch_tokens, microbatch: 2, supervise_end: true") == plain)
    #expect(try identity("normaliser: microbatch_tokens") != plain)
    #expect(try identity("supervise_end: false") != plain)
  }

  @Test func everyTokenOfATextIsLearned() throws {
    let model = try TrainingFixtures.model()
    let text = "Bob is a knave."
    let example = try SupervisedExample(text: text, model: model)
    let tokens = model.tokenizer.encode(text)
    #expect(example.tokens == [0] + tokens + [0])
    #expect(example.targetCount == tokens.count + 1)
    #expect(example.inLoss == [false] + tokens.map { _ in true } + [true])
  }

  @Test func anEmptyPromptPredictsNothingFromNothing() throws {
    let model = try TrainingFixtures.model()
    let example = try SupervisedExample(prompt: "", completion: "Bob", model: model)
    #expect(example.inLoss.first == false)
    #expect(example.inLoss.count(where: { $0 }) == example.targetCount)
  }

  @Test func aModelWithoutAnEndCannotLearnToStop() throws {
    let model = try TrainingFixtures.model(endTokens: [])
    #expect(throws: StageError.self) {
      try SupervisedExample(prompt: "a", completion: "b", model: model)
    }
  }
}
