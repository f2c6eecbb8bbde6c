import Foundation

/// Everything that identifies an instance's result, field by field. Its digest is the key.
public struct KeyFields: Sendable, Hashable {
  /// Raised when the meaning or the encoding of the fields changes.
  public static let formatVersion = 1

  /// The kind's name.
  public let kind: String
  /// The kind's version.
  public let kindVersion: Int
  /// The parameters that can change the result.
  public let identity: JSONValue
  /// The content from outside the graph: SHA-256 by name.
  public let external: [String: String]
  /// What is bound to each input port.
  public let inputs: [String: Input]

  /// An output of another instance.
  public struct Input: Sendable, Hashable {
    /// The key of the instance that makes it.
    public let key: String
    /// The output port.
    public let output: String

    /// Names an output.
    public init(key: String, output: String) {
      self.key = key
      self.output = output
    }
  }

  /// Gathers the fields.
  public init(
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
  public func key() throws -> String {
    var encoder = CanonicalEncoder()
    try encoder.encode(json)
    return SHA256Digest.hex(of: encoder.bytes)
  }

  /// The fields for records, and for the encoding.
  public var json: JSONValue {
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
  public init?(json: JSONValue) {
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
public enum KeyError: Error, CustomStringConvertible {
  /// A parameter is NaN or infinite.
  case notFinite

  /// A sentence for people.
  public var description: String { "a parameter that is not a finite number cannot enter a key" }
}
