import Foundation
import Runner
import Testing

/// `docs/paper.md` names every recipe and every file of published numbers, and none that is not there.
@Suite struct PaperDocumentationTests {
  private static let folder = PaperNumbers.root.appending(path: "experiments/paper")

  private let text: String

  init() throws {
    text = try String(
      contentsOf: PaperNumbers.root.appending(path: "docs/paper.md"), encoding: .utf8)
  }

  /// What links to files of a folder lead to.
  private func linked(_ folder: String) throws -> Set<String> {
    let link = try Regex(
      "\\(\\.\\./" + folder + "/([a-z0-9_]+\\.yaml)\\)", as: (Substring, Substring).self)
    return Set(text.matches(of: link).map { String($0.output.1) })
  }

  @Test func everyRecipeIsNamedAndThere() throws {
    let recipes = RecipeFolder.below(Self.folder).map(\.lastPathComponent)
    #expect(recipes.count > 15)
    #expect(try linked("experiments/paper") == Set(recipes))
  }

  @Test func everyPublishedFileIsNamedAndThere() throws {
    let files = Set(PaperNumbers.all.keys.map { $0 + ".yaml" })
    #expect(try linked("experiments/paper/published") == files)
  }

  /// What a recipe sets beside its tables is there.
  @Test func everyPublishedFileOfARecipeIsThere() throws {
    for file in RecipeFolder.below(Self.folder) {
      let recipe = try String(contentsOf: file, encoding: .utf8)
      for match in recipe.matches(of: #/published: published/([a-z0-9_]+)\.yaml/#) {
        let name = String(match.output.1)
        #expect(PaperNumbers.all[name] != nil, "\(file.lastPathComponent): \(name)")
      }
    }
  }
}
