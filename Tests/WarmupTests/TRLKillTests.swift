import Base
import Foundation
import Runner
import Subprocess
import TestSupport
import Testing

extension EndToEnd {
  /// Runs whose training is done by an adapter of TRL, which the run starts, and which are cut off.
  @Suite struct TRLKillTests {
    private static let recipe = """
      version: 1
      name: engine
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 5, seed: 1}}
        texts: {kind: write_texts, params: {count: 20, parts: [statements]}}
        scratch:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 270, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
        traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
        warmed:
          kind: distill
          inputs: {model: scratch, traces: traces}
          params: {engine: trl, epochs: 6, batch_size: 2, learning_rate: 1e-3}
      """
    private static let fake = ProjectFolder.fixtures.appending(path: "engines/fake-trl")

    /// A folder with the recipe and a site file that names the fake.
    private static func folder() throws -> ScratchFolder {
      let folder = try ScratchFolder()
      _ = try folder.write(recipe, "engine.yaml")
      _ = try folder.write("python: \(fake.path)\n", "site.yaml")
      return folder
    }

    private static func run(
      _ folder: ScratchFolder, seconds: String = "0",
      meanwhile: @escaping @Sendable (_ send: (Signal) throws -> Void) async throws -> Void = { _ in
      }
    ) async throws -> Program.Ending {
      try await Program.run(
        ["run", "engine.yaml", "--site", "site.yaml", "--threads", "1"], in: folder.url,
        environment: ["FAKE_SECONDS": seconds], meanwhile: meanwhile)
    }

    /// What lies in the folder of the training, by a part of its name.
    private static func has(_ part: String, _ folder: ScratchFolder) -> Bool {
      let work = folder.file("results/cache/work").path
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: work)) ?? []
      return paths.contains { $0.contains("/trl/\(part)") }
    }

    private static func wait(until condition: () -> Bool) async throws {
      let deadline = ContinuousClock.now + .seconds(60)
      while !condition(), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(2))
      }
    }

    /// How many adapters work below a folder.
    private static func adapters(of folder: ScratchFolder) -> Int {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return processes.count { process in
        guard Int(process) != nil,
          let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))
        else { return false }
        let words = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.contains { $0.hasSuffix("fake-trl") }
          && words.contains { $0.hasPrefix(folder.url.resolvingSymlinksInPath().path) }
      }
    }

    /// The files of the trained model and of its metrics, as the run lists them.
    private static func result(_ folder: ScratchFolder) throws -> [String] {
      let cache = Cache(folder: folder.file("results/cache"))
      return try cache.keys().compactMap { key in
        guard case .present(let artifact) = cache.lookUp(key),
          artifact.record.instance == "warmed"
        else { return nil }
        #expect(try cache.isWhole(key))
        return artifact.record.files.map { "\($0.key) \($0.value.sha256)" }.sorted()
          .joined(separator: "\n")
      }
    }

    /// kill -9 in the middle of training and once the weights are being handed over.
    @Test(arguments: ["checkpoints/step", "model"])
    func aKilledRunGoesOn(moment: String) async throws {
      let whole = try Self.folder()
      let undisturbed = try await Self.run(whole)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")
      let folder = try Self.folder()
      let killed = try await Self.run(folder, seconds: "0.05") { send in
        try await Self.wait { Self.has(moment, folder) }
        try? send(.kill)
      }
      #expect(killed.code == nil, "\(killed.messages)")
      #expect(try Self.result(folder).isEmpty)
      try await Self.wait { Self.adapters(of: folder) == 0 }
      #expect(Self.adapters(of: folder) == 0)
      let ending = try await Self.run(folder)
      #expect(ending.code == 0, "\(ending.messages)")
      let (ours, theirs) = try (Self.result(folder), Self.result(whole))
      #expect(ours.count == 1 && ours == theirs)
    }

    /// The adapter ends its step and leaves a checkpoint first.
    @Test func ctrlCStopsAtACheckpoint() async throws {
      let folder = try Self.folder()
      let stopped = try await Self.run(folder, seconds: "0.05") { send in
        try await Self.wait { Self.has("events.jsonl", folder) }
        try send(.interrupt)
      }
      #expect(stopped.code == 130, "\(stopped.messages)")
      #expect(stopped.messages.contains("stopped at the last checkpoint; run again to continue"))
      #expect(try Self.result(folder).isEmpty && Self.has("checkpoints/step", folder))
      #expect(Self.adapters(of: folder) == 0)
      let ending = try await Self.run(folder)
      #expect(ending.code == 0, "\(ending.messages)")
      let whole = try Self.folder()
      #expect(try await Self.run(whole).code == 0)
      #expect(try Self.result(folder) == Self.result(whole))
    }
  }
}
