import Base
import OrderedCollections

/// The axes of a recipe, and which of their points are wanted.
package struct AxisSpace: Sendable {
  /// The values of each axis, in the recipe's order.
  package let values: OrderedDictionary<String, [JSONValue]>
  private let include: [AxisSelector]
  private let exclude: [AxisSelector]
  /// Where the values of axes stand that an override gave: what is wrong with one is wrong there.
  let overrides: [String: SourcePosition]

  /// How many points a stage may have.
  package static let pointLimit = 10_000

  /// Describes the axes.
  /// - Parameters:
  ///   - include: where there are any, a point must agree with one of them.
  ///   - exclude: a point that one of them covers is left out.
  init(
    _ values: OrderedDictionary<String, [JSONValue]>, include: [AxisSelector] = [],
    exclude: [AxisSelector] = [], overrides: [String: SourcePosition] = [:]
  ) {
    self.values = values
    self.overrides = overrides
    self.include = include
    self.exclude = exclude
  }

  /// Some axes in the recipe's order.
  func sorted(_ axes: Set<String>) -> [String] { values.keys.filter(axes.contains) }

  /// How many points the axes have before any is left out; at most `Int.max`.
  func productSize(of axes: Set<String>) -> Int {
    axes.reduce(1) { size, axis in
      let (product, overflow) = size.multipliedReportingOverflow(by: values[axis]?.count ?? 1)
      return overflow ? Int.max : product
    }
  }

  /// The points of some axes that are wanted; the last axis varies fastest.
  ///
  /// A point of few axes is wanted if `exclude` does not cover it by these axes alone, and if it
  /// agrees with an `include` as far as these axes go. So whenever a point is wanted, its
  /// projection on fewer axes is, too.
  func points(of axes: Set<String>) -> [AxisPoint] {
    var points: [AxisPoint] = [[:]]
    for axis in sorted(axes) {
      points = points.flatMap { point in
        (values[axis] ?? []).map { value in
          var longer = point
          longer[axis] = value
          return longer
        }
      }
    }
    return points.filter(isWanted)
  }

  /// The points of some axes that lie on a point of fewer.
  func points(of axes: Set<String>, through point: AxisPoint) -> [AxisPoint] {
    var fixed = values
    for (axis, value) in point { fixed[axis] = [value] }
    return AxisSpace(fixed, include: include, exclude: exclude).points(of: axes)
  }

  private func isWanted(_ point: AxisPoint) -> Bool {
    !exclude.contains { $0.covers(point) }
      && (include.isEmpty || include.contains { $0.agrees(with: point) })
  }
}

/// Some values of some axes: `{start: base, seed: [2, 3]}`.
struct AxisSelector: Sendable {
  /// The values of each axis that is named.
  let values: OrderedDictionary<String, Set<JSONValue>>

  /// Whether the point has all axes named, each at one of the values.
  func covers(_ point: AxisPoint) -> Bool {
    values.allSatisfy { axis, wanted in point[axis].map(wanted.contains) ?? false }
  }

  /// Whether no axis of the point stands at another value than those named.
  func agrees(with point: AxisPoint) -> Bool {
    values.allSatisfy { axis, wanted in point[axis].map(wanted.contains) ?? true }
  }
}

extension AxisPoint {
  /// The point's coordinates on some of its axes.
  package func projected(on axes: Set<String>) -> AxisPoint { filter { axes.contains($0.key) } }
}

extension JSONValue {
  /// How a scalar is written in names and inside of texts: strings without quotes.
  package var label: String { string ?? text }
}

extension AxisSpace {
  /// Reads `axes`, `include` and `exclude` of a recipe, reporting what is wrong with them.
  /// - Parameter keeps: what stages keep, which makes further axes.
  static func read(
    _ keys: KnownKeys, keeps: [KeepDeclaration], into sink: inout DiagnosticSink
  ) -> AxisSpace {
    var values: OrderedDictionary<String, [JSONValue]> = [:]
    var overrides: [String: SourcePosition] = [:]
    for entry in keys["axes"]?.node.entries(expected: "axes by name", into: &sink) ?? [] {
      entry.checkName(of: "an axis", into: &sink)
      values[entry.key] = axisValues(of: entry, into: &sink)
      if entry.node.position.isOverride { overrides[entry.key] = entry.node.position }
    }
    values.add(keeps, into: &sink)
    let include = selectors(keys["include"], among: values, into: &sink)
    let exclude = selectors(keys["exclude"], among: values, into: &sink)
    return AxisSpace(values, include: include, exclude: exclude, overrides: overrides)
  }

  private static func axisValues(
    of entry: RecipeEntry, into sink: inout DiagnosticSink
  ) -> [JSONValue] {
    let nodes = entry.node.elements
    if nodes.isEmpty { sink.report(entry.node.position, "the axis '\(entry.key)' has no values") }
    guard nodes.count <= AxisSpace.pointLimit else {
      sink.report(
        entry.node.position,
        "the axis '\(entry.key)' has \(nodes.count) values; \(AxisSpace.pointLimit) are the most")
      return []
    }
    var values = AxisValues()
    for node in nodes {
      guard let value = node.axisValue(into: &sink) else { continue }
      if !values.append(value) {
        sink.report(
          node.position, "the axis '\(entry.key)' has the value \(value.label) twice")
      }
    }
    return values.all
  }

