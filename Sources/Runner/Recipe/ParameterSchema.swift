/// Writes the shapes of parameters as JSON Schema.
struct ParameterSchema {
  /// Whether `${axis}` may stand for a value, or for a part of it.
  let allowsAxes: Bool

  /// Whatever names an axis, as a schema: the program itself checks what the axis's values are.
  static let axisReference: JSONValue = ["type": "string", "pattern": "\\$\\{[^}]+\\}"]

  /// The schemas of some fields by name.
  func properties(_ fields: [FieldDescription]) -> JSONValue {
    .object(Dictionary(fields.map { ($0.name, property($0)) }) { first, _ in first })
  }

  private func property(_ field: FieldDescription) -> JSONValue {
    var schema = schema(of: field.shape, range: field).object ?? [:]
    let note = field.isIdentity ? "" : " (does not change the result)"
    schema["description"] = .string(field.summary + note)
    if let value = field.defaultValue { schema["default"] = value }
    return .object(schema)
  }

  private func schema(of shape: ParameterShape, range: FieldDescription) -> JSONValue {
    switch shape {
    case .boolean: return orAxis(["type": "boolean"])
    case .integer: return orAxis(number("integer", range))
    case .number: return orAxis(number("number", range))
    case .string: return ["type": "string"]
    case .choice(let names):
      return orAxis(["type": "string", "enum": .array(names.map { .string($0) })])
    case .list(let element):
      let element = schema(of: element, range: range)
      return Self.any([["type": "array", "items": element], element])
    case .group(let fields): return group(fields)
    case .dictionary(let value):
      return ["type": "object", "additionalProperties": schema(of: value, range: range)]
    case .optional(let wrapped):
      return Self.any([schema(of: wrapped, range: range), ["type": "null"]])
    }
  }

  private func group(_ fields: [FieldDescription]) -> JSONValue {
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    var schema: [String: JSONValue] = [
      "type": ["object", "null"], "properties": properties(fields), "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .array(required) }
    return .object(schema)
  }

  private func number(_ type: JSONValue, _ range: FieldDescription) -> JSONValue {
    var schema = ["type": type]
    if let minimum = range.minimum { schema["minimum"] = Self.bound(minimum) }
    if let maximum = range.maximum { schema["maximum"] = Self.bound(maximum) }
    return .object(schema)
  }

  private static func bound(_ value: Double) -> JSONValue {
    Int(exactly: value).map { .integer($0) } ?? .number(value)
  }

  private func orAxis(_ schema: JSONValue) -> JSONValue {
    allowsAxes ? Self.any([schema, Self.axisReference]) : schema
  }

  /// Any of some schemas; choices between choices are flattened.
  private static func any(_ schemas: [JSONValue]) -> JSONValue {
    ["anyOf": .array(schemas.flatMap { $0["anyOf"]?.array ?? [$0] })]
  }
}
