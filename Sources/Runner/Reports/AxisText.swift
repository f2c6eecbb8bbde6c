/// A value of an axis as text, so that `size: 100` needs no quotes.
public struct AxisText: ParameterValue, Equatable {
  /// The value, as labels write it.
  public let text: String

  /// Takes a value as labels write it.
  public init(_ text: String) { self.text = text }

  /// Any scalar; quotes are never needed.
  public static var shape: ParameterShape { .string }

  /// Reads a scalar.
  public static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> AxisText? {
    if let value = node.value.scalar { return AxisText(value.label) }
    sink.report(node.position, "expected a value of the axis, found \(node.value.typeName)")
    return nil
  }

  /// The text.
  public var json: JSONValue { .string(text) }
}
