import Base

/// A group of parameters: a struct with defaults and one `Field` for each of its properties.
///
/// ```swift
/// struct DistillParameters: ParameterSet {
///   var epochs = 3
///   static var fields: [Field<Self>] {
///     [Field("epochs", \.epochs, range: 1...1000, "passes over the traces")]
///   }
/// }
/// ```
package protocol ParameterSet: ParameterValue {
  /// The parameters at their defaults.
  init()
  /// The parameters that a recipe may set, in the order of the documentation.
  static var fields: [Field<Self>] { get }
  /// Reports what is wrong with the parameters taken together; `positions` gives the place of each
  /// field that the recipe sets.
  func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink)
}

extension ParameterSet {
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {}

  package static var shape: ParameterShape { .group(fields.map(\.description)) }

  /// Reads the fields; what the recipe leaves out keeps its default.
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> Self? {
    let entries: [RecipeEntry]
    switch node.value {
    case .map(let found): entries = found
    case .null: entries = []
    default:
      sink.report(node.position, "expected a mapping of parameters, found \(node.value.found)")
      return nil
    }
    return decode(entries, at: node.position, owner: "", into: &sink)
  }

  /// Reads the fields from entries. `owner` ends messages about unknown keys, as in
  /// `unknown key 'epoch' in 'warmed' (kind distill)`.
  /// - Parameter fields: the set's; made once for many, since key paths take long to make.
  package static func decode(
    _ entries: [RecipeEntry], fields: [Field<Self>] = Self.fields, at position: SourcePosition,
    owner: String, into sink: inout DiagnosticSink
  ) -> Self? {
    let before = sink.diagnostics.count
    var result = Self()
    var positions: [String: SourcePosition] = [:]
    for entry in entries {
      guard let field = fields.first(where: { $0.name == entry.key }) else {
        let hint = suggestion(for: entry.key, among: fields.map(\.name))
        sink.report(entry.keyPosition, "unknown key '\(entry.key)'\(owner)\(hint)")
        continue
      }
      positions[entry.key] = entry.node.position
      field.decode(&result, entry.node, &sink)
    }
    for field in fields where field.description.isRequired && positions[field.name] == nil {
      sink.report(position, "missing key '\(field.name)'\(owner): \(field.description.summary)")
    }
    if sink.diagnostics.count == before {
      result.check(positions: positions, at: position, into: &sink)
    }
    return sink.diagnostics.count == before ? result : nil
  }

  /// Every field by name, defaults filled in.
  package var json: JSONValue { json(Self.fields) }

  func json(_ fields: [Field<Self>]) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.encode(self)) }))
  }

  /// The fields that identify a result: without those declared `identity: false`, and without
  /// those declared `later` that stand at their default.
  package var identity: JSONValue { identity(Self.fields) }

  func identity(_ fields: [Field<Self>]) -> JSONValue {
    let defaults = Self()
    let kept = fields.filter { field in
      field.description.isIdentity
        && !(field.isLater && field.encode(self) == field.encode(defaults))
    }
    return .object(
      Dictionary(uniqueKeysWithValues: kept.map { ($0.name, $0.encodeIdentity(self)) }))
  }
}

/// What is known about a parameter, apart from how to read it.
package struct FieldDescription: Sendable {
  package let name: String
  /// One line for people, with units.
  package let summary: String
  package let shape: ParameterShape
  /// The value where the recipe says nothing; nil where it must say something.
  package let defaultValue: JSONValue?
  package let minimum: Double?
  package let maximum: Double?
  /// Whether another value may change the result, and so belongs to the key.
  package let isIdentity: Bool

  package var isRequired: Bool { defaultValue == nil }
}

