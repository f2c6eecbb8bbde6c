import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// `docs/recipe.schema.json`, which editors read, and `docs/kinds.md` against the types that read recipes.
@Suite struct SchemaDriftTests {
  @Test func thePageOfKindsIsWhatTheTypesSay() throws {
    let file = ProjectFolder.documents.appending(path: "kinds.md")
    let isCurrent = try String(contentsOf: file, encoding: .utf8) == KindRegistry.standard.markdown
    #expect(
      isCurrent,
      """
      docs/kinds.md is not what the kinds say. Write it anew with:
      swift build -c release && .build/release/warmup kinds --markdown > docs/kinds.md
      """)
  }

  @Test func theExamplesOfAllKindsAreOneRecipe() throws {
    let kinds = KindRegistry.standard.names.compactMap { KindRegistry.standard[$0] }
    var text = "version: 1\nname: examples\nstages:\n"
    for kind in kinds {
      #expect(kind.example.contains("\n  kind: \(kind.kind)\n"), "\(kind.kind)")
      for line in kind.example.split(separator: "\n") { text += "  \(line)\n" }
    }
    let folder = try ScratchFolder()
    let file = folder.url.appending(path: "examples.yaml")
    try Data(text.utf8).write(to: file)
    let recipe = try Recipe.load(file, registry: .standard)
    #expect(Set(recipe.instances.map { $0.kind.name }).isSuperset(of: kinds.map { $0.kind }))
  }

  @Test func fileIsWhatTheTypesSay() throws {
    let file = ProjectFolder.documents.appending(path: "recipe.schema.json")
    let written = try Data(contentsOf: file)
    let generated = Data(RecipeSchema.json(for: .standard).prettyText.utf8)
    let isCurrent = written == generated
    #expect(
      isCurrent,
      """
      docs/recipe.schema.json is not what the kinds say. Write it anew with:
      swift build -c release && .build/release/warmup schema > docs/recipe.schema.json
      """)
  }
}
