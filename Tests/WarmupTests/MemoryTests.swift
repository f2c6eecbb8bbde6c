import Base
import Foundation
import Testing

extension EndToEnd {
  /// Runs that may not have the memory that they ask for.
  @Suite struct MemoryTests {
    /// In kilobytes of address space. OpenBLAS asks for ever for what it is not given, so this is
    /// also about ending at all. Where the limit is lower, the program cannot be loaded.
    @Test(arguments: [
      "-v 190000", "-v 290000", "-v 550000", "-d 60000",
    ])
    func aRunEndsWithASentence(limit: String) async throws {
      let results = try ResultsFolder("tiny")
      let beginning = ContinuousClock.now
      let ending = try await shell("--threads 4", under: limit, results)
      #expect(ContinuousClock.now - beginning < .seconds(100))
      #expect(ending.code == 1, "\(ending.messages)")
      let advice = ["raise the limit", "raise that, or take a smaller model"]
      #expect(advice.contains { ending.messages.contains($0) }, "\(ending.messages)")
    }

    @Test func aRunThatHasEnoughIsNotRefused() async throws {
      let ending = try await shell("--threads 1", under: "-v 2000000", try ResultsFolder("tiny"))
      #expect(ending.code == 0, "\(ending.messages)")
    }

    /// Whatever the number of cores, of which OpenBLAS would start a thread for each.
    @Test func whatNeedsNoMatricesWorksWithLittle() async throws {
      let ending = try await Program.shell(
        #"ulimit -v 200000; export OPENBLAS_NUM_THREADS=40; timeout 60 "$W" validate "$RECIPE""#,
        ["RECIPE": Fixture.recipe("tiny").path])
      #expect(ending.code == 0, "\(ending.messages)")
    }

    @Test func aModelThatIsTooLargeIsRefusedBeforeAnythingRuns() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        "--set stages.scratch.params.hidden=2048 --set stages.scratch.params.layers=12",
        under: "-v 2000000", results)
      #expect(ending.code == 1)
      let sentence = try Regex(
        #"warmup: 'base' needs 2\.6 GB of memory \(weights, gradients and moments of \d+ "#
          + #"parameters\), but of the 2\.0 GB that 'ulimit -v' allows [\d. GMB]+ are free; raise "#
          + #"that, or take a smaller model"#)
      #expect(ending.messages.contains(sentence), "\(ending.messages)")
      #expect(results.published.isEmpty)
    }

    /// The parameters fit, so that the run begins; what texts leave in memory does not.
    @Test func aBatchThatIsTooLargeIsRefusedBeforeTheFirstStep() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        "--set stages.scratch.params.intermediate=65536 --keep-going", under: "-v 1700000", results)
      #expect(ending.code == 1)
      #expect(
        ending.lines.contains { $0.contains(" takes up to ") && $0.contains("'ulimit -v'") },
        "\(ending.messages)")
      let sentence = try Regex(
        #"base.* failed: training needs [\d.]+ GB of memory \(gradients, moments and \d+ tokens at "#
          + #"a time\), but of the 1\.7 GB that 'ulimit -v' allows"#)
      #expect(ending.messages.contains(sentence), "\(ending.messages)")
    }

    /// What the estimate says, beside the largest resident set of a run that does nothing else, less
    /// that of one that does nothing.
    @Test(arguments: [(hidden: 128, layers: 3, inner: 256), (256, 4, 768)])
    func theEstimateIsWhatIsMeasured(hidden: Int, layers: Int, inner: Int) async throws {
      let results = try ResultsFolder("tiny")
      let recipe = results.url.appending(path: "memory.yaml")
      func write(_ stage: String) throws {
        let text = """
          version: 1
          name: memory
          stages:
            sums: {kind: miniature_problems, params: {domain: arithmetic, count: 40}}
            texts: {kind: write_texts, inputs: {arithmetic: sums}, params: {count: 100, parts: [arithmetic]}}
            scratch:
              kind: scratch_model
              inputs: {texts: texts}
              params: {vocabulary: 300, hidden: \(hidden), layers: \(layers), heads: 8, key_value_heads: 4, intermediate: \(inner), context: 1024}
          \(stage)
          """
        try Data(text.utf8).write(to: recipe)
      }
      func peak() async throws -> Int {
        let measure = """
          import resource, subprocess, sys
          code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
          print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 if code == 0 else -1)
          """
        let ending = try await Program.shell(
          #"python3 -c "$MEASURE" "$W" run "$RECIPE" --results "$RESULTS" --threads 2"#,
          ["RECIPE": recipe.path, "RESULTS": results.url.path, "MEASURE": measure])
        let bytes = Int(ending.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
        try #require(bytes > 0, "\(ending.output) \(ending.messages)")
        return bytes
      }
      func estimate() async throws -> Int {
        let ending = try await Program.run(
          "plan", recipe.path, "--json", "--results", results.url.path)
        let instances = try JSONValue(parsing: Data(ending.output.utf8)).array ?? []
        return Int(try #require(instances.last?["work"]?["memory_bytes"]?.number))
      }
      try write("")
      _ = try await peak()
      let nothing = try await peak()
      let sampled = "max_tokens: 200, template: math_short"
      for stage in [
        "x: {kind: pretrain, inputs: {model: scratch, texts: texts}, params: {batch_size: 100}}",
        "x: {kind: evaluate, inputs: {model: scratch, problems: sums}, params: {samples: 2, \(sampled)}}",
        "x: {kind: rlvr, inputs: {model: scratch, problems: sums}, params: {steps: 1, group: 8, "
          + "problems_per_step: 4, reward: random, \(sampled)}}",
      ] {
        try write("  " + stage)
        let ratio = Double(try await estimate()) / Double(try await peak() - nothing)
        #expect(ratio > 0.7 && ratio < 1.5, "\(stage): \(ratio)")
      }
    }

    private func shell(
      _ options: String, under limit: String, _ results: ResultsFolder
    ) async throws -> Program.Ending {
      try await Program.shell(
        #"ulimit \#(limit); timeout -s KILL 110 "$W" run "$RECIPE" --results "$RESULTS" \#(options)"#,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
    }
  }
}
