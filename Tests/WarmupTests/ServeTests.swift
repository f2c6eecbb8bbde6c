import Base
import Foundation
import Subprocess
import Testing

extension EndToEnd {
  /// `warmup serve`, and runs that start it.
  @Suite struct ServeTests {
    /// A model that is asked over HTTP says what `sample` says, and Ctrl-C ends it.
    @Test func othersAskAModelOfARecipe() async throws {
      let results = try await FinishedRun.tiny.value.results
      let sampled = try await results.run(
        "sample",
        arguments: [
          "warmed", "--prompt", "Q: What is 2 + 3?\nA: <think>", "--temperature", "0",
          "--max-tokens",
          "20", "--jsonl",
        ])
      let ending = try await Program.shell(
        #"""
        log=$(mktemp)
        "$W" serve "$RECIPE" warmed --results "$RESULTS" --port 0 2>$log &
        server=$!
        for i in $(seq 100); do grep -q 'until Ctrl-C' $log && break; sleep 0.1; done
        url=$(sed -n 's/.* at \(.*\) until.*/\1/p' $log)
        curl -s "$url/models"
        curl -s "$url/completions" -d '{"prompt": "Q: What is 2 + 3?\nA: <think>", "temperature": 0, "max_tokens": 20}'
        kill -INT $server
        wait $server
        echo "code $?"
        rm $log
        """#, ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      let lines = ending.output.split(separator: "\n").map(String.init)
      #expect(lines.count == 3 && lines.last == "code 0", "\(ending)")
      let json = try lines.prefix(2).map { try JSONValue(parsing: Data($0.utf8)) }
      #expect(json[0]["data"]?.array?.first?["id"] == "warmed")
      let expected = try JSONValue(parsing: Data(sampled.output.utf8))["completion"]
      #expect(expected?.string?.isEmpty == false)
      #expect(json[1]["choices"]?.array?.first?["text"] == expected)
    }

    private static let recipe = """
      version: 1
      name: served
      axes: {engine: [native, server]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 40, seed: 1}}
        texts: {kind: write_texts, params: {count: 20, parts: [statements]}}
        scratch:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 270, hidden: 64, layers: 4, heads: 2, key_value_heads: 1, intermediate: 96, context: 2048}
        scores:
          kind: evaluate
          inputs: {model: scratch, problems: puzzles}
          params: {samples: 2, max_tokens: 150, template: knights_and_knaves_short, temperature: 0, engine: "${engine}", server: {start: warmup, concurrency: 2}}
      """

    /// A run starts the server, is killed with it, and asks for the rest only.
    @Test func aRunStartsItsServerAndEndsIt() async throws {
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "served-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try Data(Self.recipe.utf8).write(to: folder.appending(path: "served.yaml"))
      let killed = try await Program.run(["run", "served.yaml"], in: folder) { send in
        let deadline = ContinuousClock.now + .seconds(120)
        while Self.answers(below: folder) < 5, ContinuousClock.now < deadline {
          try await Task.sleep(for: .milliseconds(5))
        }
        try send(.kill)
      }
      #expect(killed.code == nil, "\(killed.messages)")
      let kept = Self.answers(below: folder)
      #expect(kept >= 5)
      let limit = ContinuousClock.now + .seconds(120)
      while Self.servers(of: folder) > 0, ContinuousClock.now < limit {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(Self.servers(of: folder) == 0)
      let ending = try await Program.run("run", "served.yaml", in: folder)
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(Self.servers(of: folder) == 0)
      var rows: [String] = []
      for engine in ["native", "server"] {
        let name = "scores[engine=\(engine)]"
        rows.append(
          try await Program.run("show", "served.yaml", name, "--jsonl", in: folder).output)
      }
      #expect(rows[0] == rows[1] && rows[0].split(separator: "\n").count == 80)
    }

    /// A server of the site file is started with the environment, but gets no keys.
    @Test func aServerOfTheSiteFileGetsNoKeys() async throws {
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "served-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let recipe = Self.recipe.replacing("start: warmup,", with: "start: mine, dialect: vllm,")
        .replacing("[native, server]", with: "[server]")
      try Data(recipe.utf8).write(to: folder.appending(path: "served.yaml"))
      let site = """
        servers:
          mine: [sh, -c, 'echo key "$WARMUP_KEY_LAB" other "$OTHER" name $0; exit 3', "{name}", "{port}"]
        """
      try Data(site.utf8).write(to: folder.appending(path: "site.yaml"))
      let environment = ["WARMUP_KEY_LAB": "secret", "OTHER": "plain"]
      let ending = try await Program.run(
        ["run", "served.yaml", "--site", "site.yaml"], in: folder, environment: environment
      ) { _ in }
      #expect(ending.code == 1)
      #expect(ending.messages.contains("ended with status 3; its log, "))
      #expect(ending.messages.contains("key  other plain name warmup-"), "\(ending.messages)")
      let usual = try await Program.run(["run", "served.yaml"], in: folder) { _ in }
      #expect(usual.code == 1 && usual.messages.contains("there is no server 'mine' to start"))
      let missing = try await Program.run(
        ["plan", "served.yaml", "--site", "none.yaml"], in: folder
      ) { _ in }
      #expect(missing.code == 64 && missing.messages.contains("none.yaml"))
    }

    /// How many answers a run has kept.
    private static func answers(below folder: URL) -> Int {
      // Folder by folder: whoever looks into files, too, trips over those that are being renamed.
      func names(_ place: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      }
      let work = folder.appending(path: "results/cache/work").path
      let stores = names(work).map { "\(work)/\($0)/answers" }
      let parts = stores.flatMap { store in names(store).map { "\(store)/\($0)" } }
      return parts.flatMap(names).count { $0.hasSuffix(".json") }
    }

    /// How many servers read a model below a folder.
    private static func servers(of folder: URL) -> Int {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return processes.count { process in
        guard Int(process) != nil,
          let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))
        else { return false }
        let words = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.contains("serve") && words.contains { $0.hasPrefix(folder.path) }
      }
    }
  }
}
