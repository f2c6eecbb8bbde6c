import Base
import Foundation
import Runner
import Testing

/// Outputs that are too large for one file, such as a model's shards, go as a whole or not at all.
@Suite struct PackCompanionTests {
  private let fixture: PackFixture
  private let model = ArtifactType("Model")

  init() throws {
    fixture = try PackFixture(isLarge: true)
    try fixture.run()
  }

  private func received(_ file: URL) throws -> (receiver: FakeProject, summary: RunSummary) {
    let receiver = try FakeProject()
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let plan = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(recipe.instances)
    _ = try opened.experiment.seed(receiver.cache, for: plan)
    return (receiver, try receiver.executor().run(plan))
  }

  @Test func whatIsLeftOutIsLeftOutWhole() throws {
    let file = try fixture.pack()
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let incomplete = opened.experiment.artifacts.values.map(\.incomplete).filter { !$0.isEmpty }
    #expect(incomplete == [["model.h5", "part.json"], ["model.h5", "part.json"]])
    #expect(try received(file).summary.ran == 2)
  }

  @Test(arguments: [false, true]) func whatIsTakenAlongIsWhole(withoutTexts: Bool) throws {
    let file = try fixture.pack(
      leftOut: [], texts: withoutTexts ? PackedTexts(kept: ["completion"], answers: []) : nil,
      tableless: [model])
    let (receiver, summary) = try received(file)
    #expect(summary.failed == 0)
    let models = summary.plan.results.filter { $0.kind.name == "pack_model" }
    #expect(models.count == 2)
    for (item, seed) in zip(models, [1, 2]) {
      let artifact = try #require(item.artifact)
      #expect(artifact.record.companions == ["part.json"] && artifact.origin != nil)
      let file = item.folder.appending(path: "part.json")
      #expect(try String(contentsOf: file, encoding: .utf8) == "{\"part\": \(seed)}")
      #expect(try receiver.cache.isWhole(artifact.key))
      #expect(try artifact.wholeOutput("model").lastPathComponent == "model.h5")
    }
  }
}
