import Base
import Foundation

/// Everything that identifies an instance's result, field by field. Its digest is the key.
package struct KeyFields: Sendable, Hashable {
  /// Raised when the meaning or the encoding of the fields changes.
  package static let formatVersion = 1

  package let kind: String
  package let kindVersion: Int
  /// The parameters that can change the result.
  package let identity: JSONValue
  /// The content from outside the graph: SHA-256 by name.
  package let external: [String: String]
  /// What is bound to each input port.
  package let inputs: [String: Input]

  /// An output of another instance.
  package typealias Input = OutputReference

  package init(
    kind: String, kindVersion: Int, identity: JSONValue, external: [String: String] = [:],
    inputs: [String: Input] = [:]
  ) {
    self.kind = kind
    self.kindVersion = kindVersion
    self.identity = identity
    self.external = external
    self.inputs = inputs
  }

  /// The key: SHA-256 of the fields' canonical encoding, 64 lower-case hexadecimal digits.
  /// - Throws: `KeyError` where a parameter is not a finite number.
  package func key() throws -> String {
    var encoder = CanonicalEncoder()
    try encoder.encode(json)
    return SHA256Digest.hex(of: encoder.bytes)
  }

  /// The fields for records, and for the encoding.
  package var json: JSONValue {
    [
      "format": .integer(Self.formatVersion),
      "kind": .string(kind),
      "kind_version": .integer(kindVersion),
      "identity": identity,
      "external": .object(external.mapValues { .string($0) }),
      "inputs": .object(
        inputs.mapValues { ["key": .string($0.key), "output": .string($0.output)] }),
    ]
  }

  /// Reads the fields of a record; nil where they are not all there.
  package init?(json: JSONValue) {
    guard let kind = json["kind"]?.string, let version = json["kind_version"]?.integer,
      let identity = json["identity"], let external = json["external"]?.object,
      let bindings = json["inputs"]?.object
    else { return nil }
    var inputs: [String: Input] = [:]
    for (port, binding) in bindings {
      guard let key = binding["key"]?.string, let output = binding["output"]?.string else {
        return nil
      }
      inputs[port] = Input(key: key, output: output)
    }
    self.init(
      kind: kind, kindVersion: version, identity: identity,
      external: external.compactMapValues(\.string), inputs: inputs)
  }
}

/// Why something has no key.
package enum KeyError: Error, CustomStringConvertible {
  /// A parameter is NaN or infinite.
  case notFinite

  package var description: String { "a parameter that is not a finite number cannot enter a key" }
}

/// Writes values as bytes such that equal values, and only those, give equal bytes.
///
/// Every value begins with a tag for its type and, where its length varies, its length; so no two
/// sequences of values run into each other. The bytes are part of the cache's format: changing them
/// changes every key.
struct CanonicalEncoder {
  private(set) var bytes: [UInt8] = []

  mutating func encode(_ value: JSONValue) throws {
    switch value {
    case .null: tag("n")
    case .boolean(let flag): tag(flag ? "t" : "f")
    case .integer(let number):
      tag("i")
      append(UInt64(bitPattern: Int64(number)))
    case .number(let number): try encode(number)
    case .string(let text): encode(text)
    case .array(let values):
      tag("a")
      append(UInt64(values.count))
      for value in values { try encode(value) }
    case .object(let entries): try encode(entries)
    }
  }

  /// A number by its value: −0 equals 0, and what is not a number equals nothing.
  private mutating func encode(_ number: Double) throws {
    guard number.isFinite else { throw KeyError.notFinite }
    tag("d")
    append((number == 0 ? 0 : number).bitPattern)
  }

  /// A text by its Unicode content: canonically equivalent texts are equal.
  private mutating func encode(_ text: String) {
    let normalised = Self.normalised(text).utf8
    tag("s")
    append(UInt64(normalised.count))
    bytes += normalised
  }

  /// Canonically equivalent texts as one; ASCII, which most texts are, needs no work.
  private static func normalised(_ text: String) -> String {
    text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
  }

  private mutating func encode(_ entries: [String: JSONValue]) throws {
    let normalised = entries.map { (Self.normalised($0.key), $0.value) }
    tag("m")
    append(UInt64(entries.count))
    for (key, value) in normalised.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
      encode(key)
      try encode(value)
    }
  }

  private mutating func tag(_ letter: Unicode.Scalar) { bytes.append(UInt8(ascii: letter)) }

  private mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

package enum KeyField: Sendable, Hashable {
  case kind
  /// A parameter; the name of one inside another has dots.
  case parameter(String)
  /// Content from outside, by its name.
  case external(String)
  case input(String)
}

/// One field in which two keys differ.
package struct KeyDifference: Sendable, Hashable {
  package let field: KeyField
  /// What happened to it, such as `learning_rate changed from 1e-06 to 2e-06`.
  package let description: String
}

extension KeyFields {
  /// The fields that changed since an older key, in the order: kind, parameters, content, inputs.
  package func differences(from old: KeyFields) -> [KeyDifference] {
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
  /// Equality in which `2` equals `2.0`, for values one of which was read from a file.
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
