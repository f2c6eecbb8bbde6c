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
