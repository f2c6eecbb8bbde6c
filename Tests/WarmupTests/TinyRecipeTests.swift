import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The recipes of `experiments/tiny`, in a still smaller size: everything in them runs and is shown.
  @Suite struct TinyRecipeTests {
    private static let experiments = ProjectFolder.experiments

    /// A model of some 20,000 weights, and as few tokens as there can be.
    private static let smaller = [
      "axes.seed=[1]", "stages.random.params.hidden=32", "stages.random.params.layers=1",
      "stages.random.params.heads=2", "stages.random.params.key_value_heads=1",
      "stages.random.params.intermediate=48", "stages.texts.params.count=64",
      "stages.traces.params.copies=1", "stages.scores.params.samples=1",
      "stages.scores.params.max_tokens=8",
    ]

    private static func smaller(_ reinforced: [String]) -> [String] {
      smaller
        + reinforced.flatMap { stage in
          ["steps=1", "group=2", "problems_per_step=2", "max_tokens=8"].map {
            "stages.\(stage).params.\($0)"
          }
        }
    }

    @Test(arguments: [
      (
        "four_arms", ["base_rl", "warmed_rl", "shuffled_rl", "random_rl", "format_rl"],
        ["stages.shuffled_traces.params.copies=1"]
      ),
      (
        "sample_efficiency", ["base_rl", "warmed_rl", "random_rl", "format_rl"],
        ["axes.examples=[8,64]"]
      ),
    ])
    func everythingInItRuns(name: String, reinforced: [String], more: [String]) async throws {
      let results = FileManager.default.temporaryDirectory
        .appending(path: "warmup-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: results) }
      let recipe = Self.experiments.appending(path: "tiny/\(name).yaml")
      let changes = (Self.smaller(reinforced) + more).flatMap { ["--set", $0] }
      let ending = try await Program.run(
        ["run", recipe.path, "--results", results.path] + changes
      ) { _ in }
      #expect(ending.code == 0, "\(ending.messages.suffix(2000))")
      let folder = results.appending(path: "tiny-\(name.replacing("_", with: "-"))")
      let table = try String(
        contentsOf: folder.appending(path: "tables/main.md"), encoding: .utf8)
      #expect(table.contains("warmed") && !table.contains("–"), "\(table)")
      let report = try String(
        contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
      #expect(report.contains("<svg"))
    }

    /// Without its files a recipe of the paper still says what it needs and what it would cost.
    @Test func aPlanWithoutFilesSaysWhatIsMissing() async throws {
      let recipe = Self.experiments.appending(path: "paper/math_100.yaml")
      let ending = try await Program.run(
        "plan", recipe.path, "--tokens", "1000", "--results", "/nonexistent/results")
      #expect(ending.code == 0)
      let text = ending.output
      #expect(text.contains("needs what is not here:") && text.contains("Qwen/Qwen2.5-3B on"))
      #expect(
        text.contains("Qwen/QwQ-32B")
          && text.contains("remaining work (completions of 1000 tokens)"))
      #expect(text.contains("GPU hours"))
    }
  }
}
