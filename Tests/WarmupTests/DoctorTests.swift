import Base
import Foundation
import Testing

extension EndToEnd {
  /// `warmup doctor`.
  @Suite struct DoctorTests {
    private static let recipe = """
      version: 1
      name: test
      stages:
        problems: {kind: dataset, params: {task: math, source: x.jsonl, sha256: "PIN"}}
      """

    private func doctor(
      _ folder: ResultsFolder, pin: String, _ options: String...
    ) async throws -> Program.Ending {
      let recipe = folder.url.appending(path: "test.yaml")
      try Data(Self.recipe.replacing("PIN", with: pin).utf8).write(to: recipe)
      return try await Program.run(["doctor", recipe.path] + options, in: folder.url) { _ in }
    }

    @Test func aChangedFileIsWrongAndAMissingOneIsNot() async throws {
      let folder = try ResultsFolder("tiny")
      let digest = SHA256Digest.hex(of: Data("hello".utf8))
      let missing = try await doctor(folder, pin: digest)
      #expect(missing.code == 0 && missing.output.contains("missing x.jsonl"))
      try Data("hello".utf8).write(to: folder.url.appending(path: "x.jsonl"))
      let present = try await doctor(folder, pin: digest)
      #expect(present.code == 0)
      #expect(present.output.contains("present, with the SHA-256 that is pinned"))
      let changed = try await doctor(folder, pin: String(repeating: "0", count: 64), "--json")
      #expect(changed.code == 1)
      let files = try JSONValue(parsing: Data(changed.output.utf8))["files"]?.array
      #expect(files?.first?["state"] == "wrong")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
    }
  }
}
