import Base

/// A type that a recipe can set as a parameter.
package protocol ParameterValue: Sendable {
  /// The shape of the value, for the JSON Schema and for messages.
  static var shape: ParameterShape { get }

  /// Reads the value from a recipe, reporting what is wrong with it.
  /// - Returns: nil when something was reported.
  static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Self?

  /// The value as it enters records.
  var json: JSONValue { get }

  /// The value as it enters keys: without what cannot change a result.
  var identity: JSONValue { get }
}

extension ParameterValue {
  package var identity: JSONValue { json }
}

package indirect enum ParameterShape: Sendable {
  case boolean
  case integer
  case number
  case string
  case choice([String])
  /// A list, or a single element that stands for a list of one.
  case list(ParameterShape)
  /// A mapping with known keys.
  case group([FieldDescription])
  /// A mapping with free keys.
  case dictionary(ParameterShape)
  /// The value, or nothing.
  case optional(ParameterShape)
}

extension Bool: ParameterValue {
  package static var shape: ParameterShape { .boolean }
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Bool? {
    if case .boolean(let value) = node.value { return value }
    return mismatch("true or false", node, &sink)
  }
  package var json: JSONValue { .boolean(self) }
}

extension Int: ParameterValue {
  package static var shape: ParameterShape { .integer }
  /// Reads an integer; a number without a fraction counts as one.
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Int? {
    if case .integer(let value) = node.value { return value }
    if case .number(let value) = node.value, let exact = Int(exactly: value) { return exact }
    return mismatch("an integer", node, &sink)
  }
  package var json: JSONValue { .integer(self) }
}

extension Double: ParameterValue {
  package static var shape: ParameterShape { .number }
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Double? {
    switch node.value {
    case .integer(let value): return Double(value)
    case .number(let value) where value.isFinite: return value
    default: return mismatch("a finite number", node, &sink)
    }
  }
  /// A JSON number, always with a fraction or an exponent, so that it differs from an integer.
  package var json: JSONValue { .number(self) }
}

extension String: ParameterValue {
  package static var shape: ParameterShape { .string }
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> String? {
    if case .string(let value) = node.value { return value }
    return mismatch("a string (put it in quotes)", node, &sink)
  }
  package var json: JSONValue { .string(self) }
}

extension Array: ParameterValue where Element: ParameterValue {
  package static var shape: ParameterShape { .list(Element.shape) }
  /// Reads a list; a single element stands for a list of one.
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> [Element]? {
    guard case .list(let nodes) = node.value else {
      return Element.decode(node, into: &sink).map { [$0] }
    }
    let elements = nodes.map { Element.decode($0, into: &sink) }
    let valid = elements.compactMap { $0 }
    return valid.count == elements.count ? valid : nil
  }
  package var json: JSONValue { .array(map(\.json)) }
  package var identity: JSONValue { .array(map(\.identity)) }
}

extension Optional: ParameterValue where Wrapped: ParameterValue {
  package static var shape: ParameterShape { .optional(Wrapped.shape) }
  /// Reads the value; `null` means nothing.
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Wrapped?? {
    if case .null = node.value { return .some(nil) }
    return Wrapped.decode(node, into: &sink).map { .some($0) }
  }
  package var json: JSONValue { self?.json ?? .null }
  package var identity: JSONValue { self?.identity ?? .null }
}

extension Dictionary: ParameterValue where Key == String, Value: ParameterValue {
  package static var shape: ParameterShape { .dictionary(Value.shape) }
  package static func decode(
    _ node: RecipeNode, into sink: inout DiagnosticSink
  ) -> [String: Value]? {
    guard case .map(let entries) = node.value else { return mismatch("a mapping", node, &sink) }
    var result: [String: Value] = [:]
    for entry in entries {
      if let value = Value.decode(entry.node, into: &sink) { result[entry.key] = value }
    }
    return result.count == entries.count ? result : nil
  }
  package var json: JSONValue { .object(mapValues(\.json)) }
  package var identity: JSONValue { .object(mapValues(\.identity)) }
}

/// A choice between names: an enum with string raw values.
package protocol ParameterChoice: ParameterValue, RawRepresentable, CaseIterable
where RawValue == String {}

extension ParameterChoice {
  package static var shape: ParameterShape { .choice(allCases.map(\.rawValue)) }
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Self? {
    guard let name = String.decode(node, into: &sink) else { return nil }
    if let value = Self(rawValue: name) { return value }
    let hint = suggestion(for: name, among: allCases.map(\.rawValue))
    sink.report(node.position, "unknown value '\(name)'\(hint)")
    return nil
  }
  package var json: JSONValue { .string(rawValue) }
}

private func mismatch<Value>(
  _ expected: String, _ node: RecipeNode, _ sink: inout DiagnosticSink
) -> Value? {
  sink.report(node.position, "expected \(expected), found \(node.value.found)")
  return nil
}
