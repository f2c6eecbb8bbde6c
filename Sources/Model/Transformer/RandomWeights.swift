extension Weights {
  /// A model that has learnt nothing, as GPT-2 begins: normal with standard deviation 0.02, the
  /// projections back into the residual stream divided by the root of their number, norms 1, biases 0.
  ///
  /// Each parameter has a random stream of its own name.
  public static func random(_ configuration: ModelConfiguration, seed: UInt64) -> Weights {
    let weights = Weights(configuration)
    let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
    for entry in weights.layout.entries {
      let values = weights.buffer.base + entry.offset
      if entry.name.hasSuffix("bias") { continue }
      if entry.name.hasSuffix("norm.weight") {
        values.update(repeating: 1, count: entry.count)
        continue
      }
      let isResidual = ["o_proj.weight", "down_proj.weight"].contains { entry.name.hasSuffix($0) }
      let deviation = isResidual ? 0.02 * residualScale : 0.02
      var stream = RandomStream(seed: seed, "weights", entry.name)
      for index in 0..<entry.count { values[index] = Float(deviation * stream.normal()) }
    }
    return weights
  }
}
