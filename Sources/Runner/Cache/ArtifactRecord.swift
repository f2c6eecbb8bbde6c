import Foundation

/// `record.json`: all that is known of how an artifact came about.
public struct ArtifactRecord: Sendable, Equatable {
  /// A file of the artifact.
  public struct File: Sendable, Equatable {
    /// Its size in bytes.
    public let bytes: Int
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    public let sha256: String
  }

  /// The instance's key.
  public let key: String
  /// What the key was derived from.
  public let fields: KeyFields
  /// The instance that ran, such as `tuned[seed=1]`.
  public let instance: String
  /// Every parameter, defaults filled in.
  public let parameters: JSONValue
  /// The instance that was bound to each input port.
  public let producers: [String: String]
  /// The values that the stage published.
  public let values: [String: JSONValue]
  /// When the attempt began that led to the result.
  public let started: Date
  /// How long that attempt took, in seconds.
  public let seconds: Double
  /// The step from which that attempt went on, where an earlier one had left a checkpoint.
  public let resumedFrom: Int?
  /// The machine.
  public let machine: Machine
  /// The version of this program and of libraries, by name.
  public let versions: [String: String]
  /// The files by name, without the record itself.
  public let files: [String: File]

  /// The record as it is written.
  public var json: JSONValue {
    [
      "key": .string(key), "key_fields": fields.json, "instance": .string(instance),
      "kind": .string(fields.kind), "kind_version": .integer(fields.kindVersion),
      "params": parameters, "inputs": inputs, "values": .object(values),
      "started": .string(started.formatted(Self.dateStyle)),
      "ended": .string(started.addingTimeInterval(seconds).formatted(Self.dateStyle)),
      "seconds": .number(seconds), "resumed_from_step": resumedFrom.map { .integer($0) } ?? .null,
      "machine": machine.json, "versions": .object(versions.mapValues { .string($0) }),
      "files": .object(
        files.mapValues { ["bytes": .integer($0.bytes), "sha256": .string($0.sha256)] }),
    ]
  }

  private var inputs: JSONValue {
    let bound = fields.inputs.map { port, input in
      let producer = JSONValue.string(producers[port] ?? "")
      let entry: JSONValue = [
        "instance": producer, "key": .string(input.key), "output": .string(input.output),
      ]
      return (port, entry)
    }
    return .object(Dictionary(uniqueKeysWithValues: bound))
  }

  private static let dateStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension ArtifactRecord {
  /// Reads a record.
  /// - Throws: `CacheError.malformed`, or what reading the file throws.
  public init(contentsOf file: URL) throws {
    let data = try Data(contentsOf: file)
    guard let json = try? JSONValue(parsing: data) else {
      throw CacheError.malformed(file.path, "it is not valid JSON")
    }
    guard let record = ArtifactRecord(json: json) else {
      throw CacheError.malformed(file.path, "entries are missing")
    }
    self = record
  }

  private init?(json: JSONValue) {
    guard let key = json["key"]?.string, let fields = json["key_fields"].flatMap(KeyFields.init),
      let instance = json["instance"]?.string, let parameters = json["params"],
      let values = json["values"]?.object, let inputs = json["inputs"]?.object,
      let date = json["started"]?.string, let started = try? Self.dateStyle.parse(date),
      let seconds = json["seconds"]?.number, let machine = Machine(json: json["machine"]),
      let versions = json["versions"]?.object, let files = json["files"]?.object
    else { return nil }
    var described: [String: File] = [:]
    for (name, entry) in files {
      guard let bytes = entry["bytes"]?.integer, let sha256 = entry["sha256"]?.string else {
        return nil
      }
      described[name] = File(bytes: bytes, sha256: sha256)
    }
    self.init(
      key: key, fields: fields, instance: instance, parameters: parameters,
      producers: inputs.compactMapValues { $0["instance"]?.string }, values: values,
      started: started, seconds: seconds, resumedFrom: json["resumed_from_step"]?.integer,
      machine: machine, versions: versions.compactMapValues(\.string), files: described)
  }
}
