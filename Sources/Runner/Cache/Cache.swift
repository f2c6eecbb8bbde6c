import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The folder of published results, and of the work that leads to them.
///
/// ```
/// ab/ab12…/          an artifact: record.json and HDF5 files, seen whole or not at all
/// work/ab12…/        an instance at work: checkpoints/, metrics.jsonl, output-<pid>-…/
/// locks/ab12….lock   somebody is at work on that key, and locks/ab12….lease/ says who on which machine
/// damaged/           artifacts that lost something, moved aside
/// digests.jsonl      which files' bytes have been read, and their SHA-256
/// reports/<recipe>   the digest of a report with all that it was made from
/// ```
package struct Cache: Sendable {
  /// Where it lies, usually `results/cache`.
  package let folder: URL
  private let path: String
  /// The digests of files that have been read.
  let digests: FileDigests

  /// Further caches, which are looked up after this one and never written to. What is found there is
  /// used where it lies.
  package let others: [URL]

  /// Who judges those that hold leases.
  let court: LeaseCourt

  /// Results that are in their places and may not be on the disk yet.
  private let unsynced = DeferredSync()

  /// What took no longer, in seconds, need not be on the disk before work goes on: a power failure
  /// then costs no more than that.
  private static let cheapSeconds = 1.0

  /// Names a cache; nothing is made yet.
  package init(folder: URL, others: [URL] = [], court: LeaseCourt = .standard) {
    self.folder = folder
    path = folder.path
    self.others = others
    self.court = court
    digests = FileDigests(file: folder.appending(path: FileDigests.fileName))
  }

  /// Looks for an artifact, here and then in the other caches, checking its record, the sizes of its
  /// files and what is remembered of their bytes.
  package func lookUp(_ key: String) -> CachedArtifact {
    let own = lookUp(key, in: path)
    if case .present = own { return own }
    for other in others {
      let found = lookUp(key, in: other.path)
      if case .present = found { return found }
    }
    return own
  }

  /// Looks for artifacts with as many threads as the machine has cores.
  func lookUp(_ keys: [String]) -> [String: CachedArtifact] {
    let found = LookedUp()
    SharedWork.run(keys.count, width: ProcessInfo.processInfo.activeProcessorCount) {
      found.note(lookUp(keys[$0]), of: keys[$0])
    }
    return found.all
  }

  private func present(_ key: String) -> Artifact? {
    if case .present(let artifact) = lookUp(key) { artifact } else { nil }
  }

  private func isUndamaged(_ artifact: Artifact) -> Bool {
    artifact.quickDamage(digests) == nil
  }

  /// The other cache that an artifact lies in; nil for one of this cache.
  func otherPlace(of artifact: Artifact) -> URL? {
    others.first { Self.artifactFolder(artifact.key, in: $0).path == artifact.folder.path }
  }

  /// - Parameter folder: the path of a cache; plans ask for thousands of keys.
  private func lookUp(_ key: String, in folder: String) -> CachedArtifact {
    let path = "\(folder)/\(key.prefix(2))/\(key)"
    let recordFile = "\(path)/\(Artifact.recordName)"
    guard let stamp = FileStamp(path: recordFile) else {
      return access(path, F_OK) == 0 ? .damaged("\(Artifact.recordName) is missing") : .absent
    }
    do {
      let file = URL(filePath: recordFile, directoryHint: .notDirectory)
      let (record, seal) = try ArtifactRecord.read(file)
      let artifact = Artifact(
        path: path, record: record, digests: digests, stamp: stamp, seal: seal)
      if artifact.key != key { return .damaged("its record is that of another key") }
      // Of what no digest covers, the key covers what it is made of.
      if !artifact.record.isSealed, (try? artifact.record.fields.key()) != key {
        return .damaged("its key is not the one that its record comes to")
      }
      return artifact.quickDamage(digests).map { .damaged($0) } ?? .present(artifact)
    } catch CacheError.malformed(_, let reason) {
      return .damaged("\(Artifact.recordName) cannot be used: \(reason)")
    } catch {
      return .damaged("\(Artifact.recordName) cannot be read: \(reason(for: error))")
    }
  }

  /// The keys of all artifacts, damaged ones and those of other caches among them, sorted.
  package func keys() -> [String] {
    let manager = FileManager.default
    let keys = ([folder] + others).flatMap { folder in
      let groups = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
      return groups.filter { $0.utf8.count == 2 }.flatMap { group in
        (try? manager.contentsOfDirectory(atPath: folder.appending(path: group).path)) ?? []
      }
    }
    return Set(keys).sorted()
  }

  /// Where the artifact of a key lies once it is published.
  package func artifactFolder(_ key: String) -> URL { Self.artifactFolder(key, in: folder) }

  private static func artifactFolder(_ key: String, in folder: URL) -> URL {
    folder.appending(path: key.prefix(2)).appending(path: key)
  }

  /// Where an instance works.
  package func workFolder(_ key: String) -> WorkFolder {
    WorkFolder(url: folder.appending(path: "work").appending(path: key))
  }

  /// The file whose lock an instance holds while it works.
  func lockFile(_ key: String) -> URL { folder.appending(path: "locks/\(key).lock") }
}

