import OrderedCollections

extension AxisSpace {
  /// Reads `axes`, `include` and `exclude` of a recipe, reporting what is wrong with them.
  static func read(_ keys: KnownKeys, into sink: inout DiagnosticSink) -> AxisSpace {
    var values: OrderedDictionary<String, [JSONValue]> = [:]
    for entry in keys["axes"]?.node.entries(expected: "axes by name", into: &sink) ?? [] {
      entry.checkName(of: "an axis", into: &sink)
      values[entry.key] = axisValues(of: entry, into: &sink)
    }
    let include = selectors(keys["include"], among: values, into: &sink)
    let exclude = selectors(keys["exclude"], among: values, into: &sink)
    return AxisSpace(values, include: include, exclude: exclude)
  }

  private static func axisValues(
    of entry: RecipeEntry, into sink: inout DiagnosticSink
  ) -> [JSONValue] {
    let nodes = entry.node.elements
    if nodes.isEmpty { sink.report(entry.node.position, "the axis '\(entry.key)' has no values") }
    var values: [JSONValue] = []
    for node in nodes {
      guard let value = node.axisValue(into: &sink) else { continue }
      if values.contains(where: { $0.isSameAxisValue(as: value) }) {
        sink.report(
          node.position, "the axis '\(entry.key)' has the value \(value.label) twice")
      } else {
        values.append(value)
      }
    }
    return values
  }

  private static func selectors(
    _ entry: RecipeEntry?, among axes: OrderedDictionary<String, [JSONValue]>,
    into sink: inout DiagnosticSink
  ) -> [AxisSelector] {
    guard let entry else { return [] }
    return entry.node.elements.compactMap { selector($0, among: axes, into: &sink) }
  }

  private static func selector(
    _ node: RecipeNode, among axes: OrderedDictionary<String, [JSONValue]>,
    into sink: inout DiagnosticSink
  ) -> AxisSelector? {
    guard case .map(let entries) = node.value else {
      sink.report(
        node.position, "expected axis: value, such as {seed: 1}, found \(node.value.typeName)")
      return nil
    }
    var chosen: OrderedDictionary<String, [JSONValue]> = [:]
    for entry in entries {
      guard let values = axes[entry.key] else {
        let hint = suggestion(for: entry.key, among: Array(axes.keys))
        sink.report(entry.keyPosition, "unknown axis '\(entry.key)'\(hint)")
        continue
      }
      chosen[entry.key] = entry.node.elements.compactMap {
        $0.value(of: entry.key, among: values, into: &sink)
      }
    }
    return chosen.isEmpty ? nil : AxisSelector(values: chosen)
  }
}

extension RecipeNode {
  /// The elements of a list; a single value stands for a list of one.
  fileprivate var elements: [RecipeNode] {
    switch value {
    case .list(let nodes): nodes
    case .null: []
    default: [self]
    }
  }

  /// The value as one of an axis, reporting what cannot be one.
  fileprivate func axisValue(into sink: inout DiagnosticSink) -> JSONValue? {
    if let value = value.scalar, value.number?.isFinite ?? true { return value }
    sink.report(
      position, "expected a string, a finite number or a boolean, found \(value.typeName)")
    return nil
  }

  /// The value as one that an axis has, reporting what is none.
  func value(
    of axis: String, among values: [JSONValue], into sink: inout DiagnosticSink
  ) -> JSONValue? {
    guard let found = axisValue(into: &sink) else { return nil }
    if let value = values.first(where: { $0.isSameAxisValue(as: found) }) { return value }
    let hint = suggestion(for: found.label, among: values.map(\.label))
    sink.report(position, "the axis '\(axis)' has no value \(found.label)\(hint)")
    return nil
  }
}

extension JSONValue {
  /// Whether two values would be one point of an axis: written alike, or equal as numbers.
  func isSameAxisValue(as other: JSONValue) -> Bool {
    if label == other.label { return true }
    if case (.integer, .integer) = (self, other) { return false }
    guard let number, let otherNumber = other.number else { return false }
    return number == otherNumber
  }
}

extension RecipeValue {
  /// The scalar as JSON; nil for lists and mappings.
  var scalar: JSONValue? {
    switch self {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .list, .map: nil
    }
  }

  /// A scalar from JSON; anything else becomes nothing.
  init(scalar: JSONValue) {
    switch scalar {
    case .boolean(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .null, .array, .object: self = .null
    }
  }
}
