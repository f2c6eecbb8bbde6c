import Base
import Runner

/// Checks JSON against the few keywords of JSON Schema that recipes' schema uses.
struct SchemaValidator {
  let root: JSONValue

  /// Whether the value fits. Unknown keywords are refused, so that none goes unchecked.
  func accepts(_ value: JSONValue) -> Bool { accepts(value, root) }

  private func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    guard let keywords = schema.object else { return schema.boolean ?? false }
    return keywords.allSatisfy { keyword, argument in
      switch keyword {
      case "$schema", "$defs", "title", "description", "default", "then": true
      case "additionalProperties":
        acceptsAdditional(value, argument, known: keywords["properties"]?.object ?? [:])
      case "if":
        !accepts(value, argument) || accepts(value, keywords["then"] ?? true)
      default: accepts(value, keyword, argument)
      }
    }
  }

  private func accepts(_ value: JSONValue, _ keyword: String, _ argument: JSONValue) -> Bool {
    switch keyword {
    case "$ref": accepts(value, definition(argument.string ?? ""))
    case "type":
      (argument.array ?? [argument]).contains { Self.isType($0.string ?? "", value) }
    case "const": value == argument
    case "enum": argument.array?.contains(value) ?? false
    case "anyOf": argument.array?.contains { accepts(value, $0) } ?? false
    case "oneOf": argument.array?.count { accepts(value, $0) } == 1
    case "allOf": argument.array?.allSatisfy { accepts(value, $0) } ?? false
    case "not": !accepts(value, argument)
    case "required":
      value.object.map { object in
        (argument.array ?? []).allSatisfy { object[$0.string ?? ""] != nil }
      } ?? true
    case "properties":
      (argument.object ?? [:]).allSatisfy { name, schema in
        value[name].map { accepts($0, schema) } ?? true
      }
    case "propertyNames": (value.object ?? [:]).keys.allSatisfy { accepts(.string($0), argument) }
    case "items": (value.array ?? []).allSatisfy { accepts($0, argument) }
    case "minItems": value.array.map { $0.count >= argument.integer ?? 0 } ?? true
    case "maxItems": value.array.map { $0.count <= argument.integer ?? 0 } ?? true
    case "minimum": value.number.map { $0 >= argument.number ?? 0 } ?? true
    case "maximum": value.number.map { $0 <= argument.number ?? 0 } ?? true
    case "pattern":
      value.string.map { text in
        (try? Regex(argument.string ?? "").firstMatch(in: text)) != nil
      } ?? true
    default: false
    }
  }

  private func acceptsAdditional(
    _ value: JSONValue, _ schema: JSONValue, known: [String: JSONValue]
  ) -> Bool {
    (value.object ?? [:]).allSatisfy { known[$0.key] != nil || accepts($0.value, schema) }
  }

  private func definition(_ reference: String) -> JSONValue {
    root["$defs"]?[String(reference.dropFirst("#/$defs/".count))] ?? false
  }

  private static func isType(_ name: String, _ value: JSONValue) -> Bool {
    switch (name, value) {
    case ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .integer),
      ("number", .number), ("string", .string), ("array", .array), ("object", .object):
      true
    case ("integer", .number(let number)): number == number.rounded()
    default: false
    }
  }
}

extension RecipeNode {
  /// The node as JSON, as an editor's validator sees it.
  var asJSON: JSONValue {
    switch value {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .list(let nodes): .array(nodes.map(\.asJSON))
    case .map(let entries):
      .object(Dictionary(entries.map { ($0.key, $0.node.asJSON) }) { first, _ in first })
    }
  }
}