extension Cache {
  /// The cache of a results folder, or the folder itself; nil where there is none.
  package static func existing(at folder: URL) -> URL? {
    [folder.appending(path: "cache"), folder].first { url in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        && isFolder.boolValue
    }
  }

  /// The caches that the variable `WARMUP_CACHE_PATH` names, as far as they are there.
  package static func path(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [URL] {
    (environment["WARMUP_CACHE_PATH"] ?? "").split(separator: ":").compactMap {
      existing(at: URL(fileURLWithPath: String($0)))
    }
  }
}

/// What the cache has of a key.
package enum CachedArtifact: Sendable, Equatable {
  /// Nothing was published.
  case absent
  case present(Artifact)
  /// It lost something; the words say what.
  case damaged(String)
}

private final class LookedUp: Sendable {
  private let entries = Mutex<[String: CachedArtifact]>([:])

  var all: [String: CachedArtifact] { entries.withLock { $0 } }

  func note(_ entry: CachedArtifact, of key: String) { entries.withLock { $0[key] = entry } }
}

extension Artifact {
  /// What is wrong with a file, as far as it is known without reading any: by sizes, and by the
  /// digests of what was read before.
  fileprivate func quickDamage(_ digests: FileDigests) -> String? {
    return record.files.sorted { $0.key < $1.key }.lazy.compactMap { name, file in
      guard let stamp = FileStamp(path: "\(path)/\(name)") else { return "\(name) is missing" }
      if stamp.size != file.bytes {
        return "\(name) has \(stamp.size) bytes instead of \(file.bytes)"
      }
      return [nil, file.sha256].contains(digests.remembered(stamp))
        ? nil : "the bytes of \(name) are not those that were published"
    }.first
  }
}

extension Cache {
  /// Makes the folders and makes sure that results can be written, before anything runs.
  /// - Throws: `CacheError`.
  package func prepare(freeMegabytes: Int = 64) throws {
    for name in ["work", "locks"] { try Folder.make(folder.appending(path: name)) }
    let probe = folder.appending(path: "work/.probe-\(UUID().uuidString)")
    // Those of runs that were killed go, too; to lose one meanwhile harms nobody.
    defer { removeProbes() }
    guard let file = fopen(probe.path, "w") else {
      throw CacheError.unwritable(folder.path, systemMessage())
    }
    fclose(file)
    var space = statvfs()
    guard statvfs(folder.path, &space) == 0 else { return }
    let free = Int(space.f_bavail) * Int(space.f_frsize) / 1_000_000
    if free < freeMegabytes { throw CacheError.full(folder.path, megabytes: free) }
  }

