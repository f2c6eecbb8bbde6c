import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup new`.
  @Suite struct NewTests {
    private func new(_ arguments: String..., in folder: ScratchFolder) async throws
      -> Program.Ending
    {
      try await Program.run(["new"] + arguments, in: folder.url) { _ in }
    }

    @Test(arguments: ["four_arms", "sweep", "evaluate"])
    func aTemplateIsAWholeRecipe(template: String) async throws {
      let folder = try ScratchFolder()
      let ending = try await new(template, in: folder)
      #expect(ending.code == 0, "\(ending.messages)")
      let given = try await new(
        template, "--model", "a \"model\"", "--data", "rows: {1}.jsonl", "--task", "math", "-o",
        "mine.yaml", in: folder)
      #expect(given.code == 0, "\(given.messages)")
      for file in ["\(template).yaml", "mine.yaml"] {
        let check = try await Program.run("validate", file, in: folder.url)
        #expect(check.code == 0, "\(check.messages)")
        let text = try String(contentsOf: folder.file(file), encoding: .utf8)
        #expect(!text.contains("{{") && text.contains("warmup run \(file)"))
      }
      let plan = try await Program.run("plan", "mine.yaml", in: folder.url)
      #expect(plan.output.contains(#"a "model""#) && plan.output.contains("rows: {1}.jsonl"))
    }

    @Test func nothingIsOverwritten() async throws {
      let folder = try ScratchFolder()
      try Data("mine".utf8).write(to: folder.file("sweep.yaml"))
      let ending = try await new("sweep", in: folder)
      #expect(ending.code == 64)
      #expect(ending.messages.contains("sweep.yaml exists already; choose another file with -o"))
      #expect(try String(contentsOf: folder.file("sweep.yaml"), encoding: .utf8) == "mine")
    }

    @Test func whatIsMissingIsSaid() async throws {
      let folder = try ScratchFolder()
      #expect(try await new("--list", in: folder).output.contains("  sweep      how many problems"))
      let mistakes = [
        ([], "name a template:"), (["sweeps"], "sweeps"),
        (["sweep", "--data", "x"], "go together"),
        (["sweep", "--data", "x", "--task", "maths"], "did you mean 'math'?"),
        (["sweep", "-o", "My Recipe.yaml"], "gives the recipe its name"),
      ]
      for (arguments, words) in mistakes {
        let ending = try await Program.run(["new"] + arguments, in: folder.url) { _ in }
        #expect(ending.code == 64 && ending.messages.contains(words), "\(ending.messages)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
  }
}
