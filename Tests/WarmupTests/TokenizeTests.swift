import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup tokenize`.
  @Suite struct TokenizeTests {
    private func tokenize(
      _ input: String, _ options: String..., model: String = "qwen2"
    ) async throws -> Program.Ending {
      let file = ProjectFolder.fixtures.appending(path: "tokenizers/\(model).json")
      return try await Program.run(["tokenize", file.path] + options, input: Data(input.utf8))
    }

    @Test(arguments: ["gpt2", "smollm2", "qwen2"])
    func everyLineIsAnsweredByTheOriginalsIds(model: String) async throws {
      struct Row: Decodable { let ids: [String: [Int]] }
      struct Answer: Decodable { let ids: [Int] }
      let golden = Fixture.content("tokenizers/golden.jsonl")
      let ending = try await tokenize(
        String(decoding: golden, as: UTF8.self), "--jsonl", model: model)
      #expect(ending.code == 0 && ending.messages.isEmpty)
      let expected = try golden.split(separator: 0x0A).map {
        try JSONDecoder().decode(Row.self, from: $0).ids[model] ?? []
      }
      let answers = try Data(ending.output.utf8).split(separator: 0x0A).map {
        try JSONDecoder().decode(Answer.self, from: $0).ids
      }
      #expect(answers == expected)
      #expect(answers.count > 50)
    }

    @Test func onlyTheByte0x0AEndsALine() async throws {
      let separators = "{\"text\": \"a\u{2028}b\u{85}c\"}\r\n{\"text\": \"\"}"
      let ending = try await tokenize(separators, "--jsonl")
      #expect(ending.code == 0)
      #expect(ending.output.split(separator: "\n").count == 2)
      #expect(ending.output.hasSuffix("\n{\"ids\": []}\n"))
    }

    @Test func longLinesAndManyOfThem() async throws {
      let long = "{\"text\": \"\(String(repeating: "knavery", count: 30_000))\"}\n"
      let short = String(repeating: "{\"text\": \"a\"}\n", count: 20_000)
      let ending = try await tokenize(short + long + short, "--jsonl")
      #expect(ending.code == 0)
      let lines = ending.output.split(separator: "\n")
      #expect(lines.count == 40_001)
      #expect(Set(lines).count == 2 && lines.first == lines.last)
    }

    @Test func peopleGetIdsAndTextsBack() async throws {
      let text = "A knight lies.\n\n <|im_end|>7 \u{E9}\n"
      let ids = try await tokenize(text)
      #expect(ids.code == 0)
      #expect(ids.output.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
      #expect(try await tokenize(ids.output, "--decode").output == text)
      let json = try await tokenize("{\"text\": \"\\n\u{E9}\"}\n", "--jsonl")
      let back = try await tokenize(json.output, "--jsonl", "--decode")
      #expect(back.output == "{\"text\":\"\\n\u{E9}\"}\n")
    }

    @Test(arguments: [
      ("[1]", "is not a JSON object"), ("", "is not a JSON object"),
      ("{\"text\": 1}", "no string 'text'"),
      ("{\"texts\": \"\"}", "no string 'text'"),
      ("{\"text\": \"\\ud800\"}", "is not a JSON object"),
    ])
    func aBadLineIsASentence(line: String, words: String) async throws {
      let ending = try await tokenize("{\"text\": \"\"}\n\(line)\n{\"text\": \"\"}\n", "--jsonl")
      #expect(ending.code == 1)
      #expect(ending.output == "{\"ids\": []}\n")
      #expect(ending.lines.count == 1)
      #expect(ending.messages.contains("line 2 of standard input"))
      #expect(ending.messages.contains(words), "\(ending.messages)")
    }

    @Test(arguments: [
      ("5 x", "is not a list of ids"), ("-1", "the id -1"), ("100000", "the id 100000"),
    ])
    func badIdsAreASentence(line: String, words: String) async throws {
      let ending = try await tokenize("5\n\(line)\n", "--decode")
      #expect(ending.code == 1)
      #expect(ending.messages.contains("line 2 of standard input"))
      #expect(ending.messages.contains(words), "\(ending.messages)")
    }

    @Test func aModelThatIsNotThereIsASentence() async throws {
      let ending = try await Program.run(["tokenize", "/nonexistent/model"], input: Data())
      #expect(ending.code == 1)
      #expect(ending.lines.count == 1)
      #expect(ending.messages.contains("/nonexistent/model cannot be read"))
    }
  }
}
