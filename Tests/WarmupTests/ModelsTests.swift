import Base
import Foundation
import Testing

extension EndToEnd {
  /// `warmup models`, and what `plan`, `run` and `doctor` say of models that cannot be read.
  @Suite struct ModelsTests {
    @Test func familiesAreListed() async throws {
      let ending = try await Program.run(["models"]) { _ in }
      #expect(ending.code == 0)
      for name in ["qwen2", "qwen3", "olmo2", "smollm3", "gemma3_text", "Qwen3-0.6B-Base"] {
        #expect(ending.output.contains(name), "\(name)")
      }
      let json = try await Program.run(["models", "--json"]) { _ in }
      let families = try JSONValue(parsing: Data(json.output.utf8)).array ?? []
      #expect(families.count == 6 && families.first?["model_type"] == "llama")
    }

    /// A recipe with a model of a certain configuration, and something before it.
    private func folder(_ configuration: String) throws -> ResultsFolder {
      let folder = try ResultsFolder("tiny")
      let model = folder.url.appending(path: "model")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try Data(configuration.utf8).write(to: model.appending(path: "config.json"))
      let recipe = """
        version: 1
        name: t
        stages:
          problems: {kind: miniature_problems, params: {domain: arithmetic, count: 4}}
          base: {kind: pretrained_model, params: {source: model}}
        """
      try Data(recipe.utf8).write(to: folder.url.appending(path: "r.yaml"))
      return folder
    }

    @Test(arguments: [
      (#"{"model_type": "mixtral"}"#, "'mixtral', a mixture of experts"),
      (#"{"model_type": "gemma3", "vision_config": {}}"#, "are gemma3_text"),
      (#"{"model_type": "qwen3", "quantization_config": {}}"#, "asks for quantization_config"),
      (#"{"model_type": "llama", "rope_scaling": {"type": "yarn"}}"#, "of the type 'yarn'"),
      (
        #"""
        {"model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 1, "vocab_size": 9, "max_position_embeddings": 64,
         "rms_norm_eps": 1e-5, "eos_token_id": 9}
        """#, "ends with the token 9, but the model has the tokens 0 to 8"
      ),
    ])
    func refusedBeforeAnythingRuns(configuration: String, words: String) async throws {
      let folder = try folder(configuration)
      let plan = try await Program.run("plan", "r.yaml", in: folder.url)
      #expect(plan.code == 1 && plan.output.contains("'base' cannot be made: "))
      #expect(plan.output.contains(words), "\(plan.output)")
      let json = try await Program.run("plan", "r.yaml", "--json", in: folder.url)
      let items = try JSONValue(parsing: Data(json.output.utf8)).array ?? []
      #expect(json.code == 1 && items.last?["refused"]?.string?.contains(words) == true)
      #expect(items.first?["refused"] == .null)
      let run = try await Program.run("run", "r.yaml", in: folder.url)
      #expect(run.code == 1 && run.messages.contains(words))
      #expect(!run.messages.contains("begins"), "\(run.messages)")
      let doctor = try await Program.run("doctor", "r.yaml", in: folder.url)
      #expect(doctor.code == 1 && doctor.output.contains("a model that cannot be read"))
      let models = try await Program.run("models", "model", in: folder.url)
      #expect(models.code == 1 && models.output.contains(words))
    }
  }
}
