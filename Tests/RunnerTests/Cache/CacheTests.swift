import Base
import Foundation
import Runner
import TestSupport
import Testing

@Suite struct CacheTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func publish() throws -> Artifact {
    let result = try #require(try project.run([.source(), .training()]).plan.results.last)
    guard case .present(let artifact) = project.cache.lookUp(try #require(result.key)) else {
      throw StageError.failed("not published")
    }
    return artifact
  }

  @Test func findsWhatWasPublished() throws {
    let artifact = try publish()
    let key = artifact.key
    #expect(artifact.folder.path.hasSuffix("results/cache/\(key.prefix(2))/\(key)"))
    #expect(artifact.metrics?.lastPathComponent == "metrics.h5")
    #expect(project.cache.keys().contains(key) && project.cache.keys().count == 2)
    #expect(try project.cache.isWhole(key))
    let mode = try FileManager.default.attributesOfItem(atPath: artifact.output("sum").path)
    #expect(mode[.posixPermissions] as? Int == 0o444)
    let absent = String(repeating: "0", count: 64)
    #expect(project.cache.lookUp(absent) == .absent)
  }

  @Test func noticesDamage() throws {
    let artifact = try publish()
    let file = artifact.output("sum")
    let bytes = try Data(contentsOf: file)
    func found(_ content: Data?, in name: String) throws -> CachedArtifact {
      let place = artifact.folder.appending(path: name)
      let whole = try Data(contentsOf: place)
      try FileManager.default.removeItem(at: place)
      try content?.write(to: place)
      let result = project.cache.lookUp(artifact.key)
      try whole.write(to: place)
      return result
    }
    var flipped = bytes
    flipped[flipped.count - 1] ^= 1
    #expect(try found(flipped, in: "sum.h5") == .present(artifact), "only sizes are looked at")
    #expect(try found(nil, in: "sum.h5") == .damaged("sum.h5 is missing"))
    #expect(
      try found(bytes.dropLast(), in: "sum.h5")
        == .damaged("sum.h5 has \(bytes.count - 1) bytes instead of \(bytes.count)"))
    #expect(try found(nil, in: "record.json") == .damaged("record.json is missing"))
    #expect(
      try found(Data("{".utf8), in: "record.json")
        == .damaged("record.json cannot be used: it is not valid JSON"))
    #expect(
      try found(Data("{}".utf8), in: "record.json")
        == .damaged("record.json cannot be used: entries are missing"))
    let other = try Data(
      contentsOf: project.cache.artifactFolder(
        try #require(artifact.record.fields.inputs["numbers"]).key
      )
      .appending(path: "record.json"))
    #expect(
      try found(other, in: "record.json") == .damaged("its record is that of another key"))
  }

  @Test func tidiesUpAfterARunThatWasKilledRightAfterPublishing() throws {
    let artifact = try publish()
    let work = project.cache.workFolder(artifact.key).url
    try FileManager.default.createDirectory(
      at: work.appending(path: "checkpoints"), withIntermediateDirectories: true)
    #expect(try publish() == artifact)
    #expect(!FileManager.default.fileExists(atPath: work.path))
    // Killed a moment later, it leaves the lock's file, which nobody holds.
    let lock = work.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "locks/\(artifact.key).lock")
    try Data("{}".utf8).write(to: lock)
    #expect(try publish() == artifact)
    #expect(!FileManager.default.fileExists(atPath: lock.path))
  }

  @Test func aProbeOfARunThatWasKilledGoes() throws {
    try project.cache.prepare()
    let work = project.cache.workFolder("key").url.deletingLastPathComponent()
    try Data().write(to: work.appending(path: ".probe-1"))
    try project.cache.prepare()
    #expect(try FileManager.default.contentsOfDirectory(atPath: work.path).isEmpty)
  }

  @Test func takesOverOnlyWhatItsRecordNames() throws {
    let artifact = try publish()
    func adopt(into receiver: Cache) throws -> Bool {
      try receiver.prepare()
      let origin = ArtifactOrigin(file: "a.warmup.h5", sha256: "ab", host: "there")
      return try receiver.adopt(artifact, from: origin, interruption: Interruption()) { _ in }
    }
    let receiver = try FakeProject()
    #expect(try adopt(into: receiver.cache) && !adopt(into: receiver.cache))
    let copy = receiver.cache.artifactFolder(artifact.key)
    for name in artifact.record.files.keys.sorted() + ["record.json"] {
      let contents = try [copy, artifact.folder].map {
        try Data(contentsOf: $0.appending(path: name))
      }
      #expect(contents[0] == contents[1], "\(name)")
    }
    let file = artifact.output("sum")
    let size = try Data(contentsOf: file).count
    try FileManager.default.removeItem(at: file)
    try Data(repeating: 1, count: size).write(to: file)
    let other = try FakeProject()
    let error = #expect(throws: CacheError.self) { try adopt(into: other.cache) }
    #expect(
      error == .malformed(artifact.folder.path, "its files are not those of its record"))
    #expect(other.cache.lookUp(artifact.key) == .absent)
  }

  @Test func refusesAFullDisk() throws {
    #expect(throws: CacheError.self) { try project.cache.prepare(freeMegabytes: .max) }
    try project.cache.prepare()
  }
}

@Suite struct RecipeLockTests {
  @Test func keepsEntriesOfOthers() throws {
    let folder = try ScratchFolder()
    #expect(try RecipeLock(recipeFolder: folder.file("x")).keys == [:])
    func entry(_ key: String) -> LockedInstance { .init(key: key, fields: nil) }
    try RecipeLock.update(["a": entry("1"), "b": entry("2")], in: folder.file("x"))
    try Data("half".utf8).write(to: folder.file("x/lock.json.tmp-1-1"))
    try RecipeLock.update(["b": entry("3")], in: folder.file("x"))
    #expect(try RecipeLock(recipeFolder: folder.file("x")).keys == ["a": "1", "b": "3"])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("x").path)
    #expect(names == ["lock.json"])
  }

  @Test func saysThatItIsDamaged() throws {
    let folder = try ScratchFolder()
    try Data("[".utf8).write(to: folder.file("lock.json"))
    #expect {
      _ = try RecipeLock(recipeFolder: folder.url)
    } throws: {
      "\($0)".hasSuffix(
        "lock.json is damaged: it is not a lock of a recipe; remove it and run again")
    }
  }
}
