import Base
import Foundation
import Synchronization

/// A published result.
package struct Artifact: Sendable, Equatable {
  /// The folder that holds the record and the HDF5 files. Nobody writes there any more.
  package var folder: URL { URL(filePath: path, directoryHint: .notDirectory) }
  let path: String
  package var record: ArtifactRecord { held.record }
  /// Where it came from; nil where it was made here.
  package var origin: ArtifactOrigin? { held.origin }
  private var held: HeldRecord
  /// The digests of files that have been read; nil where the bytes were compared before, as those of
  /// a packed file.
  private let digests: FileDigests?
  /// The record's file as it was read, where it had lain still.
  private let stamp: FileStamp?
  /// The digest that covers the record; nil where none does, or where it is not at hand.
  package let seal: String?

  package init(
    folder: URL, record: ArtifactRecord, digests: FileDigests? = nil, seal: String? = nil
  ) {
    self.init(path: folder.path, record: record, digests: digests, stamp: nil, seal: seal)
  }

  init(
    path: String, record: ArtifactRecord, digests: FileDigests?, stamp: FileStamp?, seal: String?
  ) {
    self.path = path
    held = HeldRecord(record, ArtifactOrigin(of: path))
    self.digests = digests
    self.stamp = stamp
    self.seal = seal
  }

  /// The same, with what the record says and the plan says too held once: a plan may have thousands.
  func sharing(_ key: String, _ fields: KeyFields, of instance: Instance) -> Artifact {
    var (shared, record) = (self, record)
    record.share(key, fields, instance)
    shared.held = HeldRecord(record, held.origin)
    return shared
  }

  /// Whether its record is known to be as it was read.
  var isRecordUnchanged: Bool {
    stamp.map { $0.isSettled && $0 == FileStamp(path: "\(path)/\(Self.recordName)") }
      ?? false
  }

  package static func == (one: Artifact, other: Artifact) -> Bool {
    one.path == other.path && one.record == other.record
  }

  /// A file that is about to be read, with the bytes that were published. They are read for it unless
  /// they are remembered and nobody has written to the file since.
  /// - Throws: `DamagedArtifact` where they are others.
  package func whole(_ name: String) throws -> URL {
    let file = folder.appending(path: name)
    if let digests, let words = damage(of: name, digests) {
      throw DamagedArtifact(artifact: self, file: name, reason: words)
    }
    return file
  }

  /// The HDF5 file of an output that is about to be read, with the bytes that were published, and so
  /// is all that lies beside it.
  /// - Throws: `DamagedArtifact`.
  package func wholeOutput(_ port: String) throws -> URL {
    for name in record.companions { _ = try whole(name) }
    return try whole(output(port).lastPathComponent)
  }

  /// A file that was written beside an output (`StageContext.supplement`), with the bytes that were
  /// published; nil where there is none.
  /// - Throws: `DamagedArtifact`.
  package func wholeSupplement(_ name: String, of port: String) throws -> URL? {
    let file = "\(port).\(name).h5"
    return record.files[file] == nil ? nil : try whole(file)
  }

  /// What is wrong with the bytes of a file, in words; nil where they are those that were published.
  func damage(of name: String, _ digests: FileDigests) -> String? {
    guard let expected = record.files[name] else { return "its record knows no \(name)" }
    do {
      let file = folder.appending(path: name)
      return try digests.agrees(file, with: expected.sha256)
        ? nil : "the bytes of \(name) are not those that were published"
    } catch {
      return "\(name) cannot be read"
    }
  }

  package var key: String { record.key }

  /// The HDF5 file of an output port.
  package func output(_ port: String) -> URL { folder.appending(path: "\(port).h5") }

  /// The table of metrics, one row per step, where the stage logged any.
  package var metrics: URL? {
    let name = Self.metricsName
    return record.files[name] == nil ? nil : folder.appending(path: name)
  }

  package static let metricsName = "metrics.h5"
  package static let recordName = "record.json"
}

