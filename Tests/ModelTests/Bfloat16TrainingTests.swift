import Model
import Testing

/// Training whose products round their factors, emulated where the processor cannot do it.
@Suite("bfloat16 training")
struct Bfloat16TrainingTests {
  private static func batch() -> PackedBatch {
    var batch = PackedBatch()
    batch.append(
      prompt: RandomModel.tokens(5, "prompt"),
      completions: [6, 1, 9].map { RandomModel.tokens($0, "completion \($0)") })
    batch.append(RandomModel.tokens(11, "other"), inLoss: (0..<11).map { $0 > 4 && $0 != 7 })
    return batch
  }

  private static func engine(
    _ precision: Precision, _ architecture: ModelConfiguration.Architecture = .llama, tied: Bool,
    threads: Int = 2
  ) -> (TrainingEngine, [TokenScore]) {
    let weights = RandomModel.weights(architecture: architecture, tied: tied)
    let engine = TrainingEngine(
      weights: weights, pool: WorkerPool(threads: threads), precision: precision)
    let batch = batch()
    let coefficients = RandomModel.coefficients(batch.targets.count)
    let scores = engine.backward(batch, temperature: 0.7, coefficients: coefficients)
    return (engine, scores)
  }

  @Test(
    "gradients point where those of float32 do",
    arguments: ModelConfiguration.Architecture.allCases, [true, false])
  func gradients(_ architecture: ModelConfiguration.Architecture, tied: Bool) {
    let (rounded, scores) = Self.engine(.bfloat16, architecture, tied: tied)
    let (exact, exactScores) = Self.engine(.float32, architecture, tied: tied)
    for (score, expected) in zip(scores, exactScores) {
      #expect(abs(score.logProbability - expected.logProbability) < 0.1)
    }
    for entry in exact.weights.layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let (a, b) = (rounded.gradients[range], exact.gradients[range])
      func dot(_ x: [Float], _ y: [Float]) -> Double {
        zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      #expect(dot(a, b) > 0.995 * (dot(a, a) * dot(b, b)).squareRoot(), "\(entry.name)")
      #expect(a != b, "\(entry.name) is not rounded")
    }
  }

  @Test("results do not depend on the threads")
  func threads() {
    let (one, scores) = Self.engine(.bfloat16, tied: true, threads: 1)
    let (three, otherScores) = Self.engine(.bfloat16, tied: true, threads: 3)
    #expect(scores == otherScores)
    let all = 0..<one.gradients.count
    #expect(one.gradients[all] == three.gradients[all])
  }
}
