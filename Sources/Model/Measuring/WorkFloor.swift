/// The least time that a piece of work can take: operations over the matrix rate, bytes over the
/// memory rate. What else an engine does comes on top.
public struct WorkFloor: Sendable {
  private let configuration: ModelConfiguration
  private let rates: MachineRates
  /// Bytes of a weight as decoding reads it.
  private let weightBytes: Double

  /// The floor of a model on a machine.
  public init(_ configuration: ModelConfiguration, _ rates: MachineRates, weightBytes: Int = 4) {
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

  private var parameters: Double { Double(ParameterLayout(configuration).count) }

  /// Operations of attention for one token that sees `keys` keys: two products.
  private func attention(keys: Double) -> Double {
    let c = configuration
    return 4 * keys * Double(c.layerCount * c.headCount * c.headSize)
  }

  /// Seconds of forward pass, backward pass and AdamW.
  ///
  /// A weight takes 2 operations a token forward and 4 backward; an optimiser step reads weight,
  /// gradient and both moments, writes three of them, and the gradient is cleared and read once
  /// more for its norm.
  /// - Parameters:
  ///   - rows: Tokens that are computed.
  ///   - targets: Tokens whose logits are computed.
  ///   - keys: How many keys a token sees on average.
  public func training(rows: Int, targets: Int, keys: Double) -> Double {
    let forward =
      Double(rows) * (2 * blockWeights + attention(keys: keys)) + Double(targets) * 2 * headWeights
    return 3 * forward / rates.operations + parameters * 4 * 9 / rates.bytes
  }

  /// Seconds to read a prompt and make the logits of its last token.
  public func prefill(tokens: Int) -> Double {
    Double(tokens) * (2 * blockWeights + attention(keys: Double(tokens) / 2)) / rates.operations
  }

  /// Seconds to give each of `sequences` one more token: all weights are read once, multiplied with
  /// every sequence, and every sequence's keys and values are read.
  public func decoding(sequences: Int, keys: Double) -> Double {
    let c = configuration
    let weights = blockWeights + headWeights
    let operations = Double(sequences) * (2 * weights + attention(keys: keys))
    let cached = 2 * Double(c.layerCount * c.keyValueHeadCount * c.headSize) * keys * 4
    let bytes = weights * weightBytes + Double(sequences) * cached
    return max(operations / rates.operations, bytes / rates.bytes)
  }
}
