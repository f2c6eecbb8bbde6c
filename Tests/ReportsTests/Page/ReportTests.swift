import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

@Suite struct ReportTests {
  private static let attack = "</pre><script>alert(1)</script><!-- \u{0}"

  private static let recipe = """
    version: 1
    name: demo # <&>
    summary: Does it help?
    axes: {start: [base, warmed], seed: [1, 2]}
    stages:
      scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
    tables:
      main:
        {value: scores.accuracy, rows: start, over: seed, baseline: {start: base}}
    figures:
      learning: {line: scores.reward, series: start, band: seed}
    """

  /// A report on metrics and graded completions.
  private func report(in folder: URL) throws -> RecipeReport {
    var fixture = ReportFixture()
    for (start, seed) in [("base", 1), ("base", 2), ("warmed", 1)] {
      let metrics = try RowTable(
        columns: ["step": .integers([1, 2]), "reward": .numbers([0, Double(seed)])])
      fixture.add(
        "scores", ["start": .string(start), "seed": .integer(seed)],
        ["accuracy": 0.5, "fact": .string(Self.attack)],
        tables: ["metrics.h5": metrics, "scores.h5": Self.scores(count: 25)])
    }
    return try fixture.report(
      Self.recipe, overrides: ["stages.scores.params.model=2"], in: folder)
  }

  private static func scores(count: Int) -> RowTable {
    let rows = (0..<count).map { index -> [String: JSONValue] in
      [
        "problem_id": .string("problem-\(index)"), "sample": 0, "tokens": 12,
        "outcome": index % 3 == 0 ? "correct" : "no_answer", "correct": .boolean(index % 3 == 0),
        "extracted": "42", "prompt": "What?", "completion": .string(attack),
      ]
    }
    return RowTable(rows: rows)
  }

