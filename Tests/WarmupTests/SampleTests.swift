import Base
import Foundation
import Testing

extension EndToEnd {
  /// `warmup sample`.
  @Suite struct SampleTests {
    private static let prompt = "Q: What is 2 + 3?\nA: <think>"

    private func sample(_ arguments: String...) async throws -> Program.Ending {
      try await FinishedRun.tiny.value.results.run("sample", arguments: arguments)
    }

    private struct Row: Decodable, Equatable {
      let model: String
      let sample: Int
      let completion: String
      let tokens: Int
      let truncated: Bool
      let logProbabilities: [Double]?
      let tokenTexts: [String]?
    }

    private func rows(_ ending: Program.Ending) throws -> [Row] {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try ending.output.split(separator: "\n").map {
        try decoder.decode(Row.self, from: Data($0.utf8))
      }
    }

    @Test func whatGrowsIsWhatComesOut() async throws {
      let options = ["--prompt", Self.prompt, "--max-tokens", "40", "--samples", "2"]
      let results = try await FinishedRun.tiny.value.results
      let text = try await results.run("sample", arguments: ["warmed"] + options)
      let json = try await results.run(
        "sample", arguments: ["warmed", "--jsonl", "--log-probabilities"] + options)
      #expect(text.code == 0 && json.code == 0, "\(text.messages)\(json.messages)")
      let rows = try rows(json)
      #expect(rows.map(\.sample) == [0, 1])
      #expect(
        text.output
          == "--- warmed  sample 1\n\(rows[0].completion.visible)\n--- warmed  sample 2\n"
          + "\(rows[1].completion.visible)\n")
      for row in rows {
        #expect(row.logProbabilities?.count == row.tokens)
        #expect(row.logProbabilities?.allSatisfy { $0 <= 0 } == true)
        #expect(row.tokenTexts?.count == row.tokens && !row.completion.isEmpty)
        #expect(row.truncated == (row.tokens == 40))
      }
      let cutOff = rows.filter(\.truncated).count
      #expect(text.messages == String(repeating: "(cut off at 40 tokens)\n", count: cutOff))
    }

    @Test func theSeedDecides() async throws {
      let options = [
        "--prompt", Self.prompt, "--max-tokens", "30", "--temperature", "1", "--top-p", "1",
      ]
      let results = try await FinishedRun.tiny.value.results
      var texts: [String] = []
      for seed in ["1", "1", "2"] {
        texts.append(
          try await results.run("sample", arguments: ["warmed", "--seed", seed] + options).output)
      }
      #expect(texts[0] == texts[1])
      #expect(texts[0] != texts[2])
    }

    /// A model that came out of `export`, asked line by line from a pipe.
    @Test func exportedModelsAreAskedThroughAPipe() async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "sample-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      #expect(try await results.run("export", "warmed", folder.path).code == 0)
      let options = ["--temperature", "0", "--max-tokens", "20", "--template", "math_short"]
      let piped = try await Program.run(
        ["sample", folder.path] + options, input: Data("2 + 3\n\n4 + 4".utf8))
      #expect(piped.code == 0, "\(piped.messages)")
      let direct = try await results.run(
        "sample", arguments: ["warmed", "--prompt", "2 + 3", "--prompt", "4 + 4"] + options)
      #expect(piped.output == direct.output)
      #expect(!piped.output.isEmpty)
    }

    @Test func severalModelsAnswerInTurn() async throws {
      let ending = try await sample(
        "warmed", "base", "--prompt", "Q: 1 + 1", "--max-tokens", "5", "--temperature", "0")
      #expect(ending.code == 0, "\(ending.messages)")
      let headings = ending.output.split(separator: "\n").filter { $0.hasPrefix("--- ") }
      #expect(headings == ["--- warmed", "--- base"])
    }

    @Test func whatCannotBeAskedIsSaid() async throws {
      let nobody = try await sample("--prompt", "x")
      #expect(nobody.code == 64)
      #expect(nobody.messages.contains("name an instance that made a model, such as 'warmed'"))
      let puzzles = try await sample("puzzles", "--prompt", "x")
      #expect(puzzles.code == 1 && puzzles.messages.contains("'puzzles' makes no model"))
      let long = try await sample("warmed", "--prompt", "x", "--max-tokens", "100000")
      #expect(long.code == 1 && long.messages.contains("does not fit the model's context"))
      let empty = try await sample("warmed", "--prompt", "")
      #expect(empty.code == 1 && empty.messages.contains("has no tokens"), "\(empty.messages)")
      let options = try await sample("warmed", "--prompt", "x", "--template", "mmlu_pro_short")
      #expect(options.code == 1 && options.messages.contains("options"), "\(options.messages)")
    }
  }
}
