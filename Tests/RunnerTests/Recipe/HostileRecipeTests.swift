import Base
import Foundation
import Runner
import TestSupport
import Testing

/// Recipes that were written to do harm, or by a program that went wrong.
@Suite struct HostileRecipeTests {
  private static func recipe(name: String = "t", values: String = "[1]", more: String = "")
    -> String
  {
    """
    version: 1
    name: \(name)
    axes: {a: \(values)}
    stages:
      x: {kind: source, params: {seed: "${a}"}}
    \(more)
    """
  }

  private static func messages(_ text: String) -> [String] { mistakes(text).map(\.message) }

  @Test(arguments: ["cache", "work", "downloads", "lock"])
  func namesOfWhatLiesInResultsAreTaken(name: String) {
    #expect(Self.messages(Self.recipe(name: name)).contains { $0.contains("lies there already") })
  }

  @Test(arguments: [".", "..", "a/b", "../x", #""a\eb""#, #""a\n""#, "a b", "Ä"])
  func namesArePlain(name: String) {
    #expect(Self.messages(Self.recipe(name: name)).contains { $0.contains("is made of") })
  }

  @Test(arguments: [#""\e[31m""#, #""a\nb""#, #""a\rb""#, #""\0""#, #""\u202e""#, #""\x9b""#])
  func valuesAndTitlesAreOneLine(text: String) {
    let values = Self.messages(Self.recipe(values: "[\(text), b]"))
    #expect(values.contains { $0.contains("one line without control characters") })
    let table = "tables: {m: {title: \(text), value: x.y, rows: a}}"
    #expect(
      Self.messages(Self.recipe(more: table)).contains { $0.contains("a title is one line") })
  }

  @Test func aMessageDoesNotSteerTheTerminal() {
    let error = #expect(throws: RecipeError.self) {
      try parse(Self.recipe(more: #""\e]0;x\a": 1"#))
    }
    let text = error?.description ?? ""
    #expect(text.contains("unknown key") && !text.contains("\u{1B}") && !text.contains("\u{7}"))
  }

  /// Twice as many values take about twice as long; these took 12 s.
  @Test func manyValuesAreRefusedAtOnce() {
    let numbers = (0..<20_000).map { "\($0)" }.joined(separator: ", ")
    let duration = processorTime {
      let found = Self.messages(Self.recipe(values: "[\(numbers)]"))
      #expect(found.contains { $0.contains("has 20000 values; 10000 are the most") })
    }
    #expect(duration < .seconds(5))
  }

  @Test func repeatedValuesAreFoundInLinearTime() {
    let texts = (0..<5000).map { "v\($0)" }
    let text = Self.recipe(values: "[\((texts + texts).joined(separator: ", "))]")
    let duration = processorTime {
      let error = #expect(throws: RecipeError.self) { try parse(text) }
      #expect(error?.diagnostics.count { $0.message.contains("twice") } == 5000)
      let shown = error?.description ?? ""
      #expect(shown.contains("more mistakes") && shown.utf8.count < 200_000)
    }
    #expect(duration < .seconds(10))
  }

  @Test func manyValuesAreChosenInLinearTime() {
    let numbers = (0..<5000).map { "\($0)" }.joined(separator: ", ")
    let text = Self.recipe(values: "[\(numbers)]")
      .replacing("stages:", with: "include: {a: [\(numbers)]}\nstages:")
    let duration = processorTime {
      #expect(mistakes(text).count { $0.message.contains("axis") } == 0)
    }
    #expect(duration < .seconds(8))
  }

  @Test(arguments: [
    ("[1, 1]", 1), ("[1, 1.0]", 1), ("[1.0, 1]", 1), (#"["1", 1]"#, 1), ("[0.1, 1e-1]", 1),
    ("[1, 2, 3]", 0), ("[9007199254740993, 9007199254740992]", 0), ("[true, \"true\"]", 1),
    ("[a, b, a]", 1),
  ])
  func whatIsOnePointCountsOnce(values: String, repeated: Int) {
    #expect(Self.messages(Self.recipe(values: values)).count { $0.contains("twice") } == repeated)
  }

  @Test(arguments: [
    // Aliases that multiply, a hundred thousand levels, and a scalar of megabytes.
    "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
      + "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
      + "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e]",
    "a: " + String(repeating: "[", count: 100_000),
    "a: " + String(repeating: "{a: ", count: 100_000),
    String(repeating: "- ", count: 100_000),
  ])
  func bombsOfYAMLAreRefusedAtOnce(text: String) {
    let duration = processorTime { #expect(!mistakes(text).isEmpty) }
    #expect(duration < .seconds(5))
  }

  @Test func aFileIsOnlySoLarge() throws {
    let folder = try ScratchFolder()
    let file = folder.file("t.yaml")
    try Data(count: 17 << 20).write(to: file)
    let error = #expect(throws: RecipeError.self) {
      try Recipe.load(file, registry: RecipeKinds.registry)
    }
    #expect(error?.description.contains("16 MiB") == true)
  }
}
