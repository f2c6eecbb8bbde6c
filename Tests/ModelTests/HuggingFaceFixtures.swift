import Foundation
import Model
import TestSupport

/// A model of two tiny blocks whose parameters count up.
func tinyWeights(_ architecture: ModelConfiguration.Architecture, tied: Bool = true) -> Weights {
  var configuration =
    ModelConfiguration(
      architecture: architecture, vocabularySize: 300, hiddenSize: 8, intermediateSize: 12,
      layerCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 2, contextLength: 64,
      ropeTheta: 100_000, normEpsilon: 1e-5, tiedEmbeddings: tied,
      attentionBias: architecture.family.hasBias, beginToken: 1, endTokens: [2, 0])
  switch architecture.family.layers {
  case .uniform: break
  case .someUnrotated: configuration.layerAttention = [.unrotated, .full]
  case .someSliding:
    configuration.layerAttention = [.full, .sliding]
    (configuration.slidingWindow, configuration.localRopeTheta) = (16, 20_000)
  }
  let weights = Weights(configuration)
  let count = weights.layout.count
  weights.buffer[0..<count] = (0..<count).map { Float($0) / 64 }
  return weights
}
