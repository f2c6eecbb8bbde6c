import Base
import Foundation
import Model
import Runner

/// A model in training: the artifact that it starts from, and the adapters that are trained in the
/// place of its weights, if any are.
struct TrainedModel {
  let artifact: ModelArtifact
  let adapters: Adapters?
  /// SHA-256 of the weights below the adapters, which checkpoints do not hold; nil without adapters.
  let baseDigest: String?

  /// Reads the model that a stage starts from.
  /// - Parameters:
  ///   - lora: The adapters to train; nil trains all weights.
  ///   - seed: Of the adapters' first values.
  init(contentsOf file: URL, lora: LoRA?, seed: Int) throws {
    var artifact = try ModelArtifact(contentsOf: file, layers: lora?.base ?? .float32)
    // What comes out will be this training's.
    artifact.mergedAdapters = nil
    let weights = artifact.weights
    self.artifact = artifact
    adapters = lora.map {
      .initial(weights.configuration, $0, seed: UInt64(bitPattern: Int64(seed)))
    }
    baseDigest = lora.map { _ in weights.digest }
  }

  private var weights: Weights { artifact.weights }
  var configuration: ModelConfiguration { weights.configuration }

  /// Where what is trained lies.
  var layout: ParameterLayout { adapters?.layout ?? weights.layout }
  /// What is trained.
  var trained: FloatBuffer { adapters?.buffer ?? weights.buffer }

  /// The memory that work with it takes.
  func memoryUse(threads: Int) -> MemoryUse {
    MemoryUse(configuration, threads: threads, lora: adapters?.lora)
  }

  /// The first value that is infinite or not a number, of what is trained or of what it is merged
  /// into: a model with one computes nothing.
  func firstNotFinite() -> NotFiniteValue? {
    if let found = adapters?.firstNotFinite() { return found }
    return weights.firstNotFinite(merging: adapters)
  }

  /// Writes the model with its adapters merged into it.
  func write(to file: URL) throws { try artifact.write(to: file, merging: adapters) }

  /// Publishes what holding the weights in bfloat16 has changed of them.
  func publishRounding(_ context: StageContext) {
    if adapters?.lora.base == .bfloat16 {
      context.publish(Double(artifact.roundedWeights), as: Self.roundedName)
    }
  }

  static let roundedName = "rounded_weights"
}

extension Weights {
  /// SHA-256 of all values as float32, in the order of the layout.
  fileprivate var digest: String {
    let digest = SHA256Digest()
    for entry in layout.entries {
      withValues(of: entry) { values in
        for start in stride(from: 0, to: values.count, by: 1 << 20) {
          let piece = UnsafeRawBufferPointer(
            UnsafeBufferPointer(rebasing: values[start..<min(values.count, start + 1 << 20)]))
          digest.update(Data(piece))
        }
      }
    }
    return digest.hex()
  }
}