  /// What was asked and found comes first; the rest is folded, and a link to it unfolds it.
  @Test func answersComeFirst() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try report(in: folder).write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    let links = page.matches(of: ##/<a href="#([a-z]+)">[A-Z]/##).map { String($0.output.1) }
    #expect(links.prefix(3) == ["tables", "figures", "completions"])
    for id in links { #expect(page.contains(" id=\"\(id)\"")) }
    #expect(page.contains("<summary><h2>Stages</h2></summary><div id=\"stages\">"))
    #expect(page.contains("<p class=\"facts\">3 of 4 instances done · "))
  }

  @Test func everyFileIsWrittenTwiceTheSame() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = try report(in: folder)
    let folders = ["one", "two"].map { folder.appending(path: $0) }
    let tables = try folders.map { try report.write(to: $0) }
    #expect(tables.map { $0.tables.map(\.name) } == [["main"], ["main"]])
    #expect(tables.flatMap(\.failures) == [])
    let files = try folders.map { folder in
      try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        .filter { $0.contains(".") }.sorted()
    }
    #expect(
      files[0] == [
        "figures/learning.csv", "figures/learning.svg", "report.html", "report.md",
        "tables/main.csv", "tables/main.html", "tables/main.md", "tables/main.tex",
      ])
    #expect(files[0] == files[1])
    for file in files[0] {
      let bytes = try folders.map { try Data(contentsOf: $0.appending(path: file)) }
      #expect(bytes[0] == bytes[1], "\(file)")
    }
  }

  @Test func thePageHoldsEverythingAndLoadsNothing() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try report(in: folder).write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    let expected = [
      "Does it help?", "3 of 4", "1 of 4 instances are not done", "figure-learning-title",
      "The first 5 of 25 completions.", "9 correct · 16 no answer", "problem-24",
      "scores[start=warmed,seed=2]: not done", "name: demo # &lt;&amp;&gt;", "node1",
      "stages.scores.params.model=2",
    ]
    for text in expected { #expect(page.contains(text), "\(text)") }
    // The data of the browser of completions and its script: the only ones, whatever models wrote.
    #expect(page.components(separatedBy: "<script").count == 3)
    #expect(page.components(separatedBy: "</script").count == 3)
    for forbidden in ["\u{0}", " src=", "<link", "@import", "url(", "alert(1)</script>"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
  }

  /// What a recipe says is text in Markdown, too.
  @Test func theShortReportIsText() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let attack = "![x](https://example.org/x) <img src=x> `y` &#x202E; \u{202E}z"
    let recipe = Self.recipe.replacing(
      "summary: Does it help?",
      with: "summary: \"\(attack)\\n# Heading\\n> quoted\\n1. listed\\n- listed\""
    )
    .replacing(
      "learning: {", with: "learning: {title: '\(attack.replacing("\u{202E}", with: ""))', ")
    let (_, failures) = try ReportFixture.scores.report(recipe, in: folder).write(to: folder)
    #expect(failures.count == 1)
    let brief = try String(contentsOf: folder.appending(path: "report.md"), encoding: .utf8)
    #expect(
      brief.contains(
        """
        !\\[x\\](https://example.org/x) \\<img src=x> \\`y\\` \\&#x202E; \u{FFFD}z
        \\# Heading
        \\> quoted
        1\\. listed
        \\- listed
        """), "\(brief)")
    #expect(brief.contains("### !\\[x\\](https://example.org/x) \\<img"), "\(brief)")
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    #expect(!page.contains("<img") && !page.contains("\u{202E}"))
  }

  @Test func whatCannotBeMadeIsSaidInItsPlaceAndCostsNothingElse() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["tables/broken.csv", "figures/learning.svg"] {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("of an earlier report".utf8).write(to: file)
    }
    let recipe = Self.recipe.replacing(
      "figures:",
      with: "  broken: {title: Nothing, value: scores.acuracy, rows: start, over: seed}\nfigures:")
    let (tables, failures) = try ReportFixture.scores.report(recipe, in: folder).write(to: folder)
    #expect(tables.map(\.name) == ["main"])
    #expect(
      failures == [
        "The table 'broken' cannot be made: scores publishes no value 'acuracy'; did you mean "
          + "'accuracy'?",
        "The figure 'learning' cannot be made: scores[start=base,seed=1] published no metrics to "
          + "draw 'reward' from",
      ])
    for (name, text) in [
      ("report.html", "cannot be made: scores publishes no value &#39;acuracy"),
      ("report.md", "### Nothing\n\n> The table 'broken' cannot be made: scores publishes"),
    ] {
      let written = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(written.contains(text) && written.contains("40.0"), "\(written)")
    }
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
      $0.contains(".")
    }
    #expect(
      files.sorted() == [
        "report.html", "report.md", "tables/main.csv", "tables/main.html", "tables/main.md",
        "tables/main.tex",
      ])
  }

  @Test func completionsThatCannotBeReadAreSaidAndDoNotStopTheReport() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("no HDF5".utf8).write(to: folder.appending(path: "scores.h5"))
    var fixture = ReportFixture()
    fixture.add("scores", [:], ["accuracy": 1], folder: folder)
    let report = try fixture.report(
      "version: 1\nname: demo\nstages: {scores: {kind: measured}}", in: folder)
    try report.write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    #expect(page.contains("scores.h5 cannot be read as a table"))
  }

  /// Nothing has to name what a model was trained on: the stages that made it were given that.
  @Test func splitsFollowWhatModelsWereTrainedOn() throws {
    func table(_ column: String, _ ids: [String]) -> RowTable {
      RowTable(rows: ids.map { [column: .string($0)] })
    }
    var fixture = ReportFixture()
    fixture.add(
      "traces", [:], [:], kind: "write_traces", outputs: ["traces"],
      tables: ["traces.h5": table("problem_id", ["a", "a", "b"])])
    fixture.add(
      "learned", [:], [:], kind: "dataset", outputs: ["problems"],
      tables: ["problems.h5": table("id", ["c"])])
    fixture.add(
      "test", [:], [:], kind: "dataset", outputs: ["problems"],
      tables: ["problems.h5": table("id", ["b", "d", "e"])])
    fixture.add(
      "warmed", [:], [:], kind: "distill", inputs: [("traces", "traces/traces")],
      outputs: ["model"])
    fixture.add(
      "tuned", [:], [:], kind: "rlvr",
      inputs: [("model", "warmed"), ("problems", "learned/problems")], outputs: ["model"])
    fixture.add(
      "scores", [:], ["accuracy": 0.5],
      inputs: [("model", "tuned"), ("problems", "test/problems")])
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let recipe = try Recipe.parse(
      "version: 1\nname: demo\nstages: {scores: {kind: measured}}",
      file: folder.appending(path: "demo.yaml"), registry: KindRegistry([MeasuredStage.self]))
    try RecipeReport(recipe, fixture.plan, tables: fixture.reader).write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    for row in [
      "traces.traces</th><td class=\"number\">2</td><td>test.problems</td>"
        + "<td class=\"number\">3</td><td class=\"number\"><span class=\"badge wrong\">✗ 1",
      "learned.problems</th><td class=\"number\">1</td><td>test.problems</td>"
        + "<td class=\"number\">3</td><td class=\"number\"><span class=\"badge right\">✓ none",
    ] {
      #expect(
        page.contains(row), "\(page.split(separator: "id=\"splits\"").last?.prefix(1500) ?? "")")
    }
  }
}
