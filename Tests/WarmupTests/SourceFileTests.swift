import Foundation
import Testing

extension EndToEnd {
  /// Files from outside that are missing, broken off or others than the recipe pins.
  @Suite struct SourceFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
      let testDescription: String
      /// What is written before the run, by path.
      let files: [(path: String, content: Data)]
      let stage: String
      let words: String
    }

    private static let wrong = String(repeating: "0", count: 64)
    private static let dataset = "kind: dataset, params: {task: math, source: f/x.jsonl"
    private static let gguf = "kind: pretrained_model, params: {source: f/x.gguf"
    private static let folder = "kind: pretrained_model, params: {source: f/model"
    private static let row = Data(#"{"problem": "1+1?", "solution": "2"}"#.utf8)
    private static let header = Data("GGUF".utf8 + [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    private static let configuration = Data(
      #"""
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8,
       "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
       "num_key_value_heads": 1, "vocab_size": 300, "max_position_embeddings": 64,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
       "hidden_act": "silu", "eos_token_id": 0}
      """#.utf8)
    private static let config = [
      (path: "f/model/config.json", content: configuration),
      (path: "f/model/tokenizer.json", content: Fixture.content("tokenizers/smollm2.json")),
    ]
    private static let cutOff = (
      path: "f/model/model.safetensors", content: Data([200, 0, 0, 0, 0, 0, 0, 0, 0x7B])
    )

    static let cases = [
      Case(
        testDescription: "JSONL missing", files: [],
        stage: dataset + "}", words: "there is no 'f/x.jsonl'"),
      Case(
        testDescription: "JSONL cut off", files: [("f/x.jsonl", row + [0x0A] + row.dropLast(4))],
        stage: dataset + "}", words: "f/x.jsonl:2: this line is not a JSON object"),
      Case(
        testDescription: "JSONL changed", files: [("f/x.jsonl", row)],
        stage: dataset + ", sha256: \"\(wrong)\"}", words: "but the recipe pins \(wrong)"),
      Case(
        testDescription: "GGUF missing", files: [], stage: gguf + "}",
        words: "there is no 'f/x.gguf'"),
      Case(
        testDescription: "GGUF cut off", files: [("f/x.gguf", header)], stage: gguf + "}",
        words: "f/x.gguf is not a whole GGUF file"),
      Case(
        testDescription: "GGUF changed", files: [("f/x.gguf", header)],
        stage: gguf + ", sha256: \"\(wrong)\"}", words: "but the recipe pins \(wrong)"),
      Case(
        testDescription: "safetensors missing", files: config, stage: folder + "}",
        words: "model.safetensors cannot be read"),
      Case(
        testDescription: "safetensors cut off",
        files: config + [cutOff],
        stage: folder + "}", words: "model.safetensors is not a whole safetensors file"),
      Case(
        testDescription: "safetensors changed",
        files: config + [cutOff],
        stage: folder + ", sha256: \"\(wrong)\"}", words: "but the recipe pins \(wrong)"),
    ]

    @Test(arguments: cases)
    func aBrokenFileIsASentence(_ broken: Case) async throws {
      let folder = try ResultsFolder("tiny")
      for file in broken.files {
        let url = folder.url.appending(path: file.path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try file.content.write(to: url)
      }
      let recipe = folder.url.appending(path: "broken.yaml")
      let text = "version: 1\nname: broken\nstages:\n  outside: {\(broken.stage)}\n"
      try Data(text.utf8).write(to: recipe)
      let results = folder.url.appending(path: "results")
      let ending = try await Program.run("run", recipe.path, "--results", results.path)
      #expect(ending.code == 1)
      let failures = ending.lines.filter { $0.contains("failed: ") }
      #expect(failures.count == 1, "\(ending.messages)")
      #expect(failures.first?.contains(broken.words) == true, "\(ending.messages)")
      #expect(failures.first?.contains(folder.url.path) == true, "\(ending.messages)")
      let cache = results.appending(path: "cache")
      let isEmpty = try FileManager.default.contentsOfDirectory(atPath: cache.path)
        .allSatisfy { $0.utf8.count != 2 }
      #expect(isEmpty, "something was published")
    }
  }
}
