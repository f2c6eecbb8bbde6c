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
        "'tuned' depends on the axis 'seed', of which the table says nothing; "
          + "name it in 'rows', 'columns' or 'over'",
        "unknown stage 'tuend'; did you mean 'tuned'?",
        "unknown axis 'strat'; did you mean 'start'?",
        "expected stage.value, such as tuned.accuracy, found 'tuned'",
        "the axis 'start' stands in 'rows' already",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
        "the axis 'start' has no value bse; did you mean 'base'?",
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
        "'tuned' depends on the axis 'seed', of which the figure says nothing; "
          + "name it in 'series' or 'band'",
        "expected stage.value, such as tuned.accuracy, found 'nothing'",
        "unknown axis 'sede'; did you mean 'seed'?",
        "'tuned' does not depend on the axis 'size' (on start, seed only)",
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
}
