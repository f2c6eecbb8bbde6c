import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

@Suite struct TableFormatTests {
  private func report(
    published: [PublishedTable] = [], _ change: (inout ReportFixture) -> Void = { _ in }
  ) throws -> TableReport {
    var fixture = ReportFixture.scores
    change(&fixture)
    return try TableReport(
      name: "main", ReportFixture.table, data: fixture.data, published: published)
  }

  @Test func markdown() throws {
    #expect(
      try report().markdown == """
        ### Accuracy \\& more

        | start | accuracy |
        | --- | ---: |
        | warmed | 50.0 ± 2.8 \\[24.6, 75.4\\] (+10.0 \\[−2.7, +22.7\\]) |
        | base | 40.0 ± 1.4 \\[27.3, 52.7\\] |

        In %. Mean ± sample standard deviation over seed (n = 2); in brackets the 95 % interval of \
        the mean over all runs, on these problems.
        64 problems, 1 sample each.
        Signed numbers are differences to start=base in percentage points, with 95 % intervals \
        paired by run.
        Where an interval holds 0, the smallest difference that would be found four times in five: \
        14.1.

        """)
  }

  @Test func csvHoldsOneCellALine() throws {
    #expect(
      try report().csv == """
        row,column,metric,unit,mean,low,high,over,sd_over_seeds,se_over_problems,problems,samples,\
        seeds,planned,baseline,difference,difference_low,difference_high,relative,relative_low,relative_high,\
        mcnemar_p,published_mean,published_deviation,published_problems,published_model,\
        published_caveat,published_difference,published_difference_low,published_difference_high,\
        margin,verdict,verdict_remedy,reach_bound,reach_low,reach_high,completions,in_form,\
        accuracy_in_form,chance_basis,chance_right,chance_of,chance,above_chance_p
        warmed,accuracy,scores.accuracy,%,50,24.58759053,75.41240947,runs,2.828427125,,64,1,2,2,false,10,\
        -2.706204736,22.70620474,0.25,,,,,,,,,,,,,,,,,,,,,,,,,
        base,accuracy,scores.accuracy,%,40,27.29379526,52.70620474,runs,1.414213562,,64,1,2,2,true,,,,,,,,,,,,,,,,,,,,,,,,,,,,,

        """)
  }

  @Test func latex() throws {
    let text = try report().latex
    #expect(text.contains("\\caption{Accuracy \\& more}"))
    #expect(text.contains("\\footnotesize\nIn \\%. Mean $\\pm$ sample"))
    #expect(text.contains("{@{}r@{}}50.0 $\\pm$ 2.8 {[}24.6, 75.4{]} \\\\ +10.0"))
    #expect(
      text.contains("\\begin{tabular}{lr}\n\\toprule\nstart & accuracy \\\\\n\\midrule\n"))
  }

  @Test func terminalColumnsAreAligned() throws {
    #expect(
      try report().terminalText.hasPrefix(
        """
        Accuracy & more
        start                                       accuracy
        ────────────────────────────────────────────────────
        warmed  50.0 ± 2.8 [24.6, 75.4]  +10.0 [\u{2212}2.7, +22.7]
        base    40.0 ± 1.4 [27.3, 52.7]
        In %.
        """))
  }

  @Test func labelsCannotBecomeMarkup() throws {
    let label = "a|b<i>_\"x\",&"
    let report = try report { fixture in
      fixture.axes["start"]?.append(.string(label))
      fixture.add("scores", ["start": .string(label), "seed": 1], ["accuracy": 0.5])
    }
    #expect(report.markdown.contains("| a\\|b\\<i>\\_\"x\",\\& |"))
    #expect(report.html.contains("a|b&lt;i&gt;_&quot;x&quot;,&amp;"))
    #expect(!report.html.contains("<i>"))
    #expect(report.csv.contains("\"a|b<i>_\"\"x\"\",&\",accuracy"))
    #expect(report.latex.contains("a|b\\textless{}i\\textgreater{}\\_\"x\",\\& &"))
  }

  @Test func numbersBelowZeroHaveARealMinusButNotInCSV() throws {
    let report = try report { fixture in
      fixture.results = []
      fixture.items = []
      fixture.add("scores", ["start": "base", "seed": 1], ["accuracy": 0.5])
      fixture.add("scores", ["start": "warmed", "seed": 1], ["accuracy": 0.25])
    }
    #expect(report.markdown.contains("25.0 (\u{2212}25.0)"))
    #expect(report.csv.contains(",-25,"))
  }

  @Test func publishedNumbersStandBesideOurs() throws {
    let published = try PublishedTable(
      text: """
        source: Doe 2025
        values:
          - {at: {start: warmed}, mean: 54.0, deviation: 1.4}
          - {at: {start: "ba,se"}, mean: 43.8}
        """)
    let report = try report(published: [published])
    let value = try #require(report.rows[0].cells[0].published?.value)
    #expect(value.mean == 54 && value.deviation == 1.4)
    let shown = "\\[\u{2212}2.7, +22.7\\]) \\[published 54.0 ± 1.4: not enough data\\]"
    #expect(report.markdown.contains(shown))
    #expect(report.notes.contains("Published numbers without a cell here: start=ba,se."))
  }
}