/// A record that is held once: plans are copied, and one may have thousands.
private final class HeldRecord: Sendable {
  let record: ArtifactRecord
  let origin: ArtifactOrigin?

  init(_ record: ArtifactRecord, _ origin: ArtifactOrigin?) {
    self.record = record
    self.origin = origin
  }
}

/// `record.json`: all that is known of how an artifact came about.
package struct ArtifactRecord: Sendable, Equatable {
  package struct File: Sendable, Equatable {
    package let bytes: Int
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    package let sha256: String
  }

  package private(set) var key: String
  /// What the key was derived from.
  package private(set) var fields: KeyFields
  /// The instance that ran, such as `tuned[seed=1]`.
  package private(set) var instance: String
  /// Every parameter, defaults filled in.
  package private(set) var parameters: JSONValue
  /// The instance that was bound to each input port.
  package let producers: [String: String]
  /// The key of each part of the stage that it was made from, by the part's name; nil where an
  /// older version wrote the record, which did not note them.
  package var parts: [String: String]?
  /// The values that the stage published.
  package let values: [String: JSONValue]
  /// When the attempt began that led to the result.
  package let started: Date
  /// How long that attempt took, in seconds.
  package let seconds: Double
  /// The step from which that attempt went on, where an earlier one had left a checkpoint.
  package let resumedFrom: Int?
  /// How long that attempt might have taken to stop, in seconds: its longest step with its slowest
  /// checkpoint. Nil where it had neither, and in records of older versions.
  package var stopSeconds: Double?
  package private(set) var machine: Machine
  /// The version of this program and of libraries, by name.
  package private(set) var versions: [String: String]
  /// The files by name, without the record itself.
  package internal(set) var files: [String: File] = [:]
  /// Whether a digest covers the record; those of older versions have none.
  package private(set) var isSealed = true

  package init(
    key: String, fields: KeyFields, instance: String, parameters: JSONValue,
    producers: [String: String], parts: [String: String]? = nil, values: [String: JSONValue],
    started: Date, seconds: Double, resumedFrom: Int?, machine: Machine,
    versions: [String: String], files: [String: File] = [:]
  ) {
    self.key = key
    self.fields = fields
    self.instance = instance
    self.parameters = parameters
    self.producers = producers
    self.parts = parts
    self.values = values
    self.started = started
    self.seconds = seconds
    self.resumedFrom = resumedFrom
    self.machine = machine
    self.versions = versions
    self.files = files
  }

  /// The files that are not HDF5, sorted: what an output's file lists because it is too large for one,
  /// such as a model's shards.
  package var companions: [String] { files.keys.filter { !$0.hasSuffix(".h5") }.sorted() }

  /// The files beside outputs that results of the same key may lack, such as `rollouts.token_ids.h5`,
  /// sorted.
  /// - Parameter port: beside which output; nil for all.
  package func supplements(of port: String? = nil) -> [String] {
    files.keys.filter { name in
      let parts = name.split(separator: ".")
      return parts.count == 3 && parts[2] == "h5" && (port.map { parts[0] == $0 } ?? true)
    }.sorted()
  }

  package var json: JSONValue {
    var members: [String: JSONValue] = [
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
    members["stop_seconds"] = stopSeconds.map { .number($0) }
    members["parts"] = parts.map { .object($0.mapValues { .string($0) }) }
    return .object(members)
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
  /// What records say of where they were made; most were made in one place.
  private struct Origin: Sendable, Equatable {
    let machine: Machine
    let versions: [String: String]
  }

  private static let lastOrigin = Mutex<Origin?>(nil)

  /// Takes what is equal from a plan, and from the record before.
  fileprivate mutating func share(_ key: String, _ fields: KeyFields, _ instance: Instance) {
    if self.key == key { self.key = key }
    if self.fields == fields { self.fields = fields }
    if self.instance == instance.name { self.instance = instance.name }
    if parameters == instance.parameters { parameters = instance.parameters }
    let own = Origin(machine: machine, versions: versions)
    let shared = Self.lastOrigin.withLock { last in
      if let last, last == own { return last }
      last = own
      return own
    }
    (machine, versions) = (shared.machine, shared.versions)
  }

  /// Reads a record.
  /// - Throws: `CacheError.malformed`, or what reading the file throws.
  package init(contentsOf file: URL) throws { self = try Self.read(file).record }

  /// Reads a record with the digest that covers it, if one does.
  /// - Throws: as `init(contentsOf:)`.
  static func read(_ file: URL) throws -> (record: ArtifactRecord, seal: String?) {
    let data = try Data(contentsOf: file)
    guard let json = try? JSONValue(parsing: data) else {
      throw CacheError.malformed(file.path, "it is not valid JSON")
    }
    guard var record = ArtifactRecord(json: json) else {
      throw CacheError.malformed(file.path, "entries are missing")
    }
    record.isSealed = json[RecordSeal.name] != nil
    if record.isSealed, !RecordSeal.isWhole(data, json) {
      throw CacheError.malformed(file.path, "it was changed after it was written")
    }
    return (record, json[RecordSeal.name]?.string)
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
      producers: inputs.compactMapValues { $0["instance"]?.string },
      parts: json["parts"]?.object?.compactMapValues(\.string), values: values,
      started: started, seconds: seconds, resumedFrom: json["resumed_from_step"]?.integer,
      machine: machine, versions: versions.compactMapValues(\.string), files: described)
    stopSeconds = json["stop_seconds"]?.number
  }
}

/// The digest that covers a record: SHA-256 of the file's bytes, with zeros in the digest's place.
///
/// It notices damage and edits, not forgery: who computes it anew has made another record.
package enum RecordSeal {
  /// Its entry in the record.
  static let name = "digest"
  private static let blank = String(repeating: "0", count: 64)

  /// The text of a record with its digest.
  package static func sealed(_ record: JSONValue) -> String { seal(record).text }

  /// The text of a record with its digest, and the digest.
  static func seal(_ record: JSONValue) -> (text: String, digest: String) {
    var members = record.object ?? [:]
    members[name] = .string(blank)
    var text = JSONValue.object(members).prettyText
    let digest = SHA256Digest.hex(of: Data(text.utf8))
    if let place = text.utf8.firstRange(of: entry(blank).utf8) {
      text.replaceSubrange(place, with: entry(digest))
    }
    return (text, digest)
  }

  static func isWhole(_ data: Data, _ record: JSONValue) -> Bool {
    guard let digest = record[name]?.string, digest.utf8.count == blank.utf8.count else {
      return false
    }
    let (bytes, entry) = (Array(data), Array(entry(digest).utf8))
    let place = bytes.indices.first {
      bytes[$0] == UInt8(ascii: "\n") && bytes[$0...].starts(with: entry)
    }
    guard let place else { return false }
    let hash = SHA256Digest()
    hash.update(bytes[..<place])
    hash.update(Array(self.entry(blank).utf8))
    hash.update(bytes[(place + entry.count)...])
    return hash.hex() == digest
  }

  /// The line that holds it. Nothing else in a record reads like it: quotes inside of texts are
  /// escaped, and only the record itself is indented so little.
  private static func entry(_ digest: String) -> String { "\n  \"\(name)\": \"\(digest)\"" }
}

/// The machine that made a result.
package struct Machine: Sendable, Equatable {
  package let host: String
  package let processor: String
  package let cores: Int

  package init(host: String, processor: String, cores: Int) {
    self.host = host
    self.processor = processor
    self.cores = cores
  }

  package static func current() -> Machine { here }

  private static let here: Machine = {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = lines.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    let process = ProcessInfo.processInfo
    return Machine(
      host: process.hostName, processor: name ?? "unknown", cores: process.processorCount)
  }()

  var json: JSONValue {
    ["host": .string(host), "processor": .string(processor), "cores": .integer(cores)]
  }

  init?(json: JSONValue?) {
    guard let host = json?["host"]?.string, let processor = json?["processor"]?.string,
      let cores = json?["cores"]?.integer
    else { return nil }
    self.init(host: host, processor: processor, cores: cores)
  }
}
