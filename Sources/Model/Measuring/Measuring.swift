import CKernels
import COpenBLAS
import Foundation

/// What the machine can do at best: how fast it multiplies matrices and reads memory.
package struct MachineRates: Sendable {
  /// Floating-point operations a second in a large matrix product, on all threads of the pool.
  package let operations: Double
  /// Bytes a second read from memory, on all threads of the pool.
  package let bytes: Double

  /// Measures; takes about a second.
  /// - Parameter precision: What matrices are multiplied in, if the processor can.
  package init(pool: WorkerPool, precision: Precision = .float32) {
    operations = Self.operations(
      pool, inPairs: precision == .bfloat16 && Precision.hasInstructionsForBfloat16)
    bytes = Self.bytes(pool)
  }

  /// Products of the size that a feed-forward layer of a small model has, one for each thread.
  private static func operations(_ pool: WorkerPool, inPairs: Bool) -> Double {
    let (rows, columns, inner) = (512, 1536, 576)
    let share = rows * inner + columns * inner + rows * columns
    let memory = FloatBuffer(count: share * pool.threadCount)
    let repeats = 8
    let panels = PanelFactor(inner: inner, columns: columns, inPairs ? .bfloat16Pairs : .float32)
    let seconds = fastest(of: 5) {
      pool.parallel(pool.threadCount) { task, _ in
        let x = Matrix(memory.base + task * share, rows: rows, columns: inner)
        let w = Matrix(x.base + rows * inner, rows: columns, columns: inner)
        let y = Matrix(w.base + columns * inner, rows: rows, columns: columns)
        for _ in 0..<repeats {
          if inPairs {
            panels.multiply(x.plain, into: y)
          } else {
            y.setProduct(x.plain, w.transposed)
          }
        }
      }
    }
    return Double(2 * rows * columns * inner * repeats * pool.threadCount) / seconds
  }

  /// A sum over far more numbers than any cache holds.
  private static func bytes(_ pool: WorkerPool) -> Double {
    let memory = FloatBuffer(count: 1 << 26)
    let pieces = WorkerPool.split(memory.count, into: 64 * pool.threadCount)
    var sums = [Float](repeating: 0, count: pieces.count)
    let seconds = sums.withUnsafeMutableBufferPointer { sums in
      fastest(of: 5) {
        pool.parallel(pieces.count) { task, _ in
          sums[task] = ck_sum(
            PanelFactor.instructionSet, memory.base + pieces[task].lowerBound, pieces[task].count)
        }
      }
    }
    return Double(memory.count * MemoryLayout<Float>.stride) / seconds
  }

  private static func fastest(of repeats: Int, _ body: () -> Void) -> Double {
    (0..<repeats).map { _ in Stopwatch.seconds(of: body) }.min() ?? .infinity
  }
}

/// The least time that a piece of work can take: operations over the matrix rate, bytes over the
/// memory rate. What else an engine does comes on top.
package struct WorkFloor: Sendable {
  private let configuration: ModelConfiguration
  private let rates: MachineRates
  /// Bytes of a weight as decoding reads it.
  private let weightBytes: Double

  package init(_ configuration: ModelConfiguration, _ rates: MachineRates, weightBytes: Int = 4) {
    self.configuration = configuration
    self.rates = rates
    self.weightBytes = Double(weightBytes)
  }

  /// Weights that take part in a product for every token: all but the embedding and the norms.
  private var blockWeights: Double {
    let c = configuration
    let heads = (2 * c.headCount + 2 * c.keyValueHeadCount) * c.headSize
    return Double(c.layerCount * c.hiddenSize * (heads + 3 * c.intermediateSize))
  }

  private var headWeights: Double {
    Double(configuration.vocabularySize * configuration.hiddenSize)
  }

  /// Operations of attention for one token that sees `keys` keys: two products.
  private func attention(keys: Double) -> Double {
    let c = configuration
    return 4 * c.visibleKeys(keys) * Double(c.headCount * c.headSize)
  }

  /// Seconds of forward pass, backward pass and AdamW.
  ///
  /// A weight takes 2 operations a token forward and 4 backward; an optimiser step reads weight,
  /// gradient and both moments, writes three of them, and the gradient is cleared and read once
  /// more for its norm. Of frozen weights there are no gradients, which leaves 2 operations backward.
  /// - Parameters:
  ///   - rows: Tokens that are computed.
  ///   - targets: Tokens whose logits are computed.
  ///   - keys: How many keys a token sees on average.
  ///   - adapters: How many numbers are trained in the weights' place; nil trains the weights.
  package func training(
    rows: Int, targets: Int, keys: Double, adapters: Int? = nil
  ) -> Double {
    let weights = Double(rows) * 2 * blockWeights + Double(targets) * 2 * headWeights
    let attention = Double(rows) * attention(keys: keys)
    let trained = adapters ?? ParameterLayout(configuration).count
    return ((adapters == nil ? 3 : 2) * weights + 3 * attention) / rates.operations
      + Double(trained) * 4 * 9 / rates.bytes
  }

  /// Seconds to read a prompt and make the logits of its last token.
  package func prefill(tokens: Int) -> Double {
    Double(tokens) * (2 * blockWeights + attention(keys: Double(tokens) / 2)) / rates.operations
  }

  /// Seconds to give each of `sequences` one more token: all weights are read once, multiplied with
  /// every sequence, and every sequence's keys and values are read.
  package func decoding(sequences: Int, keys: Double) -> Double {
    let c = configuration
    let weights = blockWeights + headWeights
    let operations = Double(sequences) * (2 * weights + attention(keys: keys))
    let cached = 2 * Double(c.keyValueHeadCount * c.headSize) * c.visibleKeys(keys) * 4
    let bytes = weights * weightBytes + Double(sequences) * cached
    return max(operations / rates.operations, bytes / rates.bytes)
  }
}

