import Base
import Foundation
import Runner
import TestSupport
import Testing

/// What `cache verify` says of what lies beside results, and of instances at work.
@Suite struct CacheVerificationTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  /// Writes a file of an instance at work.
  private func write(_ content: String, _ path: String) throws {
    let file = project.cache.workFolder("ab").url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(content.utf8).write(to: file)
  }

  private func verify(deep: Bool = true) throws -> CacheVerification {
    try CacheVerification(project.cache, isDeep: deep)
  }

  /// The first result of a project, taken over from another, and where its origin stands.
  private func takenOver() throws -> URL {
    let other = try FakeProject()
    let artifact = try #require(try other.run([.source()]).plan.results[0].artifact)
    try project.cache.prepare()
    let origin = ArtifactOrigin(file: "a.warmup.h5", sha256: "ab", host: "there")
    #expect(
      try project.cache.adopt(artifact, from: origin, interruption: Interruption()) { _ in })
    return project.cache.artifactFolder(artifact.key).appending(path: "origin.json")
  }

  private func origin() -> ArtifactOrigin? {
    guard case .present(let artifact) = project.cache.lookUp(project.cache.keys()[0]) else {
      return nil
    }
    return artifact.origin
  }

  @Test(arguments: [
    ("\"there\"", "\"elsewhere\"", "it was changed after it was written"),
    ("{", "", "it is not valid JSON"),
  ])
  func anOriginThatWasChangedIsFoundAndNotBelieved(
    old: String, new: String, reason: String
  ) throws {
    let file = try takenOver()
    #expect(try verify(deep: false).faults.isEmpty && origin()?.host == "there")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains(old))
    chmod(file.path, 0o644)
    try Data(text.replacing(old, with: new).utf8).write(to: file)
    let faults = try verify(deep: false).faults
    #expect(faults.map(\.place.lastPathComponent) == ["origin.json"])
    #expect(faults.first?.reason.hasPrefix(reason) == true)
    #expect(origin()?.host == "an unknown machine")
  }

  @Test func anOriginOfAnOlderVersionCounts() throws {
    let file = try takenOver()
    chmod(file.path, 0o644)
    try Data(#"{"file": "a", "sha256": "b", "host": "c"}"#.utf8).write(to: file)
    #expect(try verify().faults.isEmpty && origin()?.host == "c")
  }

  /// A last line that a kill cut off is no fault; a line between is.
  @Test func logsAreWholeLinesOfJSON() throws {
    try write("{\"step\": 1}\n{\"step\": 2}\n{\"ste", "metrics.jsonl")
    #expect(try verify().faults.isEmpty && verify().logs == 1)
    try write("{\"step\": 1}\n{\"st\u{0}p\" 2}\n{\"step\": 3}\n", "metrics.jsonl")
    #expect(try verify(deep: false).faults.isEmpty)
    let found = try verify()
    #expect(found.faults.map(\.place.lastPathComponent) == ["metrics.jsonl"])
    #expect(found.text.contains("line 2 is not a JSON object") && found.text.contains("1 log."))
  }

  @Test(arguments: ["checkpoints/step-1.h5", "metrics.jsonl"])
  func whatIsAtWorkIsNotReadAfterAnInterruption(path: String) throws {
    try write("", path)
    let interruption = Interruption()
    interruption.request()
    #expect(throws: InterruptedError.self) {
      try CacheVerification(project.cache, isDeep: true, interruption: interruption)
    }
  }
}
