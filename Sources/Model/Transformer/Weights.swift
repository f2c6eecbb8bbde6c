extension Weights {
  /// The parameters as views of the buffer, which they do not keep alive.
  var views: ParameterViews { ParameterViews(configuration, layout, buffer, halves) }
}

/// The parameters of a model.
package final class Weights: Sendable {
  package let configuration: ModelConfiguration
  /// Where each parameter lies.
  package let layout: ParameterLayout
  package let buffer: FloatBuffer
  /// The blocks' linear layers where they are frozen and held in bfloat16.
  let halves: Bfloat16Buffer?

  /// Zeros.
  /// - Parameter layers: How the blocks' linear layers are held; what is trained must be float32.
  package init(_ configuration: ModelConfiguration, layers: Precision = .float32) {
    self.configuration = configuration
    layout = ParameterLayout(configuration, layers: layers)
    buffer = FloatBuffer(count: layout.count(in: .float32))
    halves = layers == .float32 ? nil : Bfloat16Buffer(count: layout.count(in: .bfloat16))
  }

  /// A copy of weights that are all float32.
  package convenience init(copying other: Weights) {
    precondition(other.halves == nil, "weights that are held in bfloat16 are not copied")
    self.init(other.configuration)
    buffer.copy(from: other.buffer)
  }

  /// The values of a parameter, row-major, copied.
  package subscript(name: String) -> [Float]? {
    layout[name].map { withValues(of: $0) { Array($0) } }
  }

  /// Lends the values of a parameter, row-major, in float32 however they are held.
  package func withValues<Result>(
    of entry: ParameterLayout.Placement, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    guard entry.precision == .bfloat16, let halves else {
      return try buffer.withElements(entry.range) { try body(UnsafeBufferPointer($0)) }
    }
    return try halves.floats(entry.range).withUnsafeBufferPointer(body)
  }

  /// Lets somebody write the values of a parameter, row-major, which are rounded where they are held
  /// in bfloat16.
  /// - Returns: how many values were rounded to another number.
  @discardableResult
  package func setValues(
    of entry: ParameterLayout.Placement, _ write: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows -> Int {
    guard entry.precision == .bfloat16, let halves else {
      try buffer.withElements(entry.range, write)
      return 0
    }
    let values = FloatBuffer(count: entry.count)
    return try values.withElements(0..<entry.count) {
      try write($0)
      return halves.store($0, at: entry.offset)
    }
  }
}

extension Weights {
  /// A model that has learnt nothing, as GPT-2 begins: normal with standard deviation 0.02, the
  /// projections back into the residual stream divided by the root of their number, norms' factors 1,
  /// biases 0.
  ///
  /// Each parameter has a random stream of its own name.
  package static func random(_ configuration: ModelConfiguration, seed: UInt64) -> Weights {
    let weights = Weights(configuration)
    let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
    for entry in weights.layout.entries {
      let values = weights.buffer.base + entry.offset
      if entry.name.hasSuffix("bias") { continue }
      if entry.name.hasSuffix("norm.weight") {
        let isOffset = configuration.architecture.family.normsAddOne
        values.update(repeating: isOffset ? 0 : 1, count: entry.count)
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

/// A parameter's value that is infinite or not a number.
package struct NotFiniteValue: Sendable, Equatable {
  package let parameter: String
  /// Which of its values it is, row-major.
  package let index: Int
  package let value: Float
}

extension Weights {
  /// The first value that is infinite or not a number, of the model with adapters, if any are given:
  /// a model with one computes nothing.
  package func firstNotFinite(merging adapters: Adapters? = nil) -> NotFiniteValue? {
    for entry in layout.entries {
      let found = withValues(of: entry, merging: adapters) { values in
        values.firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
      }
      if let (index, value) = found {
        return NotFiniteValue(parameter: entry.name, index: index, value: value)
      }
    }
    return nil
  }
}