/// Completions of one prompt of random tokens, all decoded together and all of the same length.
package struct SamplingWorkload: Sendable {
  package var prompt: Int
  package var sequences: Int
  package var tokens: Int

  package init(prompt: Int, sequences: Int, tokens: Int) {
    self.prompt = prompt
    self.sequences = sequences
    self.tokens = tokens
  }

  package struct Times: Sendable {
    /// Seconds to read the prompt and choose the first tokens.
    package let prefill: Double
    /// Seconds for all other tokens.
    package let decoding: Double
  }

  /// Samples at temperature 1.
  /// - Throws: `SamplingError`.
  package func run(_ sampler: Sampler, vocabularySize: Int, repetition: Int) throws -> Times {
    var stream = RandomStream(seed: 0, "bench", "prompt", repetition)
    let request = SamplingRequest(
      prompt: (0..<prompt).map { _ in Int32(stream.uniform() * Double(vocabularySize)) },
      streams: (0..<sequences).map { RandomStream(seed: 0, "bench", repetition, $0) })
    let started = ContinuousClock.now
    var steps: [Duration] = []
    _ = try sampler.generate(
      [request], options: SamplingOptions(maxNewTokens: tokens),
      interrupted: {
        // Asked before each step, of which the first ends with the prompt's own tokens.
        steps.append(ContinuousClock.now - started)
        return false
      })
    let all = (ContinuousClock.now - started) / .seconds(1)
    let prefill = (steps.count > 1 ? steps[1] : .seconds(all)) / .seconds(1)
    return Times(prefill: prefill, decoding: all - prefill)
  }

  /// Tokens that are decoded; the first of each completion comes from the prompt.
  package var decodedTokens: Int { sequences * (tokens - 1) }

  /// The least seconds that decoding can take.
  package func floor(_ floor: WorkFloor) -> Double {
    let keys = Double(prompt) + Double(tokens) / 2
    return Double(tokens - 1) * floor.decoding(sequences: sequences, keys: keys)
  }
}

/// Optimiser steps on sequences of random tokens, all of which are in the loss.
package struct TrainingWorkload: Sendable {
  package var sequences: Int
  package var length: Int

  package init(sequences: Int, length: Int) {
    self.sequences = sequences
    self.length = length
  }

  package var tokens: Int { sequences * length }

  /// The seconds of each step: clearing gradients, forward and backward pass, clipping, AdamW.
  /// One more step is done before them and not counted.
  /// - Throws: `OptimiserError`.
  package func run(_ engine: TrainingEngine, steps: Int) throws -> [Double] {
    let vocabulary = engine.weights.configuration.vocabularySize
    let batches = packs(vocabularySize: vocabulary)
    let weight = -1 / Float(batches.reduce(0) { $0 + $1.targets.count })
    var optimiser = AdamW(engine.layout)
    let seconds = try (0...steps).map { _ in
      try Stopwatch.seconds {
        engine.zeroGradients()
        for batch in batches {
          engine.backward(
            batch, coefficients: [Float](repeating: weight, count: batch.targets.count))
        }
        try optimiser.step(
          engine.trained, gradients: engine.gradients, learningRate: 1e-5, maxGradientNorm: 1,
          pool: engine.pool)
      }
    }
    return Array(seconds.dropFirst())
  }

  /// Sequences that together have about as many tokens as supervised training computes at once.
  private func packs(vocabularySize: Int) -> [PackedBatch] {
    let sequencesTogether = max(1, PackedBatch.supervisedTokens / length)
    return stride(from: 0, to: sequences, by: sequencesTogether).map { first in
      var batch = PackedBatch()
      for sequence in first..<min(sequences, first + sequencesTogether) {
        var stream = RandomStream(seed: 0, "bench", sequence)
        let tokens = (0..<length).map { _ in Int32(stream.uniform() * Double(vocabularySize)) }
        batch.append(tokens, inLoss: tokens.indices.map { $0 > 0 })
      }
      return batch
    }
  }

  /// - Parameter adapters: How many numbers are trained in the weights' place, if adapters are.
  package func floor(_ floor: WorkFloor, adapters: Int? = nil) -> Double {
    floor.training(rows: tokens, targets: tokens, keys: Double(length) / 2, adapters: adapters)
  }
}

/// How much memory the process has used.
package enum PeakMemory {
  /// The most bytes that were in memory at one time so far; nil where the system does not tell.
  package static var bytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
  }
}

package enum Stopwatch {
  /// The seconds that a closure took, by a clock that never goes back.
  package static func seconds(of body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    let (seconds, attoseconds) = elapsed.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}

package enum LinearAlgebraLibrary {
  /// The version of OpenBLAS in use with how it was built.
  package static var version: String { String(cString: openblas_get_config()) }
  /// The processor whose kernels it has chosen, such as `Zen` or `SkylakeX`.
  package static var processor: String { String(cString: openblas_get_corename()) }
}
