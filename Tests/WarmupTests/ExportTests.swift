import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup export`.
  @Suite struct ExportTests {
    @Test(arguments: ["warmed", "warmed.at[step=20]"])
    func aModelBecomesAHuggingFaceFolder(instance: String) async throws {
      let results = try await FinishedRun.training.value.results
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "export-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let ending = try await results.run("export", instance, folder.path)
      #expect(ending.code == 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(
        files.sorted() == [
          "README.md", "config.json", "generation_config.json", "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json",
        ])
      let look = try await Program.run(["models", folder.path]) { _ in }
      #expect(look.code == 0 && look.output.contains("Llama, "), "\(look.output)")
    }

    /// The front matter is what the Hub reads; texts of recipes stay texts.
    @Test func theCardSaysWhatItIsAndWhatItScored() async throws {
      let results = try await FinishedRun.tiny.value.results
      let place = try ScratchFolder()
      defer { withExtendedLifetime(place) {} }
      let folder = place.file("model")
      let name = "tuned[start=warmed,seed=2]"
      let options = [name, folder.path, "--licence", "apache-2.0", "--base-model", "ana/base"]
      let ending = try await results.run("export", arguments: options)
      #expect(ending.code == 0, "\(ending.messages)")
      let file = folder.appending(path: "README.md")
      let card = try String(contentsOf: file, encoding: .utf8)
      #expect(
        card.hasPrefix("---\nlicense: \"apache-2.0\"\nbase_model: \"ana/base\"\nlibrary_name: "))
      let parts = card.components(separatedBy: "---\n")
      let index = try #require(parts.count > 2 ? parts[1] : nil)
      #expect(index.contains("model-index:\n- name: \"tiny \(name)\"\n  results:\n"))
      #expect(
        index.contains("  - task: {type: text-generation, name: \"scores[start=warmed,seed=2]\"}\n")
      )
      let shown = try await results.run("show", "scores[start=warmed,seed=2]").output
      let accuracy = try JSONValue(parsing: Data(shown.utf8))["values"]?["accuracy"]?.number
      let written = index.firstMatch(of: #/type: accuracy, name: accuracy, value: ([0-9.e-]+)/#)
      #expect(written.flatMap { Double($0.1) } == accuracy)
      #expect(!index.contains("seed=1]"), "the scores of other models are not this one's")
      #expect(card.contains("warmup run tiny.yaml\n") && card.contains("| `warmed` | distill |"))
      #expect(card.contains("name: tiny\n"), "the recipe is in it")
      // Nothing is replaced silently.
      let silent = try await results.run("export", name, folder.path)
      #expect(silent.code == 64 && silent.messages.contains("exists already; choose another name"))
      #expect(try String(contentsOf: file, encoding: .utf8) == card)
      // Written again it is renewed; what a person wrote is not.
      #expect(
        try await results.run("export", name, folder.path, "--overwrite").messages
          == "Wrote \(folder.path)\n")
      #expect(try String(contentsOf: file, encoding: .utf8).contains("No licence was named"))
      try Data("mine\n".utf8).write(to: file)
      let again = try await results.run("export", name, folder.path, "--overwrite")
      #expect(
        again.code == 0 && again.messages.contains("README.md there is somebody's, and stays"))
      #expect(try String(contentsOf: file, encoding: .utf8) == "mine\n")
    }

    @Test func aModelWithoutAdaptersHasNoneToWrite() async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = try ResultsFolder("tiny")
      let target = folder.url.appending(path: "adapter").path
      let ending = try await results.run("export", "warmed", target, "--adapter")
      #expect(ending.code == 64)
      #expect(
        ending.messages.contains("'warmed' was not trained with lora"), "\(ending.messages)")
      #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test func theTemplateForConversationsGoesAlong() async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = try ResultsFolder("tiny")
      let model = folder.url.appending(path: "model")
      #expect(try await results.run("export", "warmed", model.path).code == 0)
      let template = "{% for m in messages %}\"{{ m }}\"\n{% endfor %}"
      try Data(template.utf8).write(to: model.appending(path: "chat_template.jinja"))
      let recipe = folder.url.appending(path: "again.yaml")
      try Data(
        """
        version: 1
        name: again
        stages:
          outside: {kind: pretrained_model, params: {source: "\(model.path)"}}
          problems: {kind: knights_and_knaves, params: {people: 2, count: 2, seed: 1}}
          traces:
            kind: write_traces
            inputs: {problems: problems}
            params: {style: short, prompt: knights_and_knaves_short}
          warmed:
            kind: distill
            inputs: {model: outside, traces: traces}
            params: {epochs: 1}
        """.utf8
      ).write(to: recipe)
      let place = ["--results", folder.url.appending(path: "results").path]
      let run = try await Program.run(["run", recipe.path] + place) { _ in }
      #expect(run.code == 0, "\(run.messages)")
      let exported = folder.url.appending(path: "exported")
      let ending = try await Program.run(
        ["export", recipe.path, "warmed", exported.path] + place
      ) { _ in }
      #expect(ending.code == 0, "\(ending.messages)")
      let settings = try JSONSerialization.jsonObject(
        with: Data(contentsOf: exported.appending(path: "tokenizer_config.json")))
      #expect((settings as? [String: Any])?["chat_template"] as? String == template)
    }

    @Test func whatIsNoModelIsASentence() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await results.run("export", "puzzles", "/nonexistent/folder")
      #expect(ending.code == 1)
      #expect(ending.messages.contains("'puzzles' makes no model"))
    }
  }
}
