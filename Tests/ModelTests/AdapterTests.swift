import Foundation
import Model
import Testing

/// Training by low-rank adapters.
@Suite("Adapters", .serialized)
struct AdapterTests {
  private static func lora(
    _ targets: [LinearLayer] = LinearLayer.allCases, base: Precision = .float32
  ) -> LoRA {
    var lora = LoRA()
    (lora.rank, lora.alpha, lora.targets, lora.base) = (5, 8, targets, base)
    return lora
  }

  /// Adapters of which no factor is at its initial value.
  private static func adapters(_ weights: Weights, _ lora: LoRA) -> Adapters {
    let adapters = Adapters(weights.configuration, lora)
    var stream = RandomStream(seed: 3, "adapters")
    adapters.buffer[0..<adapters.buffer.count] = (0..<adapters.buffer.count).map { _ in
      0.2 * Float(stream.normal())
    }
    return adapters
  }

  private static func batch() -> PackedBatch {
    var batch = PackedBatch()
    batch.append(
      prompt: RandomModel.tokens(5, "prompt"),
      completions: [6, 1, 9].map { RandomModel.tokens($0, "completion \($0)") })
    batch.append(RandomModel.tokens(300, "other"), inLoss: (0..<300).map { $0 > 4 && $0 != 7 })
    return batch
  }

  private static func engine(
    _ weights: Weights, _ adapters: Adapters?, threads: Int = 2
  ) -> TrainingEngine {
    TrainingEngine(weights: weights, adapters: adapters, pool: WorkerPool(threads: threads))
  }

  private static func bits(_ scores: [TokenScore]) -> [UInt32] {
    scores.flatMap { [$0.logProbability.bitPattern, $0.entropy.bitPattern] }
  }

  /// The model with its adapters, as it is published.
  private static func merged(_ weights: Weights, _ adapters: Adapters) -> Weights {
    let merged = Weights(weights.configuration)
    for entry in merged.layout.entries {
      weights.withValues(of: weights.layout[entry.name]!, merging: adapters) { values in
        _ = merged.setValues(of: entry) {
          $0.baseAddress!.update(from: values.baseAddress!, count: values.count)
        }
      }
    }
    return merged
  }

