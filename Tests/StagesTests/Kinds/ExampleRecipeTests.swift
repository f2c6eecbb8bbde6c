import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// The recipes that people see first: those under `experiments/`, and those that pages show.
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

  /// The README shows `experiments/work_it_out.yaml`, all but the line for editors.
  @Test func readmeShowsTheFileThatItNames() throws {
    let file = Self.root.appending(path: "experiments/work_it_out.yaml")
    let recipe = try String(contentsOf: file, encoding: .utf8)
    #expect(try Self.recipe(in: "README.md") == recipe.drop { $0 != "\n" }.dropFirst())
    let plan = try Self.plan(String(recipe))
    // What the README says of it.
    #expect(plan.count { $0.instance.stageName == "worked" } == 1)
    #expect(plan.count { $0.instance.stageName == "distilled" } == 6)
    #expect(plan.count { $0.instance.stageName == "scores" } == 12)
    #expect(plan.count == 30)
  }

  @Test func thePageOfSmolLM2ShowsARecipeThatPlans() throws {
    let plan = try Self.plan(Self.recipe(in: "docs/smollm2.md"))
    // What the page says of it.
    #expect(plan.count { $0.instance.stageName == "tuned" } == 6)
    #expect(plan.count { $0.instance.stageName == "warmed" } == 1)
    #expect(plan.count == 18)
  }

  /// Recipes on pages that can be read alone: those that do not extend another file.
  @Test func wholeRecipesOnPagesAreFreeOfMistakes() throws {
    let folder = ProjectFolder.documents
    var count = 0
    for page in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    where page.hasSuffix(".md") {
      for block in try Self.recipes(in: "docs/\(page)")
      where block.contains("version: 1\n") && !block.contains("extends:") {
        let recipe = try Recipe.parse(
          block, file: folder.appending(path: "\(page).yaml"), registry: .standard)
        #expect(!recipe.instances.isEmpty, "\(page)")
        count += 1
      }
    }
    #expect(count >= 5)
  }

  /// The blocks of YAML on a page.
  private static func recipes(in page: String) throws -> [String] {
    let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
    return text.components(separatedBy: "```yaml\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
  }

  /// The one block of YAML on a page.
  private static func recipe(in page: String) throws -> String {
    let blocks = try recipes(in: page)
    try #require(blocks.count == 1)
    return blocks[0]
  }

  /// What a run of the recipe would do, with nothing in the cache and no file there; all of it runs.
  private static func plan(_ recipe: String) throws -> [PlannedInstance] {
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let recipe = try Recipe.parse(
      recipe, file: place.appending(path: "page.yaml"), registry: .standard)
    let folders = DataFolders(
      searchPaths: [place], downloads: place.appending(path: "downloads"))
    let plan = Planner(cache: Cache(folder: place), folders: folders).plan(recipe.instances)
    #expect(plan.items.filter { $0.state != .toRun }.map(\.reason) == [])
    return plan.items
  }
}
