import Foundation
import Model
import Testing

@Suite("AdamW")
struct OptimiserTests {
  private let pool = WorkerPool(threads: 2)

  private static func gradients(_ weights: Weights, seed: UInt64) -> FloatBuffer {
    let gradients = FloatBuffer(count: weights.layout.count)
    var stream = RandomStream(seed: seed, "gradients")
    gradients[0..<gradients.count] = (0..<gradients.count).map { _ in Float(stream.normal()) }
    return gradients
  }

  @Test("a stopped run goes on to the same bits, on any number of threads")
  func resuming() throws {
    let parameters = AdamW.Parameters(weightDecay: 0.1)
    let whole = RandomModel.weights()
    var optimiser = AdamW(whole.layout, parameters)
    var stopped = AdamW(whole.layout, parameters)
    let continued = Weights(copying: whole)
    for step in 0..<4 {
      let gradients = Self.gradients(whole, seed: UInt64(step))
      try optimiser.step(
        whole.buffer, gradients: gradients, learningRate: 0.01, maxGradientNorm: 1, pool: pool)
      if step == 2 {
        var resumed = AdamW(whole.layout, parameters)
        resumed.firstMoments.copy(from: stopped.firstMoments)
        resumed.secondMoments.copy(from: stopped.secondMoments)
        resumed.stepCount = stopped.stepCount
        stopped = resumed
      }
      try stopped.step(
        continued.buffer, gradients: gradients, learningRate: 0.01, maxGradientNorm: 1,
        pool: WorkerPool(threads: 1))
    }
    #expect(continued.buffer.values == whole.buffer.values)
    #expect(stopped.secondMoments.values == optimiser.secondMoments.values)
  }

  @Test("the norm is that before clipping, and clipping scales")
  func clipping() throws {
    let gradients = Self.gradients(RandomModel.weights(), seed: 1)
    let expected = gradients.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let clipped = RandomModel.weights()
    var optimiser = AdamW(clipped.layout)
    let norm = try optimiser.step(
      clipped.buffer, gradients: gradients, learningRate: 0.01, maxGradientNorm: 0.5, pool: pool)
    #expect(abs(norm / expected - 1) < 1e-12)
    let first = try #require(optimiser.firstMoments.values.first)
    let scale = Float(0.5 / expected)
    #expect(abs(first - 0.1 * scale * gradients[0..<1][0]) < 1e-6 * abs(first) + 1e-9)
    var unclipped = AdamW(clipped.layout)
    try unclipped.step(
      RandomModel.weights().buffer, gradients: gradients, learningRate: 0.01, maxGradientNorm: nil,
      pool: pool)
    #expect(abs(unclipped.firstMoments.values[0] - 0.1 * gradients[0..<1][0]) < 1e-6)
  }

  @Test(
    "a gradient that is not finite is named, and nothing changes",
    arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    let weights = RandomModel.weights()
    let before = weights.buffer.values
    let gradients = Self.gradients(weights, seed: 1)
    let name = "model.layers.1.mlp.up_proj.weight"
    let entry = try #require(weights.layout[name])
    gradients[entry.offset + 5..<entry.offset + 6] = [value]
    var optimiser = AdamW(weights.layout)
    #expect(throws: OptimiserError.gradientNotFinite(parameter: name, step: 1)) {
      try optimiser.step(
        weights.buffer, gradients: gradients, learningRate: 0.1, maxGradientNorm: 1, pool: pool)
    }
    #expect(weights.buffer.values == before && optimiser.stepCount == 0)
    #expect(optimiser.firstMoments.values.allSatisfy { $0 == 0 })
  }

  @Test("biases and norms do not decay")
  func decay() throws {
    let weights = RandomModel.weights()
    let before = Weights(copying: weights)
    var optimiser = AdamW(weights.layout, AdamW.Parameters(weightDecay: 0.5))
    try optimiser.step(
      weights.buffer, gradients: FloatBuffer(count: weights.layout.count), learningRate: 0.1,
      maxGradientNorm: nil, pool: pool)
    for entry in weights.layout.entries {
      let exempt = entry.name.contains("bias") || entry.name.contains("norm")
      let old = try #require(before[entry.name])
      let expected = exempt ? old : old.map { $0 * 0.95 }
      #expect(relativeDifference(try #require(weights[entry.name]), expected) < 1e-6)
    }
  }
}

@Suite("Learning rate schedules")
struct LearningRateScheduleTests {
  private static let corners: [(LearningRateSchedule, [(Int, Double)])] = [
    (.constantWithWarmup(steps: 0), [(0, 1), (100, 1)]),
    (.constantWithWarmup(steps: 4), [(0, 0), (1, 0.25), (4, 1), (100, 1)]),
    (.linear(warmup: 2, total: 12), [(0, 0), (1, 0.5), (2, 1), (7, 0.5), (12, 0), (20, 0)]),
    (.linear(warmup: 0, total: 0), [(0, 1)]),
    (.cosine(warmup: 2, total: 12, floor: 0.1), [(0, 0), (2, 1), (7, 0.55), (12, 0.1), (20, 0.1)]),
  ]

  @Test("rates at the corners", arguments: corners)
  func rates(schedule: LearningRateSchedule, expected: [(Int, Double)]) {
    for (step, rate) in expected {
      #expect(abs(schedule.rate(step: step, base: 2) - 2 * rate) < 1e-12, "step \(step)")
    }
  }
}
