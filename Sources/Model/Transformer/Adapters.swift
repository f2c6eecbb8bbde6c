/// Training by low-rank adapters (Hu et al., 2022): y = (W + s B A) x, where W is frozen, A is
/// [rank, inputs], B is [outputs, rank] and s = alpha / rank.
package struct LoRA: Sendable, Hashable {
  package var rank = 16
  package static let ranks = 1...4096
  /// What the adapters' product is scaled by, times the rank.
  package var alpha = 32.0
  /// The layers of every block that have adapters, in the order of ``LinearLayer``.
  package var targets = LinearLayer.allCases {
    didSet { targets = LinearLayer.allCases.filter(targets.contains) }
  }
  /// How the blocks' linear layers are held in memory. In bfloat16 they are rounded to it.
  package var base = Precision.float32

  package init() {}

  package var scale: Float { Float(alpha / Double(rank)) }

  /// Where the adapters of a model lie, A before B. Names are those of PEFT without its prefix
  /// `base_model.model.`.
  package func layout(_ configuration: ModelConfiguration) -> ParameterLayout {
    ParameterLayout(
      (0..<configuration.layerCount).flatMap { block in
        targets.flatMap { layer in
          let (outputs, inputs) = layer.shape(configuration)
          let weight = Self.weightName(block, layer)
          return [
            (Self.name(of: weight, "A"), [rank, inputs]),
            (Self.name(of: weight, "B"), [outputs, rank]),
          ]
        }
      })
  }

  fileprivate static func weightName(_ block: Int, _ layer: LinearLayer) -> String {
    "model.layers.\(block).\(layer.path).weight"
  }

  /// The name of an adapter of a weight, which is called `….weight`.
  fileprivate static func name(of weight: String, _ factor: String) -> String {
    weight.dropLast("weight".count) + "lora_\(factor).weight"
  }
}

/// The adapters of a model, or their gradients.
package final class Adapters: Sendable {
  package let lora: LoRA
  package let layout: ParameterLayout
  package let buffer: FloatBuffer
  private let layerCount: Int

  /// Zeros.
  package init(_ configuration: ModelConfiguration, _ lora: LoRA) {
    self.lora = lora
    layout = lora.layout(configuration)
    buffer = FloatBuffer(count: layout.count)
    layerCount = configuration.layerCount
  }

  /// Adapters that change nothing yet, as PEFT makes them: A uniform between ±1 / sqrt(inputs), which
  /// is Kaiming's initialisation with a = sqrt(5), and B zero.
  ///
  /// Each A has a random stream of its own name.
  package static func initial(
    _ configuration: ModelConfiguration, _ lora: LoRA, seed: UInt64
  ) -> Adapters {
    let adapters = Adapters(configuration, lora)
    for entry in adapters.layout.entries where entry.name.hasSuffix("lora_A.weight") {
      let bound = 1 / Double(entry.shape[1]).squareRoot()
      var stream = RandomStream(seed: seed, "adapters", entry.name)
      adapters.buffer[entry.range] = (0..<entry.count).map { _ in
        Float(bound * (2 * stream.uniform() - 1))
      }
    }
    return adapters
  }

  /// The first value that is infinite or not a number.
  package func firstNotFinite() -> NotFiniteValue? {
    for entry in layout.entries {
      let values = buffer[entry.range]
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        return NotFiniteValue(parameter: entry.name, index: index, value: values[index])
      }
    }
    return nil
  }

  /// The adapters by block, as views of the buffer, which they do not keep alive.
  var views: [[LinearLayer: AdapterView]] { views(of: buffer) }

  /// The same of a buffer that is laid out likewise, such as gradients.
  func views(of buffer: FloatBuffer) -> [[LinearLayer: AdapterView]] {
    precondition(buffer.count == layout.count)
    return (0..<layerCount).map { block in
      var views: [LinearLayer: AdapterView] = [:]
      for layer in lora.targets {
        views[layer] = view(of: LoRA.weightName(block, layer), in: buffer)
      }
      return views
    }
  }

  /// The adapters of a weight of the model, if it has any.
  func view(of weight: String) -> AdapterView? { view(of: weight, in: buffer) }

  private func view(of weight: String, in buffer: FloatBuffer) -> AdapterView? {
    func matrix(_ factor: String) -> Matrix? {
      layout[LoRA.name(of: weight, factor)].map {
        Matrix(buffer.base + $0.offset, rows: $0.shape[0], columns: $0.shape[1])
      }
    }
    guard let a = matrix("A"), let b = matrix("B") else { return nil }
    return AdapterView(a: a, b: b)
  }
}

/// The adapters of a layer.
struct AdapterView {
  /// [rank, inputs].
  let a: Matrix
  /// [outputs, rank].
  let b: Matrix
}
