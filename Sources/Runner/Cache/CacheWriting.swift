import Foundation

#if canImport(Glibc)
  import Glibc
#endif

extension Cache {
  /// Makes the folders and makes sure that results can be written, before anything runs.
  /// - Throws: `CacheError`.
  public func prepare(freeMegabytes: Int = 64) throws {
    for name in ["work", "locks"] { try Self.makeFolder(folder.appending(path: name)) }
    let probe = folder.appending(path: "work/.probe-\(UUID().uuidString)")
    defer { unlink(probe.path) }
    guard let file = fopen(probe.path, "w") else {
      throw CacheError.unwritable(folder.path, systemMessage())
    }
    fclose(file)
    var space = statvfs()
    guard statvfs(folder.path, &space) == 0 else { return }
    let free = Int(space.f_bavail) * Int(space.f_frsize) / 1_000_000
    if free < freeMegabytes { throw CacheError.full(folder.path, megabytes: free) }
  }

  /// Takes the lock of a key.
  func lock(
    _ key: String, interruption: Interruption, waiting: (String) -> Void
  ) throws -> FileLock {
    try FileLock.acquire(lockFile(key), interruption: interruption, waiting: waiting)
  }

  /// Removes what a run left that was killed between publishing and tidying up.
  func discardWork(_ key: String) throws {
    let work = workFolder(key).url
    guard FileManager.default.fileExists(atPath: work.path),
      let lock = try FileLock.attempt(lockFile(key))
    else { return }
    defer { lock.release() }
    try FileManager.default.removeItem(at: work)
  }

  /// Moves a damaged artifact out of the way. Only whoever holds the key's lock may call this.
  func setAside(_ key: String) throws {
    let damaged = folder.appending(path: "damaged")
    try Self.makeFolder(damaged)
    let place = damaged.appending(path: "\(key)-\(UUID().uuidString)")
    try FileManager.default.moveItem(at: artifactFolder(key), to: place)
  }

  /// Publishes a folder of files: writes the record, syncs everything and renames the folder.
  ///
  /// Only whoever holds the key's lock may call this. The work folder goes.
  /// - Parameters:
  ///   - output: the folder that holds the files and nothing else.
  ///   - makeRecord: completes the record with what is known of the files.
  func publish(
    _ key: String, output: URL,
    makeRecord: ([String: ArtifactRecord.File]) -> ArtifactRecord
  ) throws -> Artifact {
    let record = makeRecord(try describeAndSync(output))
    let recordFile = output.appending(path: Artifact.recordName)
    try AtomicFile.write(record.json.prettyText, to: recordFile)
    chmod(recordFile.path, 0o444)
    return try place(output, record)
  }

  /// Takes over a whole artifact that lies elsewhere, after comparing its files with its record.
  ///
  /// Its record stays as it is, byte for byte.
  /// - Returns: whether it was not here yet.
  /// - Throws: `CacheError`, or `StageError.interrupted` while somebody else works on the key.
  package func adopt(
    _ artifact: Artifact, interruption: Interruption, waiting: (String) -> Void
  ) throws -> Bool {
    let key = artifact.key
    if case .present = lookUp(key) { return false }
    let lock = try lock(key, interruption: interruption, waiting: waiting)
    defer { lock.release() }
    switch lookUp(key) {
    case .present: return false
    case .damaged: try setAside(key)
    case .absent: break
    }
    let output = try workFolder(key).prepare()
    defer { try? FileManager.default.removeItem(at: output) }
    for name in artifact.record.files.keys.sorted() {
      try FileManager.default.copyItem(
        at: artifact.folder.appending(path: name), to: output.appending(path: name))
    }
    guard try describeAndSync(output) == artifact.record.files else {
      throw CacheError.malformed(artifact.folder.path, "its files are not those of its record")
    }
    let record = output.appending(path: Artifact.recordName)
    try FileManager.default.copyItem(
      at: artifact.folder.appending(path: Artifact.recordName), to: record)
    chmod(record.path, 0o444)
    try AtomicFile.sync(record)
    _ = try place(output, artifact.record)
    return true
  }

  /// Renames a folder that holds a whole artifact to where its key says. The work folder goes.
  private func place(_ output: URL, _ record: ArtifactRecord) throws -> Artifact {
    try AtomicFile.sync(output)
    let place = artifactFolder(record.key)
    let group = place.deletingLastPathComponent()
    try Self.makeFolder(group)
    guard rename(output.path, place.path) == 0 else {
      throw CacheError.unwritable(place.path, systemMessage())
    }
    try AtomicFile.sync(group)
    try AtomicFile.sync(folder)
    try FileManager.default.removeItem(at: workFolder(record.key).url)
    return Artifact(folder: place, record: record)
  }

  private func describeAndSync(_ output: URL) throws -> [String: ArtifactRecord.File] {
    var files: [String: ArtifactRecord.File] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: output.path) {
      let file = output.appending(path: name)
      let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int
      chmod(file.path, 0o444)
      try AtomicFile.sync(file)
      files[name] = .init(bytes: size ?? 0, sha256: try SHA256Digest.hex(ofFile: file))
    }
    return files
  }

  /// Makes a folder and those that it lies in.
  /// - Throws: `CacheError.unwritable`.
  static func makeFolder(_ url: URL) throws {
    if mkdir(url.path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT else { throw CacheError.unwritable(url.path, systemMessage()) }
    try makeFolder(url.deletingLastPathComponent())
    guard mkdir(url.path, 0o755) == 0 || errno == EEXIST else {
      throw CacheError.unwritable(url.path, systemMessage())
    }
  }
}
