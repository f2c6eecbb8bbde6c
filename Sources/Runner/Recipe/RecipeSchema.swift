import Base

/// The JSON Schema of recipes, for editors.
///
/// It is generated from the types that read recipes, so it cannot say anything else than they do.
package enum RecipeSchema {
  /// The schema, draft 2020-12, of recipes whose stages have kinds of the registry.
  package static func json(for registry: KindRegistry) -> JSONValue {
    let kinds = registry.names.compactMap { registry[$0] }
    var definitions: [String: JSONValue] = [
      "name": name, "axis_value": axisValue, "selector": selector,
      "stage": stage(kinds), "whole_stage": wholeStage(kinds), "gate": gate,
      "resources": resources,
      "table": report(TableSpecification.self), "whole_table": whole(TableSpecification.self),
      "figure": report(FigureSpecification.self), "whole_figure": wholeFigure,
      "claim": report(ClaimSpecification.self), "whole_claim": wholeClaim,
    ]
    for kind in kinds { definitions["kind_\(kind.kind)"] = self.kind(kind) }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "warmup recipe",
      "type": "object",
      "properties": root,
      "additionalProperties": false,
      "required": ["version", "name"],
      // What a recipe extends may hold the rest of a stage, a table, a figure or a claim.
      "if": ["not": ["required": ["extends"]]],
      "then": [
        "required": ["stages"],
        "properties": [
          "stages": named("whole_stage"), "tables": named("whole_table"),
          "figures": named("whole_figure"), "claims": named("whole_claim"),
        ],
      ],
      "$defs": .object(definitions),
    ]
  }

  private static let root: JSONValue = [
    "version": ["const": 1, "description": "the version of the recipe language"],
    "name": [
      "$ref": "#/$defs/name", "description": "the experiment's name; results are kept under it",
    ],
    "summary": ["type": "string", "description": "what the experiment asks"],
    "extends": ["type": "string", "description": "a recipe over which this one is laid"],
    "axes": [
      "type": "object",
      "description": "named lists of values; each multiplies the stages that depend on it",
      "propertyNames": ["$ref": "#/$defs/name"],
      "additionalProperties": list(of: ["$ref": "#/$defs/axis_value"]),
    ],
    "include": selectors("points to keep; where there are none, all are kept"),
    "exclude": selectors("points to leave out"),
    "stages": named("stage"),
    "tables": named("table"),
    "figures": named("figure"),
    "claims": named("claim"),
  ]

  private static let name: JSONValue = ["type": "string", "pattern": "^[a-z0-9_-]+$"]
  private static let axisValue: JSONValue = ["type": ["string", "number", "boolean", "null"]]
  private static let selector: JSONValue = [
    "type": "object", "additionalProperties": list(of: ["$ref": "#/$defs/axis_value"]),
  ]

  private static func list(of element: JSONValue) -> JSONValue {
    ["anyOf": [element, ["type": "array", "items": element, "minItems": 1]]]
  }

  private static func selectors(_ description: JSONValue) -> JSONValue {
    let selector: JSONValue = ["$ref": "#/$defs/selector"]
    return [
      "description": description, "anyOf": [selector, ["type": "array", "items": selector]],
    ]
  }

  /// A mapping from names to what a definition describes.
  private static func named(_ definition: String) -> JSONValue {
    [
      "type": "object", "propertyNames": ["$ref": "#/$defs/name"],
      "additionalProperties": ["$ref": .string("#/$defs/\(definition)")],
    ]
  }

  private static func stage(_ kinds: [any Stage.Type]) -> JSONValue {
    let known = kinds.map { kind in
      ifKind(kind, then: ["$ref": .string("#/$defs/kind_\(kind.kind)")])
    }
    return [
      "type": "object", "allOf": .array(known),
      "properties": ["kind": ["enum": .array(kinds.map { .string($0.kind) })]],
    ]
  }

  /// What a stage needs, for recipes that extend no other.
  private static func wholeStage(_ kinds: [any Stage.Type]) -> JSONValue {
    let conditions = kinds.compactMap { kind in
      needs(of: kind).map { ifKind(kind, then: $0) }
    }
    return ["allOf": .array([["required": ["kind"]]] + conditions)]
  }

  private static func ifKind(_ kind: any Stage.Type, then schema: JSONValue) -> JSONValue {
    [
      "if": ["properties": ["kind": ["const": .string(kind.kind)]], "required": ["kind"]],
      "then": schema,
    ]
  }

  private static func kind(_ kind: any Stage.Type) -> JSONValue {
    let ports = kind.inputs.map { port -> (String, JSONValue) in
      let description = "\(port.type): \(port.summary)\(port.isOptional ? " (optional)" : "")"
      return (port.name, ["type": "string", "description": .string(description)])
    }
    var properties: [String: JSONValue] = [
      "kind": true, "summary": ["type": "string"], "require": ["$ref": "#/$defs/gate"],
      "resources": ["$ref": "#/$defs/resources"],
      "inputs": inputs(.object(Dictionary(ports) { first, _ in first }), of: kind),
      "params": closed(ParameterSchema(allowsAxes: true).properties(fields(of: kind))),
    ]
    if kind.kept != nil { properties["keep"] = keep }
    if kind.gathers {
      let name: JSONValue = ["$ref": "#/$defs/name"]
      properties["over"] = [
        "description": "the axes at all of whose points it reads its inputs at once",
        "anyOf": [name, ["type": "array", "items": name, "minItems": 1]],
      ]
    }
    return [
      "description": .string(kind.summary), "properties": .object(properties),
      "additionalProperties": false,
    ]
  }

  /// The ports of a kind, with what else it takes under names of the recipe's choosing.
  private static func inputs(_ ports: JSONValue, of kind: any Stage.Type) -> JSONValue {
    var schema = closed(ports).object ?? [:]
    guard !kind.openInputs.isEmpty else { return .object(schema) }
    let types = kind.openInputs.map(\.name).joined(separator: ", ")
    schema["propertyNames"] = ["$ref": "#/$defs/name"]
    schema["additionalProperties"] = [
      "type": "string", "description": .string("any number of one of these: \(types)"),
    ]
    return .object(schema)
  }

  private static let keep: JSONValue = {
    let step: JSONValue = ["type": "integer", "minimum": 1]
    let steps: JSONValue = ["type": "array", "items": step, "minItems": 1, "uniqueItems": true]
    return [
      "description": .string(
        "after which steps the output is kept, as NAME.at along the axis 'step' (does not change "
          + "the result)"),
      "anyOf": [
        ["type": "null"], step, steps,
        [
          "type": "object", "additionalProperties": false,
          "properties": [
            "steps": ["anyOf": [step, steps]], "every": step, "to": step,
            "axis": ["$ref": "#/$defs/name", "description": "the axis, instead of 'step'"],
          ],
        ],
      ],
    ]
  }()

  private static let gate: JSONValue = {
    let bounds = ParameterSchema(allowsAxes: false).properties(
      GateBounds.fields.map(\.description))
    return [
      "description": .string(
        "bounds of published values; where they do not hold, what waits for the stage is not run "
          + "(does not change the result)"),
      "type": ["object", "null"],
      "properties": [
        "otherwise": [
          "description": "what becomes of a point where they do not hold",
          "enum": .array(Gate.Otherwise.allCases.map { .string($0.rawValue) }),
          "default": .string(Gate.Otherwise.stop.rawValue),
        ]
      ],
      "additionalProperties": [
        "type": "object", "properties": bounds, "additionalProperties": false,
        "anyOf": [["required": ["at_least"]], ["required": ["at_most"]]],
      ],
    ]
  }()

  private static let resources: JSONValue = {
    var schema =
      closed(
        ParameterSchema(allowsAxes: false).properties(Resources.fields.map(\.description))
      ).object ?? [:]
    schema["description"] = "what is asked of a batch system (does not change the result)"
    return .object(schema)
  }()

  private static func closed(_ properties: JSONValue) -> JSONValue {
    ["type": ["object", "null"], "properties": properties, "additionalProperties": false]
  }

  /// The inputs and parameters that a kind cannot do without; nil where there are none.
  private static func needs(of kind: any Stage.Type) -> JSONValue? {
    let ports = kind.inputs.filter { !$0.isOptional }.map(\.name)
    let parameters = fields(of: kind).filter(\.isRequired).map(\.name)
    var required: [JSONValue] = []
    var properties: [String: JSONValue] = [:]
    for (key, names) in [("inputs", ports), ("params", parameters)] where !names.isEmpty {
      required.append(.string(key))
      properties[key] = ["required": .array(names.map { .string($0) })]
    }
    if kind.gathers { required.append("over") }
    if !kind.openInputs.isEmpty, ports.isEmpty {
      required.append("inputs")
      properties["inputs"] = ["minProperties": 1]
    }
    guard !required.isEmpty else { return nil }
    return ["required": .array(required), "properties": .object(properties)]
  }

  private static func report<Specification: ParameterSet>(_ type: Specification.Type) -> JSONValue {
    let fields = Specification.fields.map(\.description)
    var properties = ParameterSchema(allowsAxes: false).properties(fields).object ?? [:]
    // The point of the axes that others are compared with may be written without quotes.
    if var baseline = properties["baseline"]?.object {
      baseline["additionalProperties"] = ["$ref": "#/$defs/axis_value"]
      properties["baseline"] = .object(baseline)
    }
    if var between = properties["between"]?.object {
      between["additionalProperties"] = [
        "type": "array", "items": ["$ref": "#/$defs/axis_value"], "minItems": 2, "maxItems": 2,
      ]
      properties["between"] = .object(between)
    }
    for test in ClaimTest.allCases.map(\.rawValue) {
      guard let summary = properties[test]?["description"] else { continue }
      properties[test] = [
        "description": summary, "type": "array", "minItems": 2, "maxItems": 2,
        "items": [
          "type": "object", "additionalProperties": ["$ref": "#/$defs/axis_value"],
        ],
      ]
    }
    return [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
    ]
  }

  private static func whole<Specification: ParameterSet>(_ type: Specification.Type) -> JSONValue {
    let required = Specification.fields.filter(\.description.isRequired)
    return ["required": .array(required.map { .string($0.name) })]
  }

  /// A figure draws one of the things that figures draw.
  private static let wholeFigure: JSONValue = [
    "anyOf": .array(FigureKind.allCases.map { ["required": [.string($0.rawValue)]] })
  ]

  /// A claim says one thing of its two points.
  private static let wholeClaim: JSONValue = [
    "required": ["says", "value"],
    "oneOf": .array(ClaimTest.allCases.map { ["required": [.string($0.rawValue)]] }),
  ]

  private static func fields<Kind: Stage>(of kind: Kind.Type) -> [FieldDescription] {
    Kind.Parameters.fields.map(\.description)
  }
}

/// Writes the shapes of parameters as JSON Schema.
struct ParameterSchema {
  /// Whether `${axis}` may stand for a value, or for a part of it.
  let allowsAxes: Bool

  /// Whatever names an axis, as a schema: the program itself checks what the axis's values are.
  static let axisReference: JSONValue = ["type": "string", "pattern": "\\$\\{[^}]+\\}"]

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
