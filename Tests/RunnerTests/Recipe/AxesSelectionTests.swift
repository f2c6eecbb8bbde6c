import Base
import OrderedCollections
import Runner
import Testing

/// `include` and `exclude`.
@Suite struct AxesSelectionTests {
  private func names(_ selection: String, of stage: String) throws -> [String] {
    let recipe = try parse(
      """
      version: 1
      name: t
      axes: {a: [x, y], b: [1, 2, 3]}
      \(selection)
      stages:
        left: {kind: base, params: {source: "${a}"}}
        right: {kind: puzzles, params: {seed: "${b}"}}
        both: {kind: train, inputs: {model: left, problems: right}}
      """)
    return recipe.instances.filter { $0.stageName == stage }.map { instance in
      instance.point.values.map(\.label).joined()
    }
  }

  @Test(arguments: [
    ("", ["x1", "x2", "x3", "y1", "y2", "y3"]),
    ("exclude: [{a: x, b: 1}]", ["x2", "x3", "y1", "y2", "y3"]),
    ("exclude: [{a: x, b: [1, 3]}, {b: 2}]", ["y1", "y3"]),
    ("exclude: {a: y}", ["x1", "x2", "x3"]),
    ("include: [{a: x}, {a: y, b: 2}]", ["x1", "x2", "x3", "y2"]),
    ("include: [{a: x}]\nexclude: [{b: 3}]", ["x1", "x2"]),
    ("include: [{a: x, b: 1.0}]", ["x1"]),
  ])
  func pointsOfAStageOnBothAxes(selection: String, expected: [String]) throws {
    #expect(try names(selection, of: "both") == expected)
  }

  /// A stage on fewer axes is left out only by selectors that its own axes decide.
  @Test(arguments: [
    ("exclude: [{a: x, b: 1}]", ["1", "2", "3"]), ("exclude: [{b: 1}]", ["2", "3"]),
    ("include: [{a: x, b: 1}, {a: y, b: 3}]", ["1", "3"]),
    ("include: [{a: x}]", ["1", "2", "3"]), ("exclude: [{a: x}]", ["1", "2", "3"]),
  ])
  func pointsOfAStageOnOneAxis(selection: String, expected: [String]) throws {
    #expect(try names(selection, of: "right") == expected)
  }

  /// References at points that are left out need not lead anywhere.
  @Test func referencesAtExcludedPoints() throws {
    let recipe = try parse(
      """
      version: 1
      name: t
      axes: {a: [x, y], b: [1, 2]}
      exclude: [{a: y, b: 2}]
      stages:
        x1: {kind: base, params: {source: s}}
        x2: {kind: base, params: {source: s}}
        y1: {kind: base, params: {source: s}}
        p: {kind: puzzles}
        t: {kind: train, inputs: {model: "${a}${b}", problems: p}}
      """)
    #expect(recipe.instances.filter { $0.stageName == "t" }.count == 3)
  }

  /// Large integers are told apart although they are equal as doubles.
  @Test func largeIntegersDiffer() throws {
    let recipe = try parse(
      """
      version: 1
      name: t
      axes: {seed: [9007199254740992, 9007199254740993]}
      stages: {p: {kind: puzzles, params: {seed: "${seed}"}}}
      """)
    #expect(
      recipe.instances.map { $0.parameters["seed"] } == [
        .integer(9_007_199_254_740_992), .integer(9_007_199_254_740_993),
      ])
  }
}