  private func removeProbes() {
    let work = folder.appending(path: "work")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: work.path)) ?? []
    for name in names where name.hasPrefix(".probe-") { unlink(work.appending(path: name).path) }
  }

  /// The artifact of a key: the one that is there, or one made and published under the key's lock,
  /// so that of several runs one works and the others wait for what it publishes.
  /// - Parameters:
  ///   - claim: the key's lock, where it is held already; it is given back.
  ///   - isLeased: whether it takes long, so that other machines must know of it.
  ///   - waiting: called with a sentence while somebody else works on the key.
  ///   - begin: called before anything is made.
  ///   - aside: called with a sentence where something damaged is moved aside.
  ///   - make: puts the files into the folder `output` and tells how they came about. What it puts
  ///     into the work folder survives a kill. Where it puts `record.json` beside the files, that
  ///     stays byte for byte, and the files must be those that it names.
  ///   - defersSync: whether what was made in no time may reach the disk with others, at the next
  ///     `sync`.
  /// - Returns: the artifact, and whether it was made.
  /// - Throws: whatever `make` throws, `CacheError`, `LockError`, `LeaseError` where another process has
  ///   taken the work over, or `InterruptedError` while somebody else works on the key.
  func obtain(
    _ key: String, holding claim: KeyLock? = nil, isLeased: Bool = false,
    interruption: Interruption,
    waiting: (String) -> Void, begin: () -> Void = {}, aside: (String) -> Void = { _ in },
    defersSync: Bool = false, make: (_ output: URL, _ work: WorkFolder) throws -> ArtifactRecord
  ) throws -> (artifact: Artifact, isNew: Bool) {
    if claim == nil, let artifact = existing(key) { return (artifact, false) }
    // Where all was cached, nothing has been made yet.
    if claim == nil { try Folder.make(lockFile(key).deletingLastPathComponent()) }
    let lock =
      try claim
      ?? self.lock(key, isLeased: isLeased, interruption: interruption, waiting: waiting)
    defer { lock.release() }
    switch lookUp(key) {
    case .present(let artifact): return (artifact, false)
    case .damaged(let words): aside("\(words); \(try setAside(key))")
    case .absent: break
    }
    begin()
    var work = workFolder(key)
    work.lock = lock
    let output = try work.prepare()
    defer { try? FileManager.default.removeItem(at: output) }
    let record: ArtifactRecord
    do {
      record = try make(output, work)
    } catch {
      // What a process finds that has lost its work is no news of the work.
      try lock.check()
      throw error
    }
    try lock.check()
    let isDeferred = defersSync && record.seconds < Self.cheapSeconds
    return (try publish(record, from: output, isDeferred: isDeferred), true)
  }

  /// The lock of a key, if nobody holds it, for `obtain`.
  /// - Returns: nil where somebody does.
  func claim(
    _ key: String, isLeased: Bool = false, interruption: Interruption = Interruption()
  ) throws -> KeyLock? {
    try Folder.make(lockFile(key).deletingLastPathComponent())
    let attempt = try attemptLock(key, isLeased: isLeased, interruption: interruption)
    return if case .taken(let lock) = attempt { lock } else { nil }
  }

  /// The artifact of a key that is there; what was left of the work on it goes.
  /// - Parameters:
  ///   - known: what was found there before, whose record need not be read again where it lay still.
  ///   - leftovers: what lay in the folder of work when the known result was found.
  func existing(
    _ key: String, known: Artifact? = nil, leftovers: Set<String> = []
  ) -> Artifact? {
    let isSame = known.map { $0.key == key && $0.isRecordUnchanged && isUndamaged($0) } ?? false
    guard let artifact = isSame ? known : present(key) else { return nil }
    // A cache that cannot be written serves all the same.
    if !isSame || leftovers.contains(key) { try? discardWork(key) }
    return artifact
  }

  /// The names under which work goes on, or was left by runs that were killed.
  func leftovers() -> Set<String> {
    let work = folder.appending(path: "work")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: work.path)) ?? []
    return Set(names).union((try? lockNames()) ?? [])
  }

  /// Lends a work folder under a lock of its own, for work that does not publish under its name:
  /// what it leaves there survives a kill, until it removes the folder.
  /// - Throws: whatever the body throws, `LockError`, or `InterruptedError` while somebody else works
  ///   there.
  func withWorkFolder(
    _ name: String, interruption: Interruption, waiting: (String) -> Void,
    body: (WorkFolder) throws -> Void
  ) throws {
    let lock = try lock(name, isLeased: true, interruption: interruption, waiting: waiting)
    defer { lock.release() }
    var work = workFolder(name)
    work.lock = lock
    try body(work)
  }

  /// Takes over a whole artifact that lies elsewhere, after comparing its files with its record.
  /// - Returns: whether it was not here yet.
  /// - Throws: `CacheError`, `LockError`, or `InterruptedError` while somebody else works on the
  ///   key.
  package func adopt(
    _ artifact: Artifact, from origin: ArtifactOrigin, interruption: Interruption,
    waiting: (String) -> Void
  ) throws -> Bool {
    do {
      return try obtain(artifact.key, interruption: interruption, waiting: waiting) { output, _ in
        for name in artifact.record.files.keys.sorted() + [Artifact.recordName] {
          try FileManager.default.copyItem(
            at: artifact.folder.appending(path: name), to: output.appending(path: name))
        }
        try origin.write(to: output)
        return artifact.record
      }.isNew
    } catch CacheError.malformed(_, let reason) {
      throw CacheError.malformed(artifact.folder.path, reason)
    }
  }

  /// Removes what a run left that was killed between publishing and tidying up: the work folder, the
  /// lease, or the lock's file alone.
  private func discardWork(_ key: String) throws {
    let work = workFolder(key).url
    let hasWork = access(work.path, F_OK) == 0
    let hasLease = access(leaseFolder(key).path, F_OK) == 0
    guard hasWork || hasLease || access(lockFile(key).path, F_OK) == 0,
      case .taken(let lock) = try attemptLock(key, isLeased: hasLease)
    else { return }
    defer { lock.release() }
    if hasWork { try FileManager.default.removeItem(at: work) }
  }

  /// Moves a damaged artifact aside. Only whoever holds the key's lock may call this.
  /// - Returns: where it is now, in words.
  func setAside(_ key: String) throws -> String {
    let damaged = folder.appending(path: "damaged")
    try Folder.make(damaged)
    let place = damaged.appending(path: "\(key)-\(UUID().uuidString)")
    guard rename(artifactFolder(key).path, place.path) == 0 else {
      throw CacheError.unwritable(place.path, systemMessage())
    }
    return "it was moved to \(place.relativePath)"
  }

  /// Waits until every result is on the disk.
  /// - Throws: `FileError`.
  func sync() throws {
    try unsynced.flush()
    digests.keepHeld()
  }

  /// Writes the record, syncs everything and renames the folder. The work folder goes.
  ///
  /// What is not synced yet when a power failure comes is whole afterwards, gone, or of other sizes
  /// or bytes than its record says, as no digest of it was kept: then it is damaged and made again.
  private func publish(
    _ made: ArtifactRecord, from output: URL, isDeferred: Bool
  ) throws -> Artifact {
    var record = made
    record.files = try describe(output, isDeferred: isDeferred)
    let recordFile = output.appending(path: Artifact.recordName)
    var seal: String?
    if FileManager.default.fileExists(atPath: recordFile.path) {
      guard record == made else {
        throw CacheError.malformed(output.path, "its files are not those of its record")
      }
    } else {
      let sealed = RecordSeal.seal(record.json)
      try AtomicFile.writeUnsynced(sealed.text, to: recordFile)
      seal = sealed.digest
    }
    Self.makeReadOnly(recordFile)
    let place = artifactFolder(record.key)
    let group = place.deletingLastPathComponent()
    if !isDeferred { for file in [recordFile, output] { try AtomicFile.sync(file) } }
    try Folder.make(group)
    guard rename(output.path, place.path) == 0 else {
      let reason = systemMessage()
      // Of another machine that made the same, the first result stays.
      if let artifact = present(record.key) { return artifact }
      throw CacheError.unwritable(place.path, reason)
    }
    if isDeferred {
      let names = record.files.keys.sorted() + [Artifact.recordName]
      unsynced.add(names.map { place.appending(path: $0) } + [place, group, folder])
    } else {
      for folder in [group, folder] { try AtomicFile.sync(folder) }
    }
    try FileManager.default.removeItem(at: workFolder(record.key).url)
    return Artifact(folder: place, record: record, digests: digests, seal: seal)
  }

  private func describe(
    _ output: URL, isDeferred: Bool
  ) throws -> [String: ArtifactRecord.File] {
    var files: [String: ArtifactRecord.File] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: output.path)
    where name != Artifact.recordName {
      let file = output.appending(path: name)
      // Foundation's attributes of a file come with its owner's name, from /etc/passwd.
      guard let size = FileStamp(of: file)?.size else {
        throw CacheError.malformed(output.path, "\(name) is gone")
      }
      Self.makeReadOnly(file)
      if !isDeferred { try AtomicFile.sync(file) }
      // What tells where a result came from is no part of it.
      if name == ArtifactOrigin.fileName { continue }
      let sha256 = try digests.hex(of: file, isSettled: true, isOnDisk: !isDeferred)
      files[name] = .init(bytes: size, sha256: sha256)
    }
    return files
  }

  /// Takes the right to write away and leaves who may read as the umask has it.
  private static func makeReadOnly(_ file: URL) {
    var status = stat()
    if stat(file.path, &status) == 0 { chmod(file.path, status.st_mode & 0o444) }
  }
}

