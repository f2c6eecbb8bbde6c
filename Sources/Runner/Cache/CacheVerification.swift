import Base
import Foundation

/// What became of everything that a cache holds: each record, each file's size, and the bytes as far
/// as they are looked at.
package struct CacheVerification: Sendable {
  /// Something that is not as it was published.
  package struct Fault: Sendable {
    /// Where it is.
    package let place: URL
    /// The instance that made it; nil where no record says.
    package let instance: String?
    package let reason: String
  }

  /// How many artifacts there are.
  package private(set) var artifacts = 0
  /// How many files these have, records apart.
  package private(set) var files = 0
  /// How many of the files were read, or were read before and lie still since.
  package private(set) var compared = 0
  /// How many records of older versions no digest covers.
  package private(set) var unsealed = 0
  /// How many checkpoints of instances at work there are.
  package private(set) var checkpoints = 0
  /// How many logs of instances at work there are.
  package private(set) var logs = 0
  package private(set) var faults: [Fault] = []

  /// Looks at a cache, and changes nothing but what is remembered of its bytes.
  ///
  /// - Parameter isDeep: whether all bytes are read; otherwise only those of files that were written
  ///   to since they were last read.
  /// - Throws: `InterruptedError`.
  package init(
    _ cache: Cache, isDeep: Bool, interruption: Interruption = Interruption()
  ) throws {
    for key in cache.keys() {
      try interruption.check()
      artifacts += 1
      look(at: key, in: cache, isDeep)
    }
    for key in cache.workKeys() {
      try look(at: cache.workFolder(key), isDeep, interruption)
    }
  }

  /// Checkpoints have digests. Of logs it can only be said that they are whole lines of JSON.
  private mutating func look(
    at work: WorkFolder, _ isDeep: Bool, _ interruption: Interruption
  ) throws {
    for checkpoint in CheckpointStore.checkpoints(in: work.checkpoints) {
      try interruption.check()
      checkpoints += 1
      if isDeep, !checkpoint.isWhole {
        let reason = "it is not what was written; a run goes on from the one before"
        faults.append(Fault(place: checkpoint.file, instance: nil, reason: reason))
      }
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: work.url.path)) ?? []
    for name in names.sorted() where name.hasSuffix(".jsonl") {
      try interruption.check()
      logs += 1
      let log = work.url.appending(path: name)
      guard isDeep, let line = Self.unreadableLine(of: log) else { continue }
      let reason = "line \(line) is not a JSON object; remove this folder, and a run begins anew"
      faults.append(Fault(place: log, instance: nil, reason: reason))
    }
  }

  /// The first line that cannot be read, from 1. The last one counts only where it was ended.
  private static func unreadableLine(of log: URL) -> Int? {
    guard let data = try? Data(contentsOf: log) else { return 1 }
    let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    return lines.firstIndex { (try? JSONValue(parsing: Data($0)))?.object == nil }.map { $0 + 1 }
  }

  private mutating func look(at key: String, in cache: Cache, _ isDeep: Bool) {
    let place = cache.artifactFolder(key)
    let artifact: Artifact
    switch cache.lookUp(key) {
    case .absent: return
    case .damaged(let reason):
      let record = try? ArtifactRecord(contentsOf: place.appending(path: Artifact.recordName))
      return faults.append(Fault(place: place, instance: record?.instance, reason: reason))
    case .present(let found): artifact = found
    }
    if !artifact.record.isSealed { unsealed += 1 }
    files += artifact.record.files.count
    for name in artifact.record.files.keys.sorted() {
      let file = place.appending(path: name)
      if isDeep { _ = try? cache.digests.read(file) }
      let isKnown = FileStamp(of: file).flatMap(cache.digests.remembered) != nil
      guard isDeep || isKnown || cache.digests.wasWrittenTo(file) else { continue }
      compared += 1
      if let reason = artifact.damage(of: name, cache.digests) {
        faults.append(Fault(place: file, instance: artifact.record.instance, reason: reason))
      }
    }
    if let damage = ArtifactOrigin.damage(of: place) {
      let reason = "\(damage); where the result came from is no longer known, so remove the folder"
      faults.append(
        Fault(
          place: place.appending(path: ArtifactOrigin.fileName),
          instance: artifact.record.instance, reason: reason))
    }
    let names = try? FileManager.default.contentsOfDirectory(atPath: place.path)
    let strays = Set(names ?? []).subtracting(artifact.record.files.keys)
      .subtracting([Artifact.recordName, ArtifactOrigin.fileName])
    for name in strays.sorted() {
      let reason = "it is not a file of the artifact"
      faults.append(
        Fault(
          place: place.appending(path: name), instance: artifact.record.instance, reason: reason))
    }
  }

  /// For people: a line for each fault, then what was looked at.
  package var text: String {
    let lines = faults.map { fault in
      let instance = fault.instance.map { " ('\($0)')" } ?? ""
      return "\(fault.place.relativePath)\(instance): \(fault.reason)\n"
    }
    return lines.joined() + summary + "\n"
  }

  private var summary: String {
    func count(_ number: Int, _ word: String) -> String {
      "\(number) \(word)\(number == 1 ? "" : "s")"
    }
    var words = [
      faults.isEmpty ? "All is as it was published" : "\(count(faults.count, "fault")) found",
      "\(count(artifacts, "artifact")), the bytes of \(compared) of \(count(files, "file")) compared",
    ]
    if unsealed > 0 {
      words.append("\(count(unsealed, "record")) of older versions have no digest")
    }
    if checkpoints > 0 { words.append(count(checkpoints, "checkpoint")) }
    if logs > 0 { words.append(count(logs, "log")) }
    let advice =
      faults.isEmpty
      ? compared < files ? " '--deep' reads all bytes." : ""
      : " 'warmup run' moves damaged results aside and makes them again."
    return words.joined(separator: "; ") + "." + advice
  }
}

extension Cache {
  /// The names of the folders in which instances work or were interrupted, sorted.
  fileprivate func workKeys() -> [String] {
    let work = folder.appending(path: "work")
    return ((try? FileManager.default.contentsOfDirectory(atPath: work.path)) ?? []).sorted()
  }
}
