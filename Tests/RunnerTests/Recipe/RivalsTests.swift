import Foundation
import Runner
import TestSupport
import Testing

/// `experiments/rivals`: its index, and the numbers that it repeats.
@Suite struct RivalsTests {
  private static let folder = ProjectFolder.experiments.appending(path: "rivals")
  private static let recipes = RecipeFolder.below(folder)

  private func published(_ path: String) throws -> [PublishedValue] {
    try PublishedTable(contentsOf: ProjectFolder.experiments.appending(path: path)).values
  }

  /// Every recipe and every file of numbers is linked, and nothing that is not there.
  @Test func theIndexIsWhole() throws {
    let text = try String(
      contentsOf: ProjectFolder.documents.appending(path: "rivals.md"), encoding: .utf8)
    let links = text.matches(of: #/\(\.\./experiments/rivals/([a-z0-9_/]+\.yaml)\)/#)
    let linked = Set(links.map { String($0.output.1) })
    let published = try FileManager.default.contentsOfDirectory(
      atPath: Self.folder.appending(path: "published").path)
    let paths = Self.recipes.map { String($0.path.dropFirst(Self.folder.path.count + 1)) }
    #expect(paths.count > 5)
    #expect(linked == Set(paths + published.map { "published/" + $0 }))
  }

  /// A rival is a claim, so each recipe but the one that the others extend states it as one.
  @Test(arguments: recipes.filter { $0.lastPathComponent != "base.yaml" })
  func everyRecipeHasClaims(_ recipe: URL) throws {
    let text = try String(contentsOf: recipe, encoding: .utf8)
    #expect(text.contains("\nclaims:\n"), "\(recipe.lastPathComponent)")
  }

  /// What a file of the rivals repeats of the paper is what the paper's own file says.
  @Test(arguments: [
    ("puzzles", "appendix_a1", 2), ("correct_only", "table9", 6), ("s1", "table2", 3),
    ("one_shot_warm_up", "table2", 1),
  ])
  func repeatedNumbersAreThePapers(_ name: String, _ paper: String, _ count: Int) throws {
    let originals = try published("paper/published/\(paper).yaml")
    let repeated = try published("rivals/published/\(name).yaml")
    #expect(repeated.count == count)
    for value in repeated {
      let found = originals.filter { original in
        original.at.allSatisfy { axis, place in
          place.text == (axis == "model" ? value.model : value.at[axis]?.text)
        }
      }
      let original = try #require(found.count == 1 ? found[0] : nil, "\(name): \(value.label)")
      #expect(original.mean == value.mean && original.deviation == value.deviation)
      #expect(original.problems == value.problems && original.withGuesses == value.withGuesses)
      #expect(original.macro == value.macro)
    }
  }
}
