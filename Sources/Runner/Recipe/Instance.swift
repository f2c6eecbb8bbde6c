import OrderedCollections

/// The value of each axis that an instance depends on, in the recipe's order of axes.
public typealias AxisPoint = OrderedDictionary<String, JSONValue>

/// A stage at one point of the axes that it depends on, such as `tuned[start=warmed,seed=2]`.
public struct Instance: Sendable {
  /// The stage's name in the recipe.
  public let stageName: String
  /// The value of each axis that it depends on, in the recipe's order of axes.
  public let point: AxisPoint
  /// The stage, ready to run.
  public let stage: any Stage
  /// Every parameter, defaults filled in.
  public let parameters: JSONValue
  /// The parameters that belong to the key.
  public let identity: JSONValue
  /// What is bound to the input ports, in the order in which the kind declares them.
  public let inputs: [BoundInput]

  /// Describes an instance.
  public init(
    stageName: String, point: AxisPoint, stage: any Stage,
    parameters: JSONValue, identity: JSONValue, inputs: [BoundInput]
  ) {
    self.stageName = stageName
    self.point = point
    self.stage = stage
    self.parameters = parameters
    self.identity = identity
    self.inputs = inputs
  }

  /// The kind.
  public var kind: any Stage.Type { type(of: stage) }

  /// The name with the point, as people write it on the command line.
  public var name: String { Self.name(stageName, at: point) }

  /// Writes a stage and a point as `stage[axis=value,…]`.
  public static func name(
    _ stageName: String, at point: AxisPoint
  ) -> String {
    if point.isEmpty { return stageName }
    let coordinates = point.map { "\($0.key)=\($0.value.string ?? $0.value.text)" }
    return "\(stageName)[\(coordinates.joined(separator: ","))]"
  }
}

/// An output of another instance that is bound to an input port.
public struct BoundInput: Sendable, Hashable {
  /// The input port.
  public let port: String
  /// The index of the producing instance in the list of instances, always a smaller one.
  public let producer: Int
  /// The producer's output port.
  public let output: String

  /// Describes a binding.
  public init(port: String, producer: Int, output: String) {
    self.port = port
    self.producer = producer
    self.output = output
  }
}