  @Test("start as PEFT's, and change nothing")
  func initial() {
    let weights = RandomModel.weights()
    let lora = Self.lora([.down, .query])
    #expect(lora.targets == [.query, .down])
    let adapters = Adapters.initial(weights.configuration, lora, seed: 1)
    var names: [String] = []
    for entry in adapters.layout.entries {
      let values = adapters.buffer[entry.range]
      names.append(entry.name)
      if entry.name.hasSuffix("lora_B.weight") {
        #expect(values.allSatisfy { $0 == 0 } && entry.shape[1] == lora.rank)
      } else {
        let bound = 1 / Float(entry.shape[1]).squareRoot()
        let square = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
        #expect(entry.shape[0] == lora.rank && values.allSatisfy { abs($0) <= bound })
        #expect(abs(square / (bound * bound / 3) - 1) < 0.3)
      }
    }
    #expect(names.count == 8 && Set(names).count == 8)
    #expect(names[0] == "model.layers.0.self_attn.q_proj.lora_A.weight")
    let other = Adapters.initial(weights.configuration, lora, seed: 2)
    #expect(other.buffer.values != adapters.buffer.values)
    let plain = Self.engine(weights, nil).logProbabilities(Self.batch())
    #expect(
      Self.bits(Self.engine(weights, adapters).logProbabilities(Self.batch())) == Self.bits(plain))
  }

  @Test(
    "have the gradients that differences of the loss give",
    arguments: ModelConfiguration.Architecture.allCases)
  func finiteDifferences(_ architecture: ModelConfiguration.Architecture) {
    let weights = RandomModel.weights(architecture: architecture)
    let adapters = Self.adapters(weights, Self.lora())
    let engine = Self.engine(weights, adapters)
    var batch = PackedBatch()
    batch.append(
      prompt: RandomModel.tokens(5, "prompt"),
      completions: [6, 1, 9].map { RandomModel.tokens($0, "completion \($0)") })
    let coefficients = RandomModel.coefficients(batch.targets.count)
    engine.backward(batch, temperature: 0.6, coefficients: coefficients)
    #expect(engine.gradients.count == adapters.layout.count)
    for entry in adapters.layout.entries {
      let gradient = engine.gradients[entry.range]
      let scale = gradient.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
      #expect(scale > 1e-3, "\(entry.name) has no gradient")
      var stream = RandomStream(seed: 1, "direction", entry.name)
      let direction: [Float] = gradient.map { _ in stream.integer(below: 2) == 0 ? -1 : 1 }
      let values = adapters.buffer[entry.range]
      func loss(_ step: Float) -> Double {
        adapters.buffer[entry.range] = zip(values, direction).map { $0 + step * $1 }
        defer { adapters.buffer[entry.range] = values }
        return zip(engine.logProbabilities(batch, temperature: 0.6), coefficients)
          .reduce(0) { $0 + Double($1.0.logProbability) * Double($1.1) }
      }
      let step: Float = 2e-3
      let (near, far) = (loss(step) - loss(-step), loss(2 * step) - loss(-2 * step))
      let slope = (8 * near - far) / (12 * Double(step))
      let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      #expect(
        abs(slope - expected) < 4e-3 * max(scale, 0.1), "\(entry.name), \(slope), \(expected)")
    }
  }

  @Test("are the same bits merged and apart, in training and sampling; and can be switched off")
  func merging() throws {
    let weights = RandomModel.weights()
    let before = weights.buffer.values
    let adapters = Self.adapters(weights, Self.lora([.key, .output, .gate, .down]))
    let merged = Self.merged(weights, adapters)
    #expect(merged.buffer.values != before)
    let engine = Self.engine(weights, adapters)
    let whole = Self.engine(merged, nil)
    func scores(_ engine: TrainingEngine, adapted: Bool = true) -> [UInt32] {
      Self.bits(engine.logProbabilities(Self.batch(), adapted: adapted))
    }
    #expect(scores(engine) == scores(whole))
    #expect(scores(engine, adapted: false) == scores(Self.engine(weights, nil)))
    #expect(scores(engine, adapted: false) != scores(engine))
    // The backward pass goes through the same weights: a layer without adapters has, in the whole
    // model, the gradient that makes those of the adapters.
    let requests = [
      SamplingRequest(
        prompt: RandomModel.tokens(70, "p"),
        streams: [RandomStream(seed: 1), RandomStream(seed: 2)])
    ]
    let options = SamplingOptions(maxNewTokens: 30)
    let sampler = Sampler(weights: weights, adapters: adapters, pool: WorkerPool(threads: 2))
    let other = Sampler(weights: merged, pool: WorkerPool(threads: 1))
    let completions = try sampler.generate(requests, options: options)
    #expect(completions == (try other.generate(requests, options: options)))
    #expect(weights.buffer.values == before)
    // The sampler reads them as they are at each call.
    adapters.buffer[0..<adapters.buffer.count] = [Float](repeating: 0, count: adapters.buffer.count)
    #expect(try sampler.generate(requests, options: options) != completions)
  }

  /// dA = s B^T dW and dB = s dW A^T, where dW is the gradient of the whole model's weight.
  @Test("have the gradients that those of the merged weights make")
  func chainRule() throws {
    let weights = RandomModel.weights()
    let adapters = Self.adapters(weights, Self.lora())
    let coefficients = RandomModel.coefficients(Self.batch().targets.count)
    let engine = Self.engine(weights, adapters)
    let whole = Self.engine(Self.merged(weights, adapters), nil)
    engine.backward(Self.batch(), coefficients: coefficients)
    whole.backward(Self.batch(), coefficients: coefficients)
    for entry in weights.layout.entries {
      let name = entry.name.dropLast("weight".count)
      guard let a = adapters.layout[name + "lora_A.weight"],
        let b = adapters.layout[name + "lora_B.weight"]
      else { continue }
      let dWeight = whole.gradients[entry.range]
      let (rank, inputs, outputs) = (a.shape[0], a.shape[1], b.shape[0])
      let (aValues, bValues) = (adapters.buffer[a.range], adapters.buffer[b.range])
      let scale = adapters.lora.scale
      var dA = [Float](repeating: 0, count: a.count)
      var dB = [Float](repeating: 0, count: b.count)
      for row in 0..<outputs {
        for k in 0..<rank {
          for column in 0..<inputs {
            let gradient = scale * dWeight[row * inputs + column]
            dA[k * inputs + column] += bValues[row * rank + k] * gradient
            dB[row * rank + k] += gradient * aValues[k * inputs + column]
          }
        }
      }
      #expect(relativeDifference(engine.gradients[a.range], dA) < 2e-5, "\(a.name)")
      #expect(relativeDifference(engine.gradients[b.range], dB) < 2e-5, "\(b.name)")
    }
  }

  @Test("train to the same bits on any number of threads, resumed or not")
  func threads() throws {
    func train(threads: Int, resumedAt: Int?) throws -> [UInt32] {
      let weights = RandomModel.weights()
      var adapters = Self.adapters(weights, Self.lora([.query, .value, .up]))
      var engine = Self.engine(weights, adapters, threads: threads)
      var optimiser = AdamW(adapters.layout)
      for step in 0..<3 {
        if step == resumedAt {
          let copy = Adapters(weights.configuration, adapters.lora)
          copy.buffer.copy(from: adapters.buffer)
          adapters = copy
          engine = Self.engine(weights, adapters, threads: threads)
        }
        engine.zeroGradients()
        engine.backward(
          Self.batch(), coefficients: RandomModel.coefficients(Self.batch().targets.count))
        try optimiser.step(
          engine.trained, gradients: engine.gradients, learningRate: 0.01, maxGradientNorm: 1,
          pool: engine.pool)
      }
      return adapters.buffer.values.map(\.bitPattern)
    }
    let expected = try train(threads: 1, resumedAt: nil)
    for (threads, resumedAt) in [(2, nil), (3, 2), (5, 1)] as [(Int, Int?)] {
      #expect(try train(threads: threads, resumedAt: resumedAt) == expected)
    }
  }

  /// Weights that bfloat16 has are the same model however they are held; others are rounded, and
  /// counted.
  @Test("over weights in bfloat16 are those over the same weights in float32")
  func heldInBfloat16() throws {
    let source = RandomModel.weights(tied: false)
    let held = Weights(source.configuration, layers: .bfloat16)
    let rounded = Weights(source.configuration)
    var changed = 0
    for entry in source.layout.entries {
      let values = source[entry.name]!
      func write(_ weights: Weights) -> Int {
        weights.setValues(of: weights.layout[entry.name]!) { _ = $0.update(from: values) }
      }
      changed += write(held)
      let isLayer = held.layout[entry.name]!.precision == .bfloat16
      #expect(isLayer == (entry.name.contains("_proj.weight")))
      let expected = isLayer ? values.map { Precision.bfloat16.rounded($0) } : values
      _ = rounded.setValues(of: entry) { _ = $0.update(from: expected) }
      #expect(held[entry.name] == expected)
      #expect(rounded[entry.name] == expected)
    }
    #expect(changed == zip(source.buffer.values, rounded.buffer.values).count { $0.0 != $0.1 })
    #expect(changed > 0)
    #expect(held.layout.byteCount < source.layout.byteCount)
    let results = [held, rounded].map { weights in
      let engine = Self.engine(weights, Self.adapters(weights, Self.lora()))
      let scores = engine.backward(
        Self.batch(), coefficients: RandomModel.coefficients(Self.batch().targets.count))
      return Self.bits(scores) + engine.gradients.values.map(\.bitPattern)
        + Self.bits(engine.logProbabilities(Self.batch(), adapted: false))
    }
    #expect(results[0] == results[1])
    let merged = [held, rounded].map { weights in
      Self.merged(weights, Self.adapters(weights, Self.lora())).buffer.values
    }
    #expect(merged[0] == merged[1])
    let samples = try [held, rounded].map { weights in
      try Sampler(
        weights: weights, adapters: Self.adapters(weights, Self.lora([.up])),
        pool: WorkerPool(threads: 2)
      ).generate(
        [SamplingRequest(prompt: RandomModel.tokens(9, "p"), streams: [RandomStream(seed: 1)])],
        options: SamplingOptions(maxNewTokens: 20))
    }
    #expect(samples[0] == samples[1])
  }
}
