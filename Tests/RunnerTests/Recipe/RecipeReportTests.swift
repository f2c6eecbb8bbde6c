import Foundation
import Runner
import TestSupport
import Testing

/// What tables and figures say is checked against the stages and the axes.
@Suite struct RecipeReportTests {
  private static func recipe(_ reports: String) -> String {
    """
    version: 1
    name: test
    axes: {start: [base, other], seed: [1, 2], size: [3, 4], one: [5]}
    stages:
      base: {kind: base, params: {source: a}}
      other: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles, params: {count: "${size}", seed: "${one}"}}
      fixed: {kind: puzzles}
      tuned:
        kind: train
        inputs: {model: "${start}", problems: fixed}
        params: {seed: "${seed}"}
    \(reports)
    """
  }

  @Test func tables() {
    expect(
      Self.recipe(
        """
        tables:
          fine: {value: tuned.reward, rows: start, over: [seed]}
          two: {value: [tuned.reward, base.size], rows: start, over: seed}
          alone: {value: puzzles.count, rows: size}
          §a: {value: tuned.reward, rows: start}
          b: {value: §tuend.reward, rows: §strat}
          c: {value: [tuned.reward, §tuned], rows: [start, seed, §start], over: §size}
          d: {value: tuned.reward, rows: start, over: seed, baseline: {start: §bse, §seed: 1}}
          §e: {§vlaue: 1, rows: start}
          §F: {value: fixed.count, rows: §seed, over: §size}
          g: §[1]
          §§h:
        """),
      [
        "'tuned' depends on the axis 'seed', which the table does not mention; "
          + "name it in 'rows', 'columns' or 'over'",
        "unknown stage 'tuend'; did you mean 'tuned'?",
        "unknown axis 'strat'; did you mean 'start'?",
        "expected stage.value, such as tuned.accuracy, found 'tuned'",
        "the axis 'start' stands in 'rows' already",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
        "the axis 'start' has no value 'bse'; did you mean 'base'?",
        "the baseline names axes of 'rows', not 'seed'; choose from start",
        "missing key 'value' in table 'e': what the cells show, as stage.value",
        "unknown key 'vlaue' in table 'e'; did you mean 'value'?",
        "the name of a table is made of lower-case letters, digits, '_' and '-', not 'F'",
        "'fixed' does not depend on the axis 'seed' (on no axis)",
        "'fixed' does not depend on the axis 'size' (on no axis)",
        "expected a mapping, found a list",
        "missing key 'value' in table 'h': what the cells show, as stage.value",
        "missing key 'rows' in table 'h': the axes whose points make the rows",
      ])
  }

  @Test func tablesOfTargets() {
    expect(
      Self.recipe(
        """
        tables:
          fine: {value: tuned.reward, rows: start, along: seed, target: 0.3, cost: tuned.tokens}
          a: {value: puzzles.count, rows: one, along: size, target: 1}
          b: {value: tuned.reward, rows: seed, over: start, along: §size}
          b2: {value: tuned.reward, rows: seed, over: start, along: §size, target: 1}
          c: {value: tuned.reward, rows: start, over: seed, target: §1}
          d2: {value: tuned.reward, rows: seed, along: §start, target: 1}
          d: {value: §[tuned.reward, tuned.tokens], rows: seed, along: start, target: 1,
            baseline: §{seed: 1}, margin: §2}
          e: {value: puzzles.count, rows: one, along: size, target: 1, cost: §§tuned.tokens}
          f: {value: tuned.reward, rows: start, over: seed, cost: §tuned.tokens}
        """),
      [
        "'along' needs 'target', the value that is to be reached",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
        "'target' needs 'along', the axis of numbers along which it is reached",
        "'along' needs an axis of numbers, but 'start' has the value base",
        "one target holds for one value; give the others tables of their own",
        "'baseline' has no meaning beside 'target'",
        "'margin' has no meaning beside 'target'",
        "the cost of 'tuned' depends on the axis 'start', which the table does not mention",
        "the cost of 'tuned' depends on the axis 'seed', which the table does not mention",
        "'cost' needs 'target', the value that is to be reached",
      ])
  }

  @Test func figures() {
    expect(
      Self.recipe(
        """
        tables: {sizes: {value: puzzles.count, rows: [size, one]}}
        figures:
          fine: {line: tuned.reward, series: start, band: seed}
          §a: {line: tuned.reward, series: start}
          b: {line: §nothing, series: §sede}
          c: {line: tuned.rewards/format, series: start, band: [seed, §size], x: step}
        """),
      [
        "'tuned' depends on the axis 'seed', which the figure does not mention; "
          + "name it in 'series' or 'band'",
        "expected stage.value, such as tuned.accuracy, found 'nothing'",
        "unknown axis 'sede'; did you mean 'seed'?",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
      ])
  }

