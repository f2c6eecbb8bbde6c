import Base
import Foundation
import Runner
import TestSupport
import Testing

/// What claims say is checked against the stages and the axes.
@Suite struct ClaimTests {
  private static func recipe(_ claims: String) -> String {
    """
    version: 1
    name: test
    axes: {start: [base, other], seed: [1, 2], size: [3, 4], one: [5]}
    exclude: {start: other, seed: 2}
    stages:
      base: {kind: base, params: {source: a}}
      other: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles, params: {count: "${size}", seed: "${one}"}}
      fixed: {kind: puzzles}
      tuned:
        kind: train
        inputs: {model: "${start}", problems: fixed}
        params: {seed: "${seed}"}
    \(claims)
    """
  }

  @Test func claimsAreRead() throws {
    let recipe = try parse(
      Self.recipe(
        """
        claims:
          ii: {says: better, value: tuned.reward, over: seed, greater: [{start: other}, {start: base}]}
          sizes: {says: as good, value: puzzles.count, not_less: [{size: 3}, {size: 4.0}], within: 0.5}
        """))
    #expect(recipe.claims.map(\.name) == ["ii", "sizes"])
    let (first, second) = (recipe.claims[0].specification, recipe.claims[1].specification)
    #expect(first.says == "better" && first.over == ["seed"] && first.within == nil)
    #expect(first.test == .greater)
    #expect(first.first == ["start": "other"] && first.second == ["start": "base"])
    #expect(second.test == .notLess && second.within == 0.5)
    #expect(second.second == ["size": "4"])
    let runs = recipe.runs(of: first, at: first.second).map(\.name)
    #expect(runs == ["tuned[start=base,seed=1]", "tuned[start=base,seed=2]"])
  }

  @Test func whatAClaimSaysFitsTogether() {
    expect(
      Self.recipe(
        """
        claims:
          §none: {says: a, value: puzzles.count}
          two: {says: a, value: puzzles.count, less: [{size: 3}, {size: 4}], greater: §[{size: 3}, {size: 4}]}
          §§empty: {}
          one: {says: a, value: puzzles.count, greater: §{size: 3}}
          three: {says: a, value: puzzles.count, less: §[{size: 3}, {size: 4}, {size: 3}]}
          margin: {says: a, value: puzzles.count, not_less: §[{size: 3}, {size: 4}]}
          zero: {says: a, value: puzzles.count, equivalent: [{size: 3}, {size: 4}], within: §0}
          below: {says: a, value: puzzles.count, equivalent: [{size: 3}, {size: 4}], within: §-1}
          useless: {says: a, value: puzzles.count, greater: [{size: 3}, {size: 4}], within: §1}
          list: {says: a, value: puzzles.count, greater: [{size: §[3, 4]}, {size: 4}]}
          §A: {says: a, value: puzzles.count, greater: [{size: 3}, {size: 4}], §withn: 1}
        """),
      [
        "a claim must say how two points compare: one of 'greater', 'less', 'not_less', "
          + "'equivalent'",
        "a claim says one thing: 'less' or 'greater', not both",
        "missing key 'says' in claim 'empty': the claim in words",
        "missing key 'value' in claim 'empty': what is compared, as stage.value",
        "'greater' needs two points, as in [{arm: warmed}, {arm: base}]",
        "'less' needs two points, as in [{arm: warmed}, {arm: base}]",
        "'not_less' needs 'within' above 0: how large a difference counts as none",
        "'equivalent' needs 'within' above 0: how large a difference counts as none",
        "'within' must be between 0 and 1e+300, found -1.0",
        "'within' has no meaning beside 'greater'",
        "expected a value of the axis, found a list",
        "the name of a claim is made of lower-case letters, digits, '_' and '-', not 'A'",
        "unknown key 'withn' in claim 'A'; did you mean 'within'?",
      ])
  }

  @Test func whatAClaimSaysFitsTheRecipe() {
    expect(
      Self.recipe(
        """
        claims:
          a: {says: a, value: §tuend.reward, greater: [{start: other}, {start: base}]}
          b: {says: a, value: §tuned, greater: [{start: other}, {start: base}]}
          c: {says: a, value: tuned.reward, over: §sede, less: [{start: §othr, seed: 1}, §{§strat: base, seed: 1}]}
          §d: {says: a, value: tuned.reward, greater: [{start: other}, {start: base}]}
          e: {says: a, value: tuned.reward, over: §seed, greater: [{start: other, seed: 1}, {start: base, seed: 1}]}
          f: {says: a, value: tuned.reward, greater: [{start: other, seed: 1}, §{start: base}]}
          g: {says: a, value: tuned.reward, over: seed, greater: [{start: base}, §{start: base}]}
          h: {says: a, value: tuned.reward, greater: [{start: base, seed: 1}, §{start: other, seed: 2}]}
          i: {says: a, value: tuned.reward, over: seed, greater: [{start: base, §size: 3}, {start: other, §size: 3}]}
        """),
      [
        "unknown stage 'tuend'; did you mean 'tuned'?",
        "expected stage.value, such as tuned.accuracy, found 'tuned'",
        "unknown axis 'sede'; did you mean 'seed'?",
        "the axis 'start' has no value 'othr'; did you mean 'other'?",
        "'less' names the axis 'start' at one of its points only; name it at both",
        "unknown axis 'strat'; did you mean 'start'?",
        "'tuned' depends on the axis 'seed', which the claim does not mention; name it in 'greater' "
          + "or 'over'",
        "the axis 'seed' stands in 'greater' already",
        "'greater' names the axis 'seed' at one of its points only; name it at both",
        "both points of 'greater' are the same",
        "'include' and 'exclude' leave no 'tuned' at start=other, seed=2",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
      ])
  }

  @Test func claimsAreMergedAndOverridden() throws {
    let folder = try ScratchFolder()
    let base = Self.recipe(
      """
      claims:
        sizes: {says: below, value: puzzles.count, not_less: [{size: 3}, {size: 4}], within: 1}
      """)
    try Data(base.utf8).write(to: folder.file("base.yaml"))
    let top = """
      version: 1
      name: top
      extends: base.yaml
      claims:
        sizes: {within: 2}
        more: {says: new, value: puzzles.count, less: [{size: 3}, {size: 4}]}
      """
    let file = folder.file("top.yaml")
    try Data(top.utf8).write(to: file)
    func load(_ overrides: String...) throws -> Recipe {
      try Recipe.load(file, overrides: overrides, registry: RecipeKinds.registry)
    }
    let merged = try load("claims.more.says=other").claims
    #expect(merged.map(\.name) == ["sizes", "more"])
    #expect(merged[0].specification.within == 2 && merged[0].specification.says == "below")
    #expect(merged[1].specification.says == "other")
    #expect(try load("claims=").claims.isEmpty)
    let error = #expect(throws: RecipeError.self) { try load("claims.size.within=1") }
    #expect(
      error?.diagnostics.map(\.message)
        == ["there is no 'size' in 'claims'; did you mean 'sizes'?"])
  }
}
