import Foundation
import Model
import TestSupport
import Testing

extension EndToEnd {
  /// The paper's recipes for tables 2 and 5, with models of the same families, shapes in little and
  /// random weights where the published ones would lie: everything in them runs.
  @Suite struct PaperTableTests {
    /// What the models are called, and made of.
    private static let published: [(names: [String], tokenizer: String, configuration: String)] = [
      (
        ["Qwen2.5-3B", "Qwen2.5-14B", "Qwen2.5-Math-1.5B"], "qwen3",
        #""model_type": "qwen2", "bos_token_id": 0, "max_position_embeddings": 4096, "rope_theta": 1e6"#
      ),
      (
        ["OLMo-2-0425-1B", "OLMo-2-1124-7B"], "olmo2",
        #""model_type": "olmo2", "max_position_embeddings": 4096, "rope_theta": 5e5"#
      ),
      (
        ["Llama-3.2-3B", "Llama-3.1-8B"], "llama3",
        #"""
        "model_type": "llama", "bos_token_id": 0, "max_position_embeddings": 131072,
        "rope_theta": 5e5, "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0,
        "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}
        """#
      ),
      (
        ["deepseek-math-7b-base"], "deepseek",
        #"""
        "model_type": "llama", "bos_token_id": 0, "max_position_embeddings": 4096,
        "rope_theta": 10000.0
        """#
      ),
    ]

    @Test(arguments: [("table5", 4, 2), ("table2", 2, 3), ("table2_short_context", 2, 2)])
    func everythingInItRuns(name: String, models: Int, arms: Int) async throws {
      let folder = try ResultsFolder("tiny")
      try Self.writeModels(in: folder.url)
      try Self.writeData(in: folder.url)
      let teacher = try MisbehavingTeacher { _, _ in
        .answer("Zoey may lie. </think> <answer> (1) Zoey is a knave </answer>")
      }
      defer { teacher.stop() }
      let recipe = ProjectFolder.experiments.appending(path: "paper/\(name).yaml")
      let changes = Self.smaller(teacher.url).flatMap { ["--set", "stages.\($0)"] }
      let place = ["--results", folder.url.appending(path: "results").path]
      let data = ["WARMUP_DATA": folder.url.path]
      let plan = try await Program.run(
        ["plan", recipe.path] + changes + place, environment: data
      ) { _ in }
      #expect(plan.code == 0, "\(plan.output) \(plan.messages)")
      let run = try await Program.run(
        ["run", recipe.path] + changes + place, environment: data
      ) { _ in }
      #expect(run.code == 0, "\(run.messages.suffix(2000))")
      #expect(teacher.requests.count == 2)
      let table = try String(
        contentsOf: folder.url.appending(
          path: "results/paper-\(name.replacing("_", with: "-"))/tables/accuracy.md"),
        encoding: .utf8)
      let rows = table.split(separator: "\n").filter { $0.contains(" base ") || $0.contains("arm") }
      #expect(rows.count >= models, "\(table)")
      // Every cell has our number, and most a published one beside it.
      #expect(!table.contains("| – |"), "\(table)")
      let json = try await Program.run(
        ["plan", recipe.path, "--json"] + changes + place, environment: data
      ) { _ in }
      let scores = json.output.split(separator: "\n").filter {
        $0.contains(#""instance": "scores["#) || $0.contains(#""instance":"scores["#)
      }
      #expect(scores.count == models * arms * 3, "\(json.output.prefix(500))")
    }

    /// Two puzzles, two problems of each benchmark, a few tokens.
    private static func smaller(_ url: String) -> [String] {
      [
        "puzzles.params.people=[3]", "puzzles.params.count=2",
        "traces.params.server.url=\(url)", "traces.params.server.model=qwq",
        "warmed.params.epochs=1", "warmed.params.batch_size=2", "warmed.params.warmup_steps=0",
        "math500.params.source=math.jsonl", "math500.params.sha256=null",
        "humaneval.params.source=humaneval.jsonl", "humaneval.params.sha256=null",
        "mmlu_pro_all.params.source=mmlu_pro.jsonl", "mmlu_pro_all.params.sha256=null",
        "mmlu_pro.params.test_ids=[\"3\"]", "scores.params.samples=1", "scores.params.max_tokens=8",
      ]
    }

    private static func writeModels(in folder: URL) throws {
      for (names, tokenizer, configuration) in published {
        let json = Data(
          """
          {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
           "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 912, "eos_token_id": 1,
           "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": false,
           \(configuration)}
          """.utf8)
        let weights = Weights.random(try ModelConfiguration(huggingFaceConfig: json), seed: 1)
        for name in names {
          let model = folder.appending(path: "models/\(name)")
          try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
          try json.write(to: model.appending(path: "config.json"))
          try FamilyTokenizer.file(tokenizer).write(to: model.appending(path: "tokenizer.json"))
          try SafetensorsWriter.write(
            weights.layout.entries, of: WeightsInMemory(weights), as: .float32,
            to: model.appending(path: "model.safetensors"))
        }
      }
    }

    private static func writeData(in folder: URL) throws {
      let files = [
        "math.jsonl": [
          #"{"problem": "What is 1 + 1?", "solution": "It is $\\boxed{2}$.", "answer": "2"}"#,
          #"{"problem": "What is 2 + 1?", "solution": "It is $\\boxed{3}$.", "answer": "3"}"#,
        ],
        "humaneval.jsonl": [
          #"{"task_id": "HumanEval/0", "prompt": "def f():\n", "entry_point": "f", "#
            + #""canonical_solution": "    return 1\n", "#
            + #""test": "def check(candidate):\n    assert candidate() == 1\n"}"#
        ],
        "mmlu_pro.jsonl": (1...3).map {
          #"{"question_id": \#($0), "question": "Which is \#($0)?", "options": ["0", "1", "2", "3"], "#
            + #""answer": "B", "answer_index": 1, "category": "math"}"#
        },
        "s1k/s1k_traces.jsonl": [
          #"{"prompt": "What is 3 + 1?", "completion": "Three and one. </think> <answer> 4 </answer>"}"#
        ],
      ]
      for (name, lines) in files {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
      }
    }
  }
}
