import Foundation
import Model
import Testing

/// Gradients against differences of the loss, for every kind of parameter.
@Suite("Finite differences", .serialized)
struct FiniteDifferenceTests {
  /// How sequences lie in the batch.
  enum Arrangement: CaseIterable {
    /// End to end.
    case packed
    /// A prompt once, with several completions.
    case sharedPrompt
    /// Both.
    case mixed
  }

  struct Model: Sendable, CustomTestStringConvertible {
    let architecture: ModelConfiguration.Architecture
    let tied: Bool

    var testDescription: String { "\(architecture), \(tied ? "tied" : "untied")" }

    /// What its parameters are called, without the numbers of blocks.
    var kinds: Set<String> {
      let biases =
        architecture == .qwen2 ? ["q", "k", "v"].map { "self_attn.\($0)_proj.bias" } : []
      let head = tied ? [] : ["lm_head.weight"]
      let norms =
        switch architecture {
        case .llama, .qwen2, .smollm3: ["input_layernorm", "post_attention_layernorm"]
        case .qwen3:
          ["input_layernorm", "post_attention_layernorm", "self_attn.q_norm", "self_attn.k_norm"]
        case .olmo2:
          [
            "post_attention_layernorm", "post_feedforward_layernorm", "self_attn.q_norm",
            "self_attn.k_norm",
          ]
        case .gemma3:
          [
            "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
            "post_feedforward_layernorm", "self_attn.q_norm", "self_attn.k_norm",
          ]
        }
      return Set(
        biases + head
          + ["model.embed_tokens.weight", "model.norm.weight"]
          + norms.map { "\($0).weight" }
          + ["q", "k", "v", "o"].map { "self_attn.\($0)_proj.weight" }
          + ["gate", "up", "down"].map { "mlp.\($0)_proj.weight" })
    }
  }

  private static let models = [
    Model(architecture: .qwen2, tied: true), Model(architecture: .qwen2, tied: false),
    Model(architecture: .llama, tied: true), Model(architecture: .llama, tied: false),
    Model(architecture: .qwen3, tied: true), Model(architecture: .olmo2, tied: false),
    Model(architecture: .smollm3, tied: true), Model(architecture: .gemma3, tied: true),
    Model(architecture: .gemma3, tied: false),
  ]

  private static func batch(_ arrangement: Arrangement) -> PackedBatch {
    var batch = PackedBatch()
    if arrangement != .packed {
      batch.append(
        prompt: RandomModel.tokens(5, "prompt"),
        completions: [6, 1, 9].map { RandomModel.tokens($0, "completion \($0)") })
    }
    if arrangement != .sharedPrompt {
      batch.append(RandomModel.tokens(8, "single"), inLoss: [Bool](repeating: true, count: 8))
      batch.append(RandomModel.tokens(11, "other"), inLoss: (0..<11).map { $0 > 4 && $0 != 7 })
    }
    return batch
  }

  @Test("of every parameter", arguments: models, Arrangement.allCases)
  func everyParameter(_ model: Model, _ arrangement: Arrangement) {
    let weights = RandomModel.weights(architecture: model.architecture, tied: model.tied)
    for temperature in [1, 0.6] as [Float] {
      let batch = Self.batch(arrangement)
      let coefficients = RandomModel.coefficients(batch.targets.count)
      let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
      engine.backward(batch, temperature: temperature, coefficients: coefficients)
      func loss() -> Double {
        zip(engine.logProbabilities(batch, temperature: temperature), coefficients)
          .reduce(0) { $0 + Double($1.0.logProbability) * Double($1.1) }
      }
      var kinds: Set<String> = []
      for entry in weights.layout.entries {
        kinds.insert(entry.name.replacing(/^model\.layers\.\d+\./, with: ""))
        let gradient = engine.gradients[entry.offset..<entry.offset + entry.count]
        let scale = gradient.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
        #expect(scale > 1e-3, "\(entry.name) has no gradient")
        for seed in 0..<2 as Range<UInt64> {
          let direction = Self.direction(entry, seed)
          let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
          let slope = Self.slope(weights, entry, direction, loss)
          #expect(
            abs(slope - expected) < 4e-3 * max(scale, 0.1), "\(entry.name), \(slope), \(expected)")
        }
      }
      #expect(kinds == model.kinds)
    }
  }

  /// A random corner of a cube.
  private static func direction(_ entry: ParameterLayout.Placement, _ seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, "direction", entry.name)
    return (0..<entry.count).map { _ in stream.integer(below: 2) == 0 ? -1 : 1 }
  }

  /// The loss's derivative along a direction, by differences of fourth order.
  private static func slope(
    _ weights: Weights, _ entry: ParameterLayout.Placement, _ direction: [Float],
    _ loss: () -> Double
  ) -> Double {
    let range = entry.offset..<entry.offset + entry.count
    let values = weights.buffer[range]
    defer { weights.buffer[range] = values }
    func moved(by step: Float) -> Double {
      weights.buffer[range] = zip(values, direction).map { $0 + step * $1 }
      return loss()
    }
    let step: Float = 2e-3
    let near = moved(by: step) - moved(by: -step)
    let far = moved(by: 2 * step) - moved(by: -2 * step)
    return (8 * near - far) / (12 * Double(step))
  }
}
