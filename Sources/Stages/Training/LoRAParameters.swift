import Model
import Runner

/// What recipes say of adapters. The defaults are rank 16 and alpha 32 on all linear layers.
extension LoRA: ParameterSet {
  package static var fields: [Field<Self>] {
    [
      Field(
        "rank", \.rank, range: Double(ranks.lowerBound)...Double(ranks.upperBound),
        "rows of A and columns of B"),
      Field(
        "alpha", \.alpha, range: 1e-6...1e6, "W + alpha / rank B A is the layer that is trained"),
      Field("targets", \.targets, "the layers of every block that have adapters"),
      Field(
        "base", \.base,
        "how the frozen layers are held: bfloat16 takes half the memory, and rounds what is not "
          + "bfloat16 already"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if targets.isEmpty {
      sink.report(
        positions["targets"] ?? position,
        "adapters need a layer; name some of "
          + LinearLayer.allCases.map(\.rawValue).joined(separator: ", "))
    }
  }

  /// The parameter of a kind that trains adapters where it is set.
  static func field<Root>(_ path: WritableKeyPath<Root, LoRA?>) -> Field<Root> {
    Field(
      "lora", path, later: true,
      "train low-rank adapters over frozen weights, and merge them; else all weights are trained")
  }

  /// Products in bfloat16 would round away what small adapters add to a weight.
  func check(
    against optimiser: OptimiserParameters, positions: [String: SourcePosition],
    at position: SourcePosition, into sink: inout DiagnosticSink
  ) {
    guard optimiser.precision == .bfloat16 else { return }
    sink.report(
      positions["precision"] ?? position,
      "with lora, precision must be float32: products in bfloat16 would round away what adapters add "
        + "to a weight (lora's own 'base: bfloat16' saves the memory)")
  }
}

extension LinearLayer: ParameterChoice {}
