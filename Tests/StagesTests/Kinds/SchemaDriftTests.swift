import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// `docs/recipe.schema.json`, which editors read, against the types that read recipes.
@Suite struct SchemaDriftTests {
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
