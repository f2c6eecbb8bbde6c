import Foundation
import HDF5

/// A result inside a stage that is worth an artifact of its own, because it is dear and stays valid
/// when the rest of the stage changes: the completions of an evaluation, when its verifier does.
public struct StagePart: Sendable {
  /// What it is, such as `completions`.
  public let name: String
  /// Raised whenever the same identity and inputs would give another result.
  public let version: Int
  /// The parameters that can change it.
  public let identity: JSONValue
  /// The stage's input ports that it is made from.
  public let inputs: [String]

  /// Describes a part.
  public init(name: String, version: Int, identity: JSONValue, inputs: [String]) {
    self.name = name
    self.version = version
    self.identity = identity
    self.inputs = inputs
  }
}

/// Finds the parts of a stage in the cache, or has them made and publishes them.
struct PartRunner: Sendable {
  let cache: Cache
  let kind: String
  let instance: String
  let interruption: Interruption
  let display: any RunDisplay
  let versions: [String: String]

  /// The HDF5 file of a part.
  /// - Parameter make: writes the file; it is lent a folder that survives a kill.
  func file(
    of part: StagePart, inputs: [String: InputArtifact],
    make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> URL {
    let fields = KeyFields(
      kind: "\(kind)/\(part.name)", kindVersion: part.version, identity: part.identity,
      inputs: inputs.mapValues { KeyFields.Input(key: $0.key, output: $0.output) })
    let key = try fields.key()
    if case .present(let artifact) = cache.lookUp(key) { return artifact.output(part.name) }
    let lock = try cache.lock(key, interruption: interruption) {
      display.notice("\(instance): waiting, \($0)")
    }
    defer { lock.release() }
    switch cache.lookUp(key) {
    case .present(let artifact): return artifact.output(part.name)
    case .damaged: try cache.setAside(key)
    case .absent: break
    }
    return try publish(part, key, fields, inputs, make: make).output(part.name)
  }

  private func publish(
    _ part: StagePart, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact],
    make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> Artifact {
    let work = cache.workFolder(key)
    let output = try work.prepare()
    defer { try? FileManager.default.removeItem(at: output) }
    let started = Date()
    let elapsed = try ContinuousClock().measure {
      try make(output.appending(path: "\(part.name).h5"), work.url)
    }
    return try cache.publish(key, output: output) { files in
      ArtifactRecord(
        key: key, fields: fields, instance: instance, parameters: part.identity,
        producers: inputs.mapValues(\.instance), values: [:], started: started,
        seconds: elapsed / .seconds(1), resumedFrom: nil, machine: .current(),
        versions: versions.merging(["HDF5": HDF5Library.version]) { $1 }, files: files)
    }
  }
}