  private static func selectors(
    _ entry: RecipeEntry?, among axes: OrderedDictionary<String, [JSONValue]>,
    into sink: inout DiagnosticSink
  ) -> [AxisSelector] {
    guard let entry else { return [] }
    let known = axes.mapValues { AxisValues($0) }
    return entry.node.elements.compactMap { selector($0, among: known, into: &sink) }
  }

  private static func selector(
    _ node: RecipeNode, among axes: OrderedDictionary<String, AxisValues>,
    into sink: inout DiagnosticSink
  ) -> AxisSelector? {
    guard case .map(let entries) = node.value else {
      sink.report(
        node.position, "expected axis: value, such as {seed: 1}, found \(node.value.found)")
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
    return chosen.isEmpty ? nil : AxisSelector(values: chosen.mapValues { Set($0) })
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
    if let value = value.scalar, value.number?.isFinite ?? true {
      if value.label.isOneLine { return value }
      sink.report(position, "a value of an axis is one line without control characters")
      return nil
    }
    sink.report(
      position, "expected a string, a finite number or a boolean, found \(value.found)")
    return nil
  }

  /// The value as one that an axis has, reporting what is none.
  func value(
    of axis: String, among values: [JSONValue], into sink: inout DiagnosticSink
  ) -> JSONValue? {
    value(of: axis, among: AxisValues(values), into: &sink)
  }

  fileprivate func value(
    of axis: String, among values: AxisValues, into sink: inout DiagnosticSink
  ) -> JSONValue? {
    guard let found = axisValue(into: &sink) else { return nil }
    if let value = values.value(sameAs: found) { return value }
    // To look for a near one among very many takes longer than it is worth.
    let near = values.all.count <= 1000 ? values.all.map(\.label) : []
    let hint = suggestion(for: found.label, among: near)
    sink.report(position, "the axis '\(axis)' has no value '\(found.label)'\(hint)")
    return nil
  }
}

/// The values of an axis in their order, no two of which are one point. Each is found in constant
/// time.
struct AxisValues {
  private(set) var all: [JSONValue] = []
  private var labels: [String: Int] = [:]
  private var integers: [Double: Int] = [:]
  private var otherNumbers: [Double: Int] = [:]

  init(_ values: [JSONValue] = []) {
    for value in values { append(value) }
  }

  /// Takes a value, unless one is there that would be the same point.
  @discardableResult
  mutating func append(_ value: JSONValue) -> Bool {
    guard self.value(sameAs: value) == nil else { return false }
    labels[value.label] = all.count
    if case .integer(let number) = value {
      integers[Double(number)] = integers[Double(number)] ?? all.count
    } else if let number = value.number {
      otherNumbers[number] = all.count
    }
    all.append(value)
    return true
  }

  /// The first value that is one point with another: written alike, or equal as numbers, of which
  /// integers are compared exactly.
  func value(sameAs value: JSONValue) -> JSONValue? {
    var found = [labels[value.label]]
    if let number = value.number {
      found.append(otherNumbers[number])
      if case .integer = value {} else { found.append(integers[number]) }
    }
    return found.compactMap(\.self).min().map { all[$0] }
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

  /// Whether a text, as people type it, means this value of an axis: it is written exactly so, or is
  /// the same number.
  func isTyped(_ text: some StringProtocol) -> Bool {
    if label.utf8.elementsEqual(text.utf8) { return true }
    switch self {
    case .integer(let value):
      return Int(text).map { $0 == value }
        ?? (Double(text).map { Int(exactly: $0) == value } ?? false)
    case .number(let value): return Double(text) == value
    default: return false
    }
  }

  /// The order of values of an axis: numbers by value, then texts by their bytes.
  static func isBeforeOnAxis(_ one: JSONValue, _ other: JSONValue) -> Bool {
    switch (one.number, other.number) {
    case (let one?, let other?): one < other
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): one.label.utf8.lexicographicallyPrecedes(other.label.utf8)
    }
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

/// A value of an axis as text, so that `size: 100` needs no quotes.
package struct AxisText: ParameterValue, Equatable {
  /// The value, as labels write it.
  package let text: String

  package init(_ text: String) { self.text = text }

  /// Any scalar; quotes are never needed.
  package static var shape: ParameterShape { .string }

  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> AxisText? {
    if let value = node.value.scalar { return AxisText(value.label) }
    sink.report(node.position, "expected a value of the axis, found \(node.value.found)")
    return nil
  }

  package var json: JSONValue { .string(text) }
}

extension AxisPoint {
  /// Whether an instance at `other` belongs to this point: it has the same value on each axis
  /// that it depends on.
  package func includes(_ other: AxisPoint) -> Bool {
    allSatisfy { other[$0.key] == nil || other[$0.key] == $0.value }
  }

  /// The values for people, such as `warmed · seed=2`: what is no word gets its axis' name.
  package var label: String {
    map { $0.value.string ?? "\($0.key)=\($0.value.text)" }.joined(separator: Self.separator)
  }

  /// What stands between the values of a label.
  package static var separator: String { " · " }

  /// The axes with their values, such as `start=base, size=100`.
  package var coordinates: String {
    map { "\($0.key)=\($0.value.string ?? $0.value.text)" }.joined(separator: ", ")
  }
}
