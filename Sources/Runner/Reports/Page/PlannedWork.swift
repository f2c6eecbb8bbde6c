/// What an instance of a plan does, and what it is bound to: known before anything runs.
public struct PlannedWork: Sendable {
  /// An output of another instance that is bound to an input port.
  public struct Input: Sendable, Hashable {
    /// The input port, such as `model`.
    public let port: String
    /// The name of the producing instance.
    public let producer: String
    /// The stage of the producing instance.
    public let stageName: String
    /// The producer's output port.
    public let output: String

    /// Describes a binding.
    public init(port: String, producer: String, stageName: String, output: String) {
      self.port = port
      self.producer = producer
      self.stageName = stageName
      self.output = output
    }
  }

  /// The kind's name.
  public let kind: String
  /// Every parameter, defaults filled in.
  public let parameters: JSONValue
  /// What is bound to the input ports.
  public let inputs: [Input]
  /// The names of the output ports.
  public let outputs: [String]

  /// Describes the work of an instance.
  public init(kind: String, parameters: JSONValue, inputs: [Input], outputs: [String]) {
    self.kind = kind
    self.parameters = parameters
    self.inputs = inputs
    self.outputs = outputs
  }

  /// What is bound to a port.
  func input(_ port: String) -> Input? { inputs.first { $0.port == port } }
}

extension ExpectedInstance {
  /// Takes what reports need from the instances of a plan.
  public static func all(of instances: [Instance]) -> [ExpectedInstance] {
    instances.map { instance in
      let inputs = instance.inputs.map { input in
        let producer = instances[input.producer]
        return PlannedWork.Input(
          port: input.port, producer: producer.name, stageName: producer.stageName,
          output: input.output)
      }
      return ExpectedInstance(
        stageName: instance.stageName, point: instance.point,
        work: PlannedWork(
          kind: instance.kind.kind, parameters: instance.parameters, inputs: inputs,
          outputs: instance.kind.outputs.map(\.name)))
    }
  }

  /// Whether it grades what a model writes: its output `scores` holds completions.
  var isEvaluation: Bool { work.map { $0.outputs.contains("scores") } ?? true }
}
