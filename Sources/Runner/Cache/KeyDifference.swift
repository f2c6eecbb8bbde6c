/// One field in which two keys differ.
public struct KeyDifference: Sendable, Hashable {
  /// What the field belongs to.
  public enum Field: Sendable, Hashable {
    /// The kind or its version.
    case kind
    /// A parameter; the name of one inside another has dots.
    case parameter(String)
    /// Content from outside.
    case external(String)
    /// An input port.
    case input(String)
  }

  /// The field.
  public let field: Field
  /// What happened to it, such as `learning_rate changed from 1e-06 to 2e-06`.
  public let description: String
}

extension KeyFields {
  /// The fields that changed since an older key, in the order: kind, parameters, content, inputs.
  public func differences(from old: KeyFields) -> [KeyDifference] {
    var found: [KeyDifference] = []
    if kind != old.kind {
      found.append(.init(field: .kind, description: "its kind changed from \(old.kind) to \(kind)"))
    } else if kindVersion != old.kindVersion {
      let versions = "from \(old.kindVersion) to \(kindVersion)"
      found.append(.init(field: .kind, description: "the version of \(kind) changed \(versions)"))
    }
    found += parameterDifferences("", old.identity, identity)
    for name in names(of: old.external, external) where old.external[name] != external[name] {
      found.append(
        .init(field: .external(name), description: "the content of '\(name)' changed"))
    }
    for port in names(of: old.inputs, inputs) where old.inputs[port] != inputs[port] {
      let change =
        old.inputs[port] == nil
        ? "is newly bound" : inputs[port] == nil ? "is no longer bound" : "changed"
      found.append(.init(field: .input(port), description: "its input '\(port)' \(change)"))
    }
    return found
  }
}

private func names<Value>(of first: [String: Value], _ second: [String: Value]) -> [String] {
  Set(first.keys).union(second.keys).sorted()
}

private func parameterDifferences(
  _ name: String, _ old: JSONValue?, _ new: JSONValue?
) -> [KeyDifference] {
  if case .object(let old)? = old, case .object(let new)? = new {
    return names(of: old, new).flatMap { key in
      parameterDifferences(name.isEmpty ? key : "\(name).\(key)", old[key], new[key])
    }
  }
  if let old, let new, old.equalsByValue(new) { return [] }
  let change =
    switch (old, new) {
    case (nil, let new?): "is new, \(new.shortText)"
    case (let old?, nil): "is gone, it was \(old.shortText)"
    case (let old?, let new?): "changed from \(old.shortText) to \(new.shortText)"
    case (nil, nil): "is the same"
    }
  return [KeyDifference(field: .parameter(name), description: "\(name) \(change)")]
}

extension JSONValue {
  /// Equality in which `2` equals `2.0`, for values of which one has been read from a file.
  fileprivate func equalsByValue(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): Double(a) == b
    case (.array(let a), .array(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.equalsByValue($1) }
    case (.object(let a), .object(let b)):
      a.count == b.count
        && a.allSatisfy { key, value in b[key].map { value.equalsByValue($0) } ?? false }
    default: self == other
    }
  }

  /// The value, cut where it would fill the screen.
  fileprivate var shortText: String {
    let whole = text
    return whole.count <= 60 ? whole : whole.prefix(57) + "…"
  }
}