  @Test func figuresOfEveryKind() {
    expect(
      Self.recipe(
        """
        tables: {sizes: {value: puzzles.count, rows: [size, one]}}
        figures:
          a: {line: puzzles.count, x: size, target: 0.3, cost: puzzles.tokens}
          b: {line: [tuned.reward, tuned.entropy], series: start, band: seed, smooth: 10}
          c: {bars: tuned.reward, x: start, over: seed, baseline: {§seed: 1}}
          d: {heat_map: tuned.length, rows: start, columns: seed, baseline: {start: base},
            change: relative}
          e: {solve_history: tuned, panels: start, over: seed}
          f: {confusion: tuned.verdict, between: {seed: [1, 2]}, panels: start}
        """), ["the baseline names axes of 'x' or 'series', not 'seed'; choose from start"])
    expect(
      Self.recipe(
        """
        tables: {sizes: {value: puzzles.count, rows: [size, one]}}
        figures:
          §nothing: {title: Nothing}
          two: {line: tuned.reward, bars: §tuned.reward, series: start, over: seed}
          foreign: {bars: tuned.reward, x: start, band: §seed}
          change: {bars: tuned.reward, x: start, over: seed, change: §relative}
          cost: {line: puzzles.count, x: size, cost: §puzzles.tokens}
          §rows: {heat_map: tuned.reward, columns: start, over: seed}
          §between: {confusion: tuned.verdict, panels: start, over: seed}
          three: {confusion: tuned.verdict, between: §{start: [base, other, base]}, over: seed}
        """),
      [
        "a figure must say what it draws: one of 'line', 'bars', 'heat_map', 'solve_history', "
          + "'confusion'",
        "a figure draws one thing: 'line' or 'bars', not both",
        "'band' has no meaning for 'bars', which takes x, series, over, baseline, change and format",
        "'change' needs 'baseline', the arm that the others are compared with",
        "'cost' needs 'target', the value that is to be reached",
        "a heat map needs 'rows', the axes whose points make its rows",
        "a confusion needs 'between', one axis with two of its values, as in {arm: [base, warmed]}",
        "a confusion needs 'between', one axis with two of its values, as in {arm: [base, warmed]}",
      ])
  }

  @Test func figuresAgainstTheAxes() {
    expect(
      Self.recipe(
        """
        tables: {sizes: {value: puzzles.count, rows: [size, one]}}
        figures:
          words: {line: tuned.reward, x: §start, band: seed}
          slip: {line: puzzles.count, x: §siez, series: size}
          count: {line: tuned.reward, x: sizes, series: start, band: seed}
          target: {line: puzzles.count, x: §step, series: size, target: 1}
          early: {line: puzzles.count, series: size, format: §percent}
          many: {line: [puzzles.count, §puzzles.other], x: size}
          smooth: {line: puzzles.count, x: size, smooth: §3}
          cost: {line: puzzles.count, x: size, target: 1, cost: §§tuned.tokens}
          §left: {bars: tuned.reward, x: start}
          base: {bars: tuned.reward, x: start, over: seed, baseline: {start: §bse}}
          §map: {heat_map: tuned.reward, rows: start, over: §sede}
          history: {solve_history: [tuned, §tuend], panels: start, over: seed}
          verdict: {confusion: §tuned.reward, between: {start: [base, other]}, over: seed}
          arms: {confusion: tuned.verdict, between: {start: [base, §nobody]}, over: seed}
        """),
      [
        "'x' needs an axis of numbers, but 'start' has the value base; draw it as 'bars' instead",
        "unknown axis or metric 'siez'; did you mean 'size'?",
        "with 'target', 'x' names an axis of numbers; unknown axis 'step'; "
          + "did you mean 'seed'?",
        "'format' is for values over an axis of numbers; name one in 'x'",
        "over the axis 'size' a figure draws one value; give the other a figure of its own",
        "'smooth' is for metrics over steps, not for values over the axis 'size'",
        "the cost of 'tuned' depends on the axis 'start', which the figure does not mention",
        "the cost of 'tuned' depends on the axis 'seed', which the figure does not mention",
        "'tuned' depends on the axis 'seed', which the figure does not mention; "
          + "name it in 'x', 'series' or 'over'",
        "the axis 'start' has no value 'bse'; did you mean 'base'?",
        "'tuned' depends on the axis 'seed', which the figure does not mention; "
          + "name it in 'rows', 'columns', 'panels' or 'over'",
        "unknown axis 'sede'; did you mean 'seed'?",
        "unknown stage 'tuend'; did you mean 'tuned'?",
        "a confusion compares verdicts: write 'tuned.verdict'",
        "the axis 'start' has no value 'nobody'; choose from base, other",
      ])
  }

  /// Where references lead nowhere, the axes are not known, and nothing is said about them.
  @Test func noMistakesThatFollowFromOthers() {
    expect(
      Self.recipe(
        """
          broken: {kind: train, inputs: {model: §tunde, problems: puzzles}}
          behind: {kind: train, inputs: {model: broken, problems: fixed}}
        tables:
          a: {value: behind.reward, rows: [start, seed, size]}
        """), ["unknown stage 'tunde'; did you mean 'tuned'?"])
  }

  @Test func mistakesOfPublishedValuesAreFoundBeforeAnythingRuns() throws {
    let folder = try ScratchFolder()
    try Data("source: Doe\nvalues: [{at: {seed: 1}, men: 1}]\n".utf8)
      .write(to: folder.file("p.yaml"))
    let text = """
      version: 1
      name: test
      axes: {seed: [1, 2]}
      stages:
        base: {kind: base, params: {source: a}}
        tuned: {kind: train, inputs: {model: base, problems: fixed}, params: {seed: "${seed}"}}
        fixed: {kind: puzzles}
      tables:
        a: {value: tuned.reward, rows: seed, published: [p.yaml, missing.yaml, old.json]}
      """
    let error = #expect(throws: RecipeError.self) {
      try Recipe.parse(
        text, file: folder.file("recipe.yaml"), registry: RecipeKinds.registry)
    }
    let message = error?.description ?? ""
    #expect(message.contains("recipe.yaml:9:52: the published values have mistakes:\n"))
    #expect(message.contains("p.yaml:2:26: unknown key 'men'; did you mean 'mean'?"))
    #expect(message.contains("old.json: published values are written in YAML, in a file that"))
    #expect(error?.diagnostics.count == 2)
  }
}
