import Base
import Foundation
import Runner
import TestSupport
import Testing

/// The examples of `docs/recipe.md`.
@Suite struct RecipeDocumentationTests {
  private static let document = ProjectFolder.documents.appending(path: "recipe.md")

  @Test func examplesAreValidYAML() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let blocks = text.components(separatedBy: "```yaml\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    #expect(blocks.count >= 5)
    for block in blocks {
      var sink = DiagnosticSink()
      _ = YAMLLoader.load(block, into: &sink)
      #expect(sink.diagnostics.isEmpty, "\(block)")
    }
  }

  @Test func everyKeyIsDescribed() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let schema = RecipeSchema.json(for: RecipeKinds.registry)
    let keys = try #require(schema["properties"]?.object).keys
    for key in keys { #expect(text.contains("`\(key)`"), "\(key)") }
  }
}
