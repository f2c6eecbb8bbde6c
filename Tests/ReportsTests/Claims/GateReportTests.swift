import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

/// What reports say where gates failed.
@Suite struct GateReportTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Two arms over four seeds; the fourth does not pass where it must.
  private func report(
    otherwise: String = "stop", require: String = "{skill: {at_least: 0.8}, otherwise: OTHERWISE}",
    more: String = "", isDone: Bool = true
  ) throws -> RecipeReport {
    var fixture = ReportFixture()
    for (seed, skill, change) in [(1, 0.9, 0.5), (2, 0.95, 1.0), (3, 0.8, 1.5), (4, 0.3, -8)] {
      let seedPoint: AxisPoint = ["seed": .integer(seed)]
      fixture.add("skill", seedPoint, isDone ? ["skill": .number(skill)] : nil)
      for (start, loss) in [("base", 3 + Double(seed)), ("warmed", 3 + Double(seed) + change)] {
        fixture.add(
          "scores", ["start": .string(start), "seed": .integer(seed)],
          isDone ? ["loss": .number(loss)] : nil)
      }
    }
    return try fixture.report(
      """
      version: 1
      name: demo
      axes: {start: [base, warmed], seed: [1, 2, 3, 4]}
      stages:
        scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
        skill:
          kind: measured
          params: {seed: "${seed}"}
          require: \(require.replacing("OTHERWISE", with: otherwise))
      tables:
        main: {value: scores.loss, rows: start, over: seed, baseline: {start: base}}
        seeds: {value: [scores.loss, skill.skill], rows: seed, over: start}
      figures:
        bars: {bars: scores.loss, x: start, over: seed}
        along: {line: scores.loss, x: seed, series: start}
      claims:
        c: {says: it helps, value: scores.loss, over: seed, greater: [{start: warmed}, {start: base}]}
      \(more)
      """, in: folder.url)
  }

  private func table(_ report: RecipeReport, _ name: String = "main") throws -> TableReport {
    try #require(report.tableParts().first { $0.name == name }?.content)
  }

  // MARK: Tables and figures

  @Test func cellsDoNotCountWhatIsStopped() throws {
    let main = try table(report())
    #expect(main.rows.map { $0.cells[0].planned } == [3, 3])
    #expect(main.rows.map { $0.cells[0].mean } == [5, 6])
    #expect(main.notes.contains("Without seed=4, stopped by the gate skill."))
    let seeds = try table(report(), "seeds")
    // What the gate itself measured is there.
    #expect(seeds.rows.map { $0.cells.map(\.planned) } == [[2, 1], [2, 1], [2, 1], [0, 1]])
    #expect(
      seeds.notes.contains(
        "Includes what did not pass the gate skill: seed=4 (skill 0.3 is below 0.8)."))
  }

  @Test func cellsOfMarkedPointsCount() throws {
    let main = try table(report(otherwise: "mark"))
    #expect(main.rows.map { $0.cells[0].planned } == [4, 4])
    #expect(main.rows.map { $0.cells[0].mean } == [5.5, 4.25])
    #expect(
      main.notes.contains(
        "Includes what did not pass the gate skill: seed=4 (skill 0.3 is below 0.8)."))
  }

  @Test func whereAllGatesPassNothingIsSaid() throws {
    for require in ["{skill: {at_least: 0.1}}", "null"] {
      let notes = try table(report(require: require)).notes
      #expect(!notes.contains { $0.contains("gate") })
    }
  }

  @Test func figuresSayTheSame() throws {
    for figure in try report().figureParts() {
      #expect(
        figure.content?.summary.contains("Without seed=4, stopped by the gate skill.") == true)
    }
    for figure in try report(otherwise: "mark").figureParts() {
      #expect(figure.content?.summary.contains("seed=4 (skill 0.3 is below 0.8)") == true)
    }
    let bars = try #require(try report().figureParts().first?.content)
    #expect(bars.numbers.rows.map(\.last) == ["3", "3"])
  }

  @Test func aTableOfWhichEverythingIsStoppedIsEmpty() throws {
    let main = try table(report(require: "{skill: {at_least: 2}}"))
    #expect(main.rows.map { $0.cells[0].planned } == [0, 0])
    #expect(
      main.notes.contains("Without seed=1; seed=2; seed=3; seed=4, stopped by the gate skill."))
  }

  // MARK: Claims

  /// p of scipy.stats.ttest_1samp on the differences: 0.0371 of three seeds, 0.6907 of four.
  @Test func aMarkedPointGivesTwoVerdicts() throws {
    let claims = try report(otherwise: "mark").claims
    let passed = try #require(claims.results.first)
    #expect(passed.verdict == .supported && passed.differenceText == "+1.000")
    #expect(abs(passed.support - 0.0371) < 1e-4)
    let gated = try #require(claims.gated["c"])
    #expect(gated.places == ["seed=4"] && gated.unknown == 0)
    let all = try #require(gated.result)
    #expect(all.verdict == .notDecided && all.differenceText == "−1.250")
    #expect(abs(all.support - 0.6907) < 1e-4)
    let lines = claims.terminalText.split(separator: "\n")
    #expect(lines[1].hasPrefix("  c  supported: +1.000 ["))
    #expect(lines[1].hasSuffix("p = 0.037, without seed=4"))
    #expect(
      lines[4].hasPrefix("     over all points: not decided") && lines[4].contains(": −1.250 ["))
    // In the page the second verdict is folded away below the claim, not another row.
    let page = claims.markup.source
    #expect(page.components(separatedBy: "<tr>").count == 3)
    #expect(page.contains("<summary>over all points</summary>") && page.contains("−1.250"))
    let json = try #require(claims.json.array?.first)
    #expect(json["verdict"] == "supported" && json["planned"] == 6)
    #expect(json["gated"]?["without"] == ["seed=4"] && json["gated"]?["unknown"] == 0)
    #expect(json["gated"]?["all"]?["verdict"] == "not decided")
    #expect(json["gated"]?["all"]?["planned"] == 8)
  }

  @Test func ofAStoppedPointNothingIsKnown() throws {
    let claims = try report().claims
    #expect(claims.results.first?.verdict == .supported)
    let gated = try #require(claims.gated["c"])
    #expect(gated.unknown == 2 && gated.result == nil)
    #expect(
      claims.terminalText.contains("\n     over all points: nothing is known of 2 stopped runs\n"))
    let json = try #require(claims.json.array?.first)
    #expect(json["gated"]?["unknown"] == 2 && json["gated"]?["all"] == .null)
    #expect(claims.markdown.contains("| c over all points: nothing is known of 2 stopped runs |"))
  }

  /// One gate stops a seed, and another one marks another seed.
  @Test func stoppedAndMarkedAtOnce() throws {
    var fixture = ReportFixture()
    for (seed, change) in [(1, 0.5), (2, 1.0), (3, 1.5), (4, -8), (5, 9)] {
      let point: AxisPoint = ["seed": .integer(seed)]
      fixture.add("one", point, ["value": seed == 5 ? 0 : 1])
      fixture.add("two", point, ["value": seed == 4 ? 0 : 1])
      for (start, loss) in [("base", 3 + Double(seed)), ("warmed", 3 + Double(seed) + change)] {
        fixture.add(
          "scores", ["start": .string(start), "seed": .integer(seed)], ["loss": .number(loss)])
      }
    }
    let claims = try fixture.report(
      """
      version: 1
      name: demo
      axes: {start: [base, warmed], seed: [1, 2, 3, 4, 5]}
      stages:
        one: {kind: measured, params: {seed: "${seed}"}, require: {value: {at_least: 1}}}
        two:
          kind: measured
          params: {seed: "${seed}"}
          require: {value: {at_least: 1}, otherwise: mark}
        scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
      claims:
        c: {says: it helps, value: scores.loss, over: seed, greater: [{start: warmed}, {start: base}]}
      """, in: folder.url
    ).claims
    #expect(claims.results[0].differenceText == "+1.000")
    let gated = try #require(claims.gated["c"])
    #expect(gated.places == ["seed=4", "seed=5"] && gated.unknown == 2)
    #expect(gated.result?.differenceText == "−1.250")
    #expect(
      claims.terminalText.contains(
        "     over all points but 2 stopped runs, of which nothing is known: not decided"))
  }

  /// A gate of one arm takes the other arm's run of that seed out, too.
  @Test func pairsStayPairs() throws {
    var fixture = ReportFixture()
    for (seed, change) in [(1, 0.5), (2, 1.0), (3, 1.5), (4, -8)] {
      for (start, loss) in [("base", 3 + Double(seed)), ("warmed", 3 + Double(seed) + change)] {
        let point: AxisPoint = ["start": .string(start), "seed": .integer(seed)]
        fixture.add("form", point, ["form": start == "warmed" && seed == 4 ? 0 : 1])
        fixture.add("scores", point, ["loss": .number(loss)])
      }
    }
    func claims(_ otherwise: String) throws -> ClaimsReport {
      try fixture.report(
        """
        version: 1
        name: demo
        axes: {start: [base, warmed], seed: [1, 2, 3, 4]}
        stages:
          form:
            kind: measured
            params: {start: "${start}", seed: "${seed}"}
            require: {form: {at_least: 0.5}, otherwise: \(otherwise)}
          scores: {kind: measured, params: {start: "${start}", seed: "${seed}", model: 1}}
        claims:
          c: {says: it helps, value: scores.loss, over: seed, greater: [{start: warmed}, {start: base}]}
        """, in: folder.url
      ).claims
    }
    let stopped = try claims("stop")
    #expect(stopped.results[0].verdict == .supported && stopped.json.array?[0]["planned"] == 6)
    let gated = try #require(stopped.gated["c"])
    #expect(gated.places == ["start=warmed, seed=4"] && gated.unknown == 1 && gated.result == nil)
    let marked = try claims("mark")
    #expect(marked.results[0].verdict == .supported)
    #expect(marked.gated["c"]?.result?.verdict == .notDecided)
  }

  @Test func aClaimOfWhichNothingPassedIsNotTested() throws {
    let claims = try report(require: "{skill: {at_least: 2}}").claims
    #expect(claims.results.first?.verdictText == "not decided (not tested)")
    #expect(claims.notes.contains("c is not tested: no run of it passed the gates."))
    #expect(claims.gated["c"]?.unknown == 8)
  }

  @Test func withoutFailedGatesClaimsAreAsTheyWere() throws {
    for require in ["{skill: {at_least: 0.1}}", "null"] {
      let claims = try report(require: require).claims
      #expect(claims.gated.isEmpty && claims.results.first?.verdict == .notDecided)
      #expect(claims.json.array?.first?["gated"] == .null)
      #expect(!claims.terminalText.contains("over all"))
    }
  }

  // MARK: The section

  @Test func gatesComeAfterClaims() throws {
    let report = try report()
    try report.write(to: folder.url)
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.file(name), encoding: .utf8)
    }
    let page = try text("report.html")
    let sections = page.matches(of: #/<section id="([a-z]+)"/#).map { String($0.output.1) }
    #expect(sections.prefix(2) == ["claims", "gates"])
    #expect(page.contains("skill 0.3 is below 0.8") && page.contains("skill 0.95 (at least 0.8)"))
    #expect(page.contains("<span class=\"verdict wrong\">failed</span>"))
    #expect(page.contains("stopped by gates") && !page.contains("This report is not complete"))
    #expect(page.contains("scores[start=base,seed=4]: stopped by the gate skill at seed=4"))
    let brief = try text("report.md")
    #expect(brief.contains("10 of 12 instances are done, 2 are stopped by gates."))
    #expect(
      brief.contains(
        "| skill | seed=4 | failed | skill 0.3 is below 0.8 | 2 instances are not run |"))
  }

  @Test func gatesForTerminalsAndPrograms() throws {
    let gates = try report(otherwise: "mark").gates
    let lines = gates.terminalText.split(separator: "\n")
    #expect(lines.count == 5 && lines[0] == "Gates")
    #expect(lines[1] == "  skill[seed=1]  passed  skill 0.9 (at least 0.8)")
    #expect(lines[4] == "  skill[seed=4]  failed  skill 0.3 is below 0.8; marked")
    let last = try #require(gates.json.array?.last)
    #expect(last["gate"] == "skill" && last["point"] == ["seed": 4] && last["passes"] == false)
    #expect(last["otherwise"] == "mark" && last["stopped"] == 0)
    #expect(last["values"]?.array?.first?["value"] == .number(0.3))
    let open = try report(isDone: false).gates
    #expect(
      open.json.array?.first?["verdict"] == "open" && open.json.array?.first?["passes"] == .null)
    #expect(open.terminalText.contains("  skill[seed=1]  open  skill at least 0.8\n"))
    #expect(try report(require: "null").gates.isEmpty)
  }
}
