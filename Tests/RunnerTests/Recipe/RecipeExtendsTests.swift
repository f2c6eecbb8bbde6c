import Base
import Foundation
import OrderedCollections
import Runner
import Testing

@Suite final class RecipeExtendsTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ text: String, _ name: String) throws -> URL {
    let file = folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file
  }

  private func load(_ text: String, overrides: [String] = []) throws -> Recipe {
    try Recipe.load(
      write(text, "top.yaml"), overrides: overrides, registry: RecipeKinds.registry)
  }

  private static let base = """
    version: 1
    name: below
    summary: from below
    axes: {seed: [1, 2], start: [base]}
    stages:
      base: {kind: base, params: {source: a, layers: 3}}
      puzzles: {kind: puzzles, params: {count: 7, seed: "${seed}"}}
      tuned: {kind: train, inputs: {model: "${start}", problems: puzzles}, params: {epochs: 5}}
    tables:
      main: {value: tuned.reward, rows: start, over: seed}
    """

  @Test func laterWinsKeyByKey() throws {
    _ = try write(Self.base, "base.yaml")
    let recipe = try load(
      """
      version: 1
      name: top
      extends: base.yaml
      axes: {seed: [9]}
      stages:
        tuned: {params: {verbose: true}}
        base: {kind: base, params: {source: b}}
        puzzles: {kind: split, inputs: {problems: other}}
        other: {kind: puzzles, params: {seed: "${seed}"}}
      tables:
        main: {title: Hello}
      """)
    #expect(recipe.name == "top")
    #expect(recipe.summary == "from below")
    #expect(recipe.axes["seed"] == [9])
    #expect(recipe.stageNames == ["base", "puzzles", "tuned", "other"])
    let tuned = try #require(recipe.instances.first { $0.stageName == "tuned" })
    #expect(tuned.parameters["epochs"] == 5)
    #expect(tuned.parameters["verbose"] == true)
    let base = try #require(recipe.instances.first { $0.stageName == "base" })
    #expect(base.parameters == ["source": "b", "layers": 3])
    let table = try #require(recipe.tables.first?.specification)
    #expect(table.title == "Hello")
    #expect(table.rows == ["start"])
  }

  @Test func whatHasNoValueIsDropped() throws {
    _ = try write(Self.base, "base.yaml")
    let recipe = try load(
      """
      version: 1
      name: top
      extends: base.yaml
      stages: {tuned: , other: {kind: train, inputs: {model: "${start}", problems: puzzles}}}
      tables: {main: }
      """)
    #expect(recipe.stageNames == ["base", "puzzles", "other"] && recipe.tables.isEmpty)
    // Nothing below has the name, so it is no way to drop anything.
    #expect(throws: RecipeError.self) {
      try load("version: 1\nname: top\nextends: base.yaml\nstages: {tunde: }")
    }
  }

  @Test func placesKeepTheirFile() throws {
    let file = try write(Self.base.replacing("epochs: 5", with: "epochs: 0"), "base.yaml")
    let error = #expect(throws: RecipeError.self) {
      _ = try load("version: 1\nname: top\nextends: base.yaml\nstages: {n: {kind: nope}}")
    }
    let found = try #require(error).diagnostics
    #expect(found.map(\.position.file) == [nil, file.path])
    #expect(found[1].position.line == 8)
    #expect(error?.description.contains("\(file.path):8:") == true)
    #expect(error?.description.contains("params: {epochs: 0}}") == true)
  }

  @Test func theNameIsNotInherited() throws {
    _ = try write(Self.base, "base.yaml")
    let error = #expect(throws: RecipeError.self) {
      _ = try load("version: 1\nextends: base.yaml")
    }
    #expect(
      error?.diagnostics.map(\.message) == ["missing key 'name': results are kept under it"])
  }

  @Test func whatCannotBeExtended() throws {
    func messages(_ extends: String) throws -> [String] {
      let error = #expect(throws: RecipeError.self) {
        _ = try load("version: 1\nname: top\nextends: \(extends)\nstages: {n: {kind: note}}")
      }
      return try #require(error).diagnostics.map(\.message)
    }
    #expect(try messages("none.yaml") == ["cannot extend 'none.yaml': there is no such file"])
    #expect(try messages("[a]") == ["expected a string (put it in quotes), found a list"])
    _ = try write("- 1", "list.yaml")
    #expect(try messages("list.yaml") == ["expected a recipe, found a list"])
    _ = try write("a: [", "broken.yaml")
    #expect(try messages("broken.yaml").count == 1)
    _ = try write("version: 1\nextends: base.yaml", "second.yaml")
    #expect(
      try messages("second.yaml")
        == ["a recipe that is extended may not extend another; one level is enough"])
  }

  @Test func overridesComeLast() throws {
    _ = try write(Self.base, "base.yaml")
    let recipe = try load(
      "version: 1\nname: top\nextends: base.yaml",
      overrides: ["stages.tuned.params.epochs=6", "axes.seed=3"])
    let tuned = try #require(recipe.instances.first { $0.stageName == "tuned" })
    #expect(tuned.parameters["epochs"] == 6)
    #expect(recipe.instances.count == 3)
  }
}
