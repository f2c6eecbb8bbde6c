import Foundation
import Testing

extension EndToEnd {
  /// Mistakes in recipes and on the command line.
  @Suite struct MistakeTests {
    @Test(arguments: ["run", "plan", "validate"])
    func everyMistakeIsReportedAtOnce(command: String) async throws {
      let results = try ResultsFolder("mistakes")
      let ending = try await results.run(command)
      #expect(ending.code == 64)
      #expect(ending.output.isEmpty)
      let expected = [
        "6:25: unknown key 'coutn' in 'puzzles' (kind knights_and_knaves); did you mean 'count'?",
        "9:21: input 'texts' of 'model' takes Texts, but 'puzzles' is Problems",
        "10:21: hidden (128) must be heads (3) times an even head width",
        "13:21: unknown stage 'modle'; did you mean 'model'?",
        "14:21: 'steps' must be between 1 and 1000000, found 0",
        "14:46: unknown axis 'sed'",
      ]
      for mistake in expected {
        #expect(ending.messages.contains("\(results.recipe.path):\(mistake)"), "\(mistake)")
      }
      #expect(results.published.isEmpty)
    }

    @Test func aRecipeWithoutMistakesIsFine() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await results.run("validate")
      #expect(ending.code == 0)
      #expect(ending.output == "\(results.recipe.path): fine; 11 stages, 17 instances\n")
    }

    @Test func greedyReinforcementIsAMistake() async throws {
      let change = "stages.tuned.params.temperature=0"
      let ending = try await ResultsFolder("tiny").run("validate", "--set", change)
      #expect(ending.code == 64)
      #expect(ending.messages.contains("needs a temperature above 0"), "\(ending.messages)")
    }

    @Test(arguments: [
      ["run", "--nope", "x.yaml"], ["run"], ["xyzzy-nothing"], ["run", "x.yaml", "--threads", "0"],
      ["run", "x.yaml", "--jobs", "0"], ["run", "x.yaml", "--jobs", "many"],
      ["run", "there-is-no-such.yaml"],
    ])
    func badUsageIsExitCode64(arguments: [String]) async throws {
      let ending = try await Program.run(arguments) { _ in }
      #expect(ending.code == 64)
      #expect(ending.output.isEmpty && !ending.messages.isEmpty)
    }

    @Test func unknownCommandsAreNamed() async throws {
      let near = try await Program.run(["runn", "x.yaml"]) { _ in }
      #expect(near.messages == "warmup: unknown command 'runn'; did you mean 'run'?\n")
      let far = try await Program.run(["xyzzy-nothing"]) { _ in }
      #expect(
        far.messages == "warmup: unknown command 'xyzzy-nothing'; 'warmup --help' lists them\n")
    }

    @Test(arguments: ["", "cache", "tiny"])
    func aResultsFolderThatCannotBeWrittenIsASentence(place: String) async throws {
      let parent = try ResultsFolder("tiny")
      let results = parent.url.appending(path: "results")
      if !place.isEmpty {
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
      }
      let file = place.isEmpty ? results : results.appending(path: place)
      try Data().write(to: file)
      let ending = try await Program.run("run", parent.recipe.path, "--results", results.path)
      #expect(ending.code == 1)
      let sentences = ending.lines.filter { $0.contains(file.path) }
      #expect(sentences.count == 1, "\(ending.messages)")
      #expect(!ending.messages.contains("Error Domain"))
    }
  }
}