/// What can go wrong with the folder of results.
package enum CacheError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file or folder cannot be written.
  case unwritable(String, String)
  case full(String, megabytes: Int)
  /// A file that this program wrote does not say what it should.
  case malformed(String, String)

  package var description: String {
    switch self {
    case .unwritable(let path, let reason):
      "could not write to \(path): \(FileAdvice.words(reason))"
    case .full(let path, let megabytes):
      "only \(megabytes) MB are free at \(path); free some space or choose another results folder"
    case .malformed(let path, let reason):
      "\(path) is damaged: \(reason); remove it and run again"
    }
  }
}

/// Where an instance works, attempt after attempt, until it publishes.
package struct WorkFolder: Sendable {
  package let url: URL
  /// The right to work there; nil for a look.
  var lock: KeyLock?

  package init(url: URL) { self.url = url }

  /// The step of the newest checkpoint, if an earlier attempt left one. Changes nothing.
  package var newestStep: Int? { CheckpointStore.checkpoints(in: checkpoints).first?.step }

  var checkpoints: URL { url.appending(path: "checkpoints") }
  package var metrics: URL { url.appending(path: "metrics.jsonl") }

  /// Removes what dead attempts left half-written, and makes an empty folder for the outputs of a
  /// new one. Only whoever holds the key's lock may call this.
  func prepare() throws -> URL {
    let manager = FileManager.default
    if access(url.path, F_OK) == 0 {
      for name in try manager.contentsOfDirectory(atPath: url.path)
      where name.hasPrefix("output-") || AtomicFile.isLeftover(name) {
        try manager.removeItem(at: url.appending(path: name))
      }
      for name in (try? manager.contentsOfDirectory(atPath: checkpoints.path)) ?? []
      where AtomicFile.isLeftover(name) {
        try manager.removeItem(at: checkpoints.appending(path: name))
      }
    }
    if lock?.isTakenOver == true, let log = try? Data(contentsOf: metrics) {
      // Whoever held it may still have the old file open.
      try AtomicFile.write(to: metrics) { try log.write(to: $0) }
    }
    // Processes of two machines may have one number.
    let output = url.appending(path: "output-\(getpid())-\(UInt32.random(in: .min ... .max))")
    try Folder.make(output)
    return output
  }
}
