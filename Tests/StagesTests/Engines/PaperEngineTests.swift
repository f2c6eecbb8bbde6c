import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// The paper's recipes with their trainings handed over.
@Suite struct PaperEngineTests {
  private static let folder = ProjectFolder.root.appending(path: "experiments/paper")
  private static let recipes =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
    .filter { $0.hasSuffix(".yaml") }.sorted() ?? []

  /// Each goes through, also those of the code as released.
  @Test func trlTakesEveryTraining() throws {
    #expect(Self.recipes.count > 10)
    for name in Self.recipes {
      let file = Self.folder.appending(path: name)
      func load(_ changes: [String]) throws -> Recipe {
        try Recipe.load(file, overrides: changes, additions: [], registry: .standard)
      }
      let stages = TrainingBackend.stages(in: try load([]).instances)
      #expect(throws: Never.self, "\(name)") {
        _ = try load(stages.map { "stages.\($0).params.engine=trl" })
      }
    }
  }
}