/// One parameter of a set: how it is called, read, checked and written.
package struct Field<Root: ParameterSet> {
  package let description: FieldDescription
  /// Whether it was added after recipes with keys were in use; at its default it then stays out
  /// of the key.
  package let isLater: Bool
  let decode: (inout Root, RecipeNode, inout DiagnosticSink) -> Void
  let encode: (Root) -> JSONValue
  let encodeIdentity: (Root) -> JSONValue

  package var name: String { description.name }

  /// Declares a parameter.
  /// - Parameters:
  ///   - name: the key in the recipe, snake_case.
  ///   - path: the property that holds the value.
  ///   - range: the values allowed, for numbers and for each element of lists of numbers.
  ///   - required: whether a recipe must set it; the default is then never used.
  ///   - identity: false for what cannot change the result, such as a number of threads.
  ///   - later: true for a parameter that was added to a kind already in use.
  ///   - summary: one line for people, with units.
  package init<Value: ParameterValue>(
    _ name: String, _ path: WritableKeyPath<Root, Value>, range: ClosedRange<Double>? = nil,
    required: Bool = false, identity: Bool = true, later: Bool = false, _ summary: String
  ) {
    description = FieldDescription(
      name: name, summary: summary, shape: Value.shape,
      // `nil` would be JSON's null here, which is a default like any other.
      defaultValue: required ? .none : Root()[keyPath: path].json,
      minimum: range.flatMap { $0.lowerBound.isFinite ? $0.lowerBound : nil },
      maximum: range.flatMap { $0.upperBound.isFinite ? $0.upperBound : nil },
      isIdentity: identity)
    isLater = later
    decode = { root, node, sink in
      guard let value = Value.decode(node, into: &sink) else { return }
      let before = sink.diagnostics.count
      if let range { check(value.json, of: node, name: name, range: range, into: &sink) }
      if sink.diagnostics.count == before { root[keyPath: path] = value }
    }
    encode = { $0[keyPath: path].json }
    encodeIdentity = { $0[keyPath: path].identity }
  }
}

extension ClosedRange<Double> {
  /// All numbers from a bound upwards.
  package static func atLeast(_ bound: Double) -> ClosedRange<Double> { bound...Double.infinity }
}

/// Reports every number outside the range, where it stands.
private func check(
  _ value: JSONValue, of node: RecipeNode, name: String, range: ClosedRange<Double>,
  into sink: inout DiagnosticSink
) {
  if case .array(let values) = value {
    for (index, value) in values.enumerated() {
      let element = if case .list(let nodes) = node.value { nodes[index] } else { node }
      check(value, of: element, name: name, range: range, into: &sink)
    }
  } else if let number = value.number, !range.contains(number) {
    let message = "'\(name)' must be \(words(for: range)), found \(value.text)"
    sink.report(node.position, message)
  }
}

private func words(for range: ClosedRange<Double>) -> String {
  func short(_ bound: Double) -> String { Int(exactly: bound).map(String.init) ?? "\(bound)" }
  if range.upperBound == .infinity { return "at least \(short(range.lowerBound))" }
  if range.lowerBound == -.infinity { return "at most \(short(range.upperBound))" }
  return "between \(short(range.lowerBound)) and \(short(range.upperBound))"
}

extension Field {
  /// The same parameter of a set that holds this one's set in a property, at the same level of the
  /// recipe, so that kinds can share groups of parameters. The default is the outer set's.
  /// - Parameter path: the property that holds the inner set.
  package func lifted<Outer: ParameterSet>(
    through path: WritableKeyPath<Outer, Root>
  ) -> Field<Outer> {
    Field<Outer>(
      description: FieldDescription(
        name: description.name, summary: description.summary, shape: description.shape,
        defaultValue: description.isRequired ? .none : encode(Outer()[keyPath: path]),
        minimum: description.minimum, maximum: description.maximum,
        isIdentity: description.isIdentity),
      isLater: isLater,
      decode: { decode(&$0[keyPath: path], $1, &$2) },
      encode: { encode($0[keyPath: path]) },
      encodeIdentity: { encodeIdentity($0[keyPath: path]) })
  }

  private init(
    description: FieldDescription, isLater: Bool,
    decode: @escaping (inout Root, RecipeNode, inout DiagnosticSink) -> Void,
    encode: @escaping (Root) -> JSONValue, encodeIdentity: @escaping (Root) -> JSONValue
  ) {
    self.description = description
    self.isLater = isLater
    self.decode = decode
    self.encode = encode
    self.encodeIdentity = encodeIdentity
  }
}
