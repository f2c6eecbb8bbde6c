import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// The recipes that people see first: those under `experiments/` and the one in the README.
@Suite struct ExampleRecipeTests {
  private static let root = ProjectFolder.root

  /// Every recipe below `experiments/`, by its path there, sorted.
  private static let recipes: [String] = {
    let folder = root.appending(path: "experiments")
    return RecipeFolder.below(folder).map { String($0.path.dropFirst(folder.path.count + 1)) }
  }()

  @Test func thereAreRecipes() {
    #expect(Self.recipes.contains("quickstart.yaml"))
  }

  @Test(arguments: recipes)
  func isFreeOfMistakes(_ path: String) throws {
    let file = Self.root.appending(path: "experiments").appending(path: path)
    let recipe = try Recipe.load(file, registry: .standard)
    #expect(!recipe.instances.isEmpty)
  }

  @Test func readmeShowsARecipeThatPlans() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let blocks = readme.components(separatedBy: "```yaml\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    try #require(blocks.count == 1)
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let recipe = try Recipe.parse(
      blocks[0], file: place.appending(path: "readme.yaml"), registry: .standard)
    let folders = DataFolders(
      searchPaths: [place], downloads: place.appending(path: "downloads"))
    let plan = Planner(cache: Cache(folder: place), folders: folders)
      .plan(recipe.instances)
    let reasons = plan.items.filter { $0.state != .toRun }.map(\.reason)
    #expect(reasons == [])
    // What the README says of this recipe.
    #expect(plan.items.count { $0.instance.stageName == "tuned" } == 6)
    #expect(plan.items.count { $0.instance.stageName == "warmed" } == 1)
    #expect(plan.items.count == 18)
  }
}
