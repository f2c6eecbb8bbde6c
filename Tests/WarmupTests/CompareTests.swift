import Base
import Foundation
import Testing

extension EndToEnd {
  /// `warmup compare`.
  @Suite struct CompareTests {
    /// A recipe and the folder of its results are two names of one run.
    @Test func aRunIsEqualToItself() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await Program.run(
        "compare", results.recipe.path, results.url.path, "--results", results.url.path)
      #expect(ending.code == 0)
      #expect(ending.output.contains("No parameter differs.\n\nNo number differs.\n"))
      #expect(!ending.output.contains("Done in"))
    }

    @Test func theParametersOfTwoRecipesAreSetSideBySide() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await Program.run(
        "compare", results.recipe.path, Fixture.recipe("training").path, "--results",
        results.url.path, "--json")
      #expect(ending.code == 0)
      let json = try JSONValue(parsing: Data(ending.output.utf8))
      #expect(json["first"]?["name"] == "tiny" && json["second"]?["name"] == "training")
      #expect(
        json["stages"]?.array?.contains { $0["stage"] == "split" && $0["second_kind"] == .null }
          == true)
    }

    @Test func theWrongFolderIsWrongUsage() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await Program.run("compare", results.url.path, results.url.path)
      #expect(ending.code == 64)
      #expect(ending.messages.contains("is neither a recipe nor a folder of results"))
      let nothing = try await Program.run("compare", "nowhere.yaml", "nowhere.yaml")
      #expect(nothing.code == 64)
    }
  }
}
