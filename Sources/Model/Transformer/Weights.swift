/// The parameters of a model.
public final class Weights: Sendable {
  /// The model's shape.
  public let configuration: ModelConfiguration
  /// Where each parameter lies.
  public let layout: ParameterLayout
  /// All parameters.
  public let buffer: FloatBuffer

  /// Zeros.
  public init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    buffer = FloatBuffer(count: layout.count)
  }

  /// A copy.
  public convenience init(copying other: Weights) {
    self.init(other.configuration)
    buffer.copy(from: other.buffer)
  }

  /// The values of a parameter, row-major, copied.
  public subscript(name: String) -> [Float]? {
    layout[name].map { buffer[$0.offset..<$0.offset + $0.count] }
  }
}
