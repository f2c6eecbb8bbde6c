import OrderedCollections

/// A string that may name axes: `${start}`, `${arm}.model`. `$${` stands for `${` itself.
package struct Template: Hashable, Sendable {
  private enum Part: Hashable {
    case text(String)
    case axis(String)
  }

  private let parts: [Part]

  /// Reads a string.
  /// - Throws: `TemplateError` where an `${` is not closed.
  package init(_ source: String) throws(TemplateError) {
    var parts: [Part] = []
    var literal = ""
    var rest = source[...]
    while let dollar = rest.firstRange(of: "${") {
      literal += rest[..<dollar.lowerBound]
      rest = rest[dollar.upperBound...]
      if literal.hasSuffix("$") {
        literal += "{"
        continue
      }
      guard let close = rest.firstIndex(of: "}") else { throw .unclosed }
      if !literal.isEmpty { parts.append(.text(literal)) }
      literal = ""
      parts.append(.axis(String(rest[..<close])))
      rest = rest[rest.index(after: close)...]
    }
    literal += rest
    if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
    self.parts = parts
  }

  /// The axes named, in the order in which they are.
  package var axes: [String] {
    parts.compactMap { if case .axis(let name) = $0 { name } else { nil } }
  }

  /// The text at a point of, at least, the axes named.
  package func text(at point: AxisPoint) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .axis(let name): point[name]?.label ?? ""
      }
    }.joined()
  }

  /// The axis's own, typed value where the string is just `${axis}`; else the text.
  package func value(at point: AxisPoint) -> JSONValue {
    if case .axis(let name)? = parts.first, parts.count == 1, let value = point[name] {
      return value
    }
    return .string(text(at: point))
  }
}

/// What can be wrong with `${axis}`.
package enum TemplateError: Error, CustomStringConvertible {
  /// A `${` without its `}`.
  case unclosed

  /// A sentence for people.
  package var description: String {
    "'${' is not closed by '}'; write '$${' for the characters themselves"
  }
}

extension Template {
  /// Reads a string and checks that the axes exist, reporting what is wrong.
  init?(
    _ source: String, at position: SourcePosition, axes: AxisSpace, into sink: inout DiagnosticSink
  ) {
    do {
      try self.init(source)
    } catch {
      sink.report(position, error.description)
      return nil
    }
    let unknown = self.axes.filter { axes.values[$0] == nil }
    for name in unknown {
      let hint = suggestion(for: name, among: Array(axes.values.keys))
      sink.report(position, "unknown axis '\(name)'\(hint)")
    }
    if !unknown.isEmpty { return nil }
  }
}

extension RecipeNode {
  /// The node with `${axis}` replaced in all of its strings.
  func interpolated(at point: AxisPoint) -> RecipeNode {
    switch value {
    case .string(let source):
      guard let template = try? Template(source) else { return self }
      return RecipeNode(RecipeValue(scalar: template.value(at: point)), at: position)
    case .list(let nodes):
      return RecipeNode(.list(nodes.map { $0.interpolated(at: point) }), at: position)
    case .map(let entries):
      return RecipeNode(.map(entries.map { $0.interpolated(at: point) }), at: position)
    default: return self
    }
  }

  /// The axes that strings anywhere in the node name, reporting those that do not exist.
  func axesNamed(in axes: AxisSpace, into sink: inout DiagnosticSink) -> Set<String> {
    switch value {
    case .string(let source):
      Set(Template(source, at: position, axes: axes, into: &sink)?.axes ?? [])
    case .list(let nodes):
      nodes.reduce(into: []) { $0.formUnion($1.axesNamed(in: axes, into: &sink)) }
    case .map(let entries):
      entries.reduce(into: []) { $0.formUnion($1.node.axesNamed(in: axes, into: &sink)) }
    default: []
    }
  }
}

extension RecipeEntry {
  /// The entry with `${axis}` replaced in all strings of its value.
  func interpolated(at point: AxisPoint) -> RecipeEntry {
    RecipeEntry(key: key, keyPosition: keyPosition, node: node.interpolated(at: point))
  }
}
