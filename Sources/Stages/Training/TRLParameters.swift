import Base
import OrderedCollections
import Runner
import TRLAdapter

/// Who trains.
package enum TrainingBackend: String, ParameterChoice {
  /// This program.
  case native
  /// TRL, in the Python of the site file.
  case trl
}

extension TrainingBackend {
  /// What is said of adapters.
  static let loraRefusal =
    "'engine: trl' trains all weights so far; leave 'lora' out, or train natively"

  /// Reports settings of TRL where it does not train. Whoever says 'engine: native' knows what becomes of
  /// them.
  func checkSettings(
    positions: [String: SourcePosition], into sink: inout DiagnosticSink
  ) {
    guard self == .native, positions["engine"] == nil, let place = positions["trl"] else { return }
    sink.report(place, "'trl' is for 'engine: trl'; say so, or leave it out")
  }

  /// The names of the stages that an engine may train, in their order.
  package static func stages(in instances: [Instance]) -> [String] {
    let kinds = [DistillStage.kind, RLVRStage.kind]
    return OrderedSet(instances.filter { kinds.contains($0.kind.name) }.map(\.stageName)).elements
  }
}

/// How the work of a training with TRL is divided; none of it changes what is computed.
package struct TRLParameters: ParameterSet {
  /// Processes, one for each device.
  package var processes = 1
  /// Traces or completions that a process computes at a time; nil where the loss decides, or else one.
  package var perDevice: Int?
  package var gradientCheckpointing = false
  package var sharding = TRLSharding.none
  package var device = TRLDevice.any

  package init() {}

  package static var fields: [Field<TRLParameters>] {
    [
      Field(
        "processes", \.processes, range: 1...1024, identity: false,
        "processes that share a step, one for each GPU"),
      Field(
        "per_device", \.perDevice, range: 1...100_000, identity: false,
        "traces or completions that a process computes at a time; 1, or the microbatch of the loss"),
      Field(
        "gradient_checkpointing", \.gradientCheckpointing, identity: false,
        "compute activations twice instead of keeping them"),
      Field(
        "sharding", \.sharding, identity: false,
        "fsdp2, zero3: each process holds a part of weights, gradients and moments"),
      Field(
        "device", \.device, identity: false,
        "cuda: refuse to train without a GPU for each process; cpu: take none"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if sharding != .none, processes == 1 {
      sink.report(
        positions["sharding"] ?? position,
        "'sharding' divides a model among processes, and there is one; raise 'processes', or leave it out"
      )
    }
  }

  /// How many micro-batches a process adds up for a step; nil where a step cannot be divided so.
  func accumulation(of batchSize: Int, perDevice: Int) -> Int? {
    let (count, rest) = batchSize.quotientAndRemainder(dividingBy: processes * perDevice)
    return rest == 0 ? count : nil
  }
}

extension JSONValue {
  /// The identity of a training, with what of its backend belongs to it: which adapter and which TRL, but
  /// neither where it runs nor how its work is divided.
  /// - Parameter sampling: who samples, where that belongs to it.
  func naming(_ backend: TrainingBackend, sampling: JSONValue? = nil) -> JSONValue {
    guard var fields = object else { return self }
    let program: [String: JSONValue] = [
      "adapter": .integer(TRLAdapter.version), "version": .string(TRLAdapter.trl),
    ]
    fields["trl"] =
      backend == .trl ? .object(program.merging(sampling?.object ?? [:]) { $1 }) : nil
    return .object(fields)
  }
}
