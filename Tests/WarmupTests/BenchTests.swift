import Foundation
import Testing

extension EndToEnd {
  /// `warmup bench`: that it answers, never how fast.
  @Suite struct BenchTests {
    /// Lends a tiny model as a folder.
    private func withModel(_ body: (String) async throws -> Void) async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "bench-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      #expect(try await results.run("export", "warmed", folder.path).code == 0)
      try await body(folder.path)
    }

    private static let works: [(work: String, sizes: [String], keys: [String])] = [
      ("train", ["--sequences", "2", "--length", "16", "--steps", "2"], []),
      (
        "sample", ["--prompt", "16", "--sequences", "3", "--tokens", "4"],
        ["prefill_tokens_per_second"]
      ),
      (
        "rlvr", ["--prompts", "1", "--prompt", "16", "--group", "2", "--tokens", "4"],
        ["seconds_sampling", "seconds_update"]
      ),
    ]

    @Test(arguments: works, ["float32", "bfloat16"])
    func answersWithAnObject(
      _ work: (work: String, sizes: [String], keys: [String]), dtype: String
    ) async throws {
      try await withModel { model in
        let ending = try await Program.run(
          ["bench", work.work, "--model", model, "--dtype", dtype, "--json"] + work.sizes
        ) { _ in }
        #expect(ending.code == 0 && ending.messages.isEmpty, "\(ending.messages)")
        let answer = try #require(
          try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        #expect(answer["work"] as? String == work.work)
        #expect((answer["dtype"] as? String)?.isEmpty == false)
        for key in [
          "tokens", "tokens_per_second", "peak_memory_bytes", "floor_seconds", "share_of_floor",
          "matrix_gflops", "bandwidth_gb_per_second",
        ] + work.keys {
          #expect((answer[key] as? Double ?? 0) > 0, "\(key)")
        }
      }
    }

    @Test(arguments: works) func aProfileSaysWhereTheTimeWent(
      _ work: (work: String, sizes: [String], keys: [String])
    ) async throws {
      try await withModel { model in
        let ending = try await Program.run(
          ["bench", work.work, "--model", model, "--profile", "--json"] + work.sizes
        ) { _ in }
        let answer = try #require(
          try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        let shares = try #require(answer["profile"] as? [String: Double])
        #expect(shares.values.allSatisfy { $0 >= 0 })
        #expect(abs(shares.values.reduce(0, +) - 1) < 1e-9)
        let parts =
          ["attention", "the rest"] + (work.work == "sample" ? [] : ["gradients of weights"])
        for part in parts + (work.work == "train" ? [] : ["choice of tokens"]) {
          #expect(shares[part] != nil, "\(part)")
        }
        let lines = try await Program.run(
          ["bench", work.work, "--model", model, "--profile"] + work.sizes
        ) { _ in }
        #expect(lines.output.contains("where the time went, by part:\n  copies of weights"))
      }
    }

    @Test func peopleGetLines() async throws {
      try await withModel { model in
        let ending = try await Program.run(
          "bench", "train", "--model", model, "--sequences", "1", "--length", "8", "--steps", "1")
        #expect(ending.code == 0)
        #expect(ending.output.contains("tokens per second"))
        #expect(ending.output.contains("share of the floor"))
      }
    }

    @Test(arguments: [
      (["--steps", "0"], 64, "--steps must be at least 1"),
      (["--threads", "0"], 64, "--threads must be at least 1"),
      (["--dtype", "float8"], 64, "float32"),
      ([], 1, "/nonexistent/model"),
    ])
    func mistakesAreSentences(options: [String], code: Int32, words: String) async throws {
      let ending = try await Program.run(
        ["bench", "train", "--model", "/nonexistent/model"] + options
      ) { _ in }
      #expect(ending.code == code)
      #expect(ending.output.isEmpty)
      #expect(ending.messages.contains(words), "\(ending.messages)")
    }

    @Test func aPromptThatIsTooLongIsASentence() async throws {
      try await withModel { model in
        let ending = try await Program.run(
          "bench", "sample", "--model", model, "--prompt", "1000000", "--tokens", "2")
        #expect(ending.code == 64)
        #expect(ending.messages.contains("the model's context is"), "\(ending.messages)")
      }
    }
  }
}
