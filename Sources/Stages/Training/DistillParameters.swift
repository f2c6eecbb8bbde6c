import Model
import Runner

/// Parameters of `distill`. The defaults are the paper's (table 4).
package struct DistillParameters: ParameterSet {
  package var epochs = 3
  package var batchSize = 12
  /// The longest prompt and completion together, in tokens.
  package var maxTokens = 32_768
  package var includeRejected = false
  package var normaliser = PolicyLoss.Normaliser.batchTokens
  /// Traces of a micro-batch, for the normaliser of that name. The paper's devices have two.
  package var microbatch = 2
  /// Whether the model learns to end its text.
  package var superviseEnd = true
  package var seed = 42
  package var checkpointSeconds = 30.0
  package var optimiser = OptimiserParameters()
  /// Adapters that are trained in the place of the weights; none trains all weights, as the paper does.
  package var lora: LoRA?
  package var engine = TrainingBackend.native
  package var trl = TRLParameters()
  package var leaveOut = 0

  /// The paper's values.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("epochs", \.epochs, range: 1...100_000, "passes over the traces"),
      Field("batch_size", \.batchSize, range: 1...100_000, "traces an optimiser step"),
      Field("max_tokens", \.maxTokens, range: .atLeast(2), "longest trace; longer is an error"),
      Field("include_rejected", \.includeRejected, "train on rejected traces, too"),
      Field(
        "normaliser", \.normaliser, later: true,
        "what the sum over tokens is divided by; the paper's code as released: microbatch_tokens"),
      Field(
        "microbatch", \.microbatch, range: 1...100_000, later: true, "traces of a micro-batch"),
      Field(
        "supervise_end", \.superviseEnd, later: true,
        "learn the end of the text; the paper's code as released masks it"),
      Field("seed", \.seed, "seed of the order of traces"),
      Field(
        "checkpoint_seconds", \.checkpointSeconds, range: .atLeast(0), identity: false,
        "longest time between checkpoints, in seconds"),
      LoRA.field(\.lora),
      Field("engine", \.engine, later: true, "who trains: this program, or TRL in Python"),
      Field("trl", \.trl, later: true, "how TRL divides the work, for 'engine: trl'"),
      LeftOut.field(\.leaveOut, "trace"),
    ] + OptimiserParameters.fields.map { $0.lifted(through: \.optimiser) }
  }

  /// Adapters are multiplied in float32.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    lora?.check(against: optimiser, positions: positions, at: position, into: &sink)
    checkBackend(positions: positions, at: position, into: &sink)
  }
}

extension DistillParameters {
  /// How the loss is divided.
  var loss: SupervisedLoss {
    var loss = SupervisedLoss()
    (loss.normaliser, loss.microbatch, loss.maxTokens) = (normaliser, microbatch, maxTokens)
    return loss
  }

  /// Traces that a process of TRL computes at a time.
  var perDevice: Int { trl.perDevice ?? 1 }

  /// What TRL cannot do as it is meant, and what is not for it.
  func checkBackend(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    engine.checkSettings(positions: positions, into: &sink)
    guard engine == .trl else { return }
    if lora != nil {
      sink.report(positions["lora"] ?? position, TrainingBackend.loraRefusal)
    }
    if trl.accumulation(of: batchSize, perDevice: perDevice) == nil {
      sink.report(
        positions["batch_size"] ?? position,
        "batch_size (\(batchSize)) must be a multiple of trl's processes times per_device "
          + "(\(trl.processes) x \(perDevice))")
    }
  }
}
