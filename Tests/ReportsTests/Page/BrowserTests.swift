import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

/// The report in a real browser, where there is one.
@Suite(.serialized, .enabled(if: Chromium.program != nil, "there is no Chromium on this machine"))
struct BrowserTests {
  private static let attack =
    "</script><script>document.title='owned'</script><!-- <script> \u{0}\u{2028}\u{FFFE}</pre>"

  /// Two arms, six problems: the first lost, the second won, the rest wrong in both.
  private static func report(in folder: URL) throws -> RecipeReport {
    var fixture = ReportFixture()
    for arm in ["base", "tuned"] {
      let rows = (0..<6).map { index -> [String: JSONValue] in
        let isCorrect = index == (arm == "base" ? 0 : 1)
        return [
          "problem_id": .string("problem-\(index)"), "sample": 0, "tokens": 12,
          "outcome": isCorrect ? "correct" : index == 5 ? "no_answer" : "wrong",
          "correct": .boolean(isCorrect), "extracted": "4", "prompt": "Prompt?",
          "truncated": .boolean(index == 3),
          "completion": .string(index == 4 ? longText : "\(arm) \(index) \(attack)"),
        ]
      }
      let metrics = try RowTable(
        columns: ["step": .integers([1, 2]), "reward": .numbers([0, 1])])
      fixture.add(
        "scores", ["arm": .string(arm)], ["accuracy": 0.2],
        tables: ["scores.h5": RowTable(rows: rows), "metrics.h5": metrics])
    }
    return try fixture.report(
      """
      version: 1
      name: demo
      summary: Does it help?
      axes: {arm: [base, tuned]}
      stages: {scores: {kind: measured, params: {arm: "${arm}"}}}
      figures: {learning: {line: scores.reward, series: arm}}
      """, in: folder)
  }

  private static let longText = String(repeating: "0123456789", count: 2_000)

  /// Writes the report, with a script of the test's own at its end, and loads it.
  private static func load(script: String = "", fragment: String = "") throws -> Chromium.Loaded {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try report(in: folder).write(to: folder)
    let file = folder.appending(path: "report.html")
    var page = try String(contentsOf: file, encoding: .utf8)
    if !script.isEmpty {
      let allowed = ContentPolicy.text(scripts: [script]).split(separator: "'").first {
        $0.hasPrefix("sha256-")
      }
      page = page.replacing(
        "script-src '", with: "script-src '\(allowed ?? "")' '", maxReplacements: 1)
      page = page.replacing("</body>", with: "<script>\(script)</script></body>")
      try Data(page.utf8).write(to: file)
    }
    return try Chromium.load(file, fragment: fragment)
  }

  /// What every script of the tests can use.
  private static let shared = """
    const text = id => document.getElementById("browser-" + id).textContent;
    const heading = () => document.querySelector("#browser-detail h3").textContent;
    const press = key => document.activeElement.dispatchEvent(
      new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    const choose = (id, value) => {
      const field = document.getElementById("browser-" + id);
      field.value = value;
      field.dispatchEvent(new Event(id === "text" ? "input" : "change", {bubbles: true}));
    };
    const answers = {};
    let part = "";
    const note = value => (answers[part] = answers[part] || []).push(String(value));
    const begin = name => {
      part = name;
      document.activeElement.blur();
      for (const id of ["text", "change", "verdict"]) choose(id, "");
    };
    """

  /// Runs a script in the page and reads what it leaves in an attribute of the root.
  private static func ask(_ script: String, fragment: String = "") throws -> [String: [String]] {
    let whole =
      "{\(shared)\n\(script)\n"
      + "document.documentElement.dataset.answers = encodeURIComponent(JSON.stringify(answers));}"
    let loaded = try load(script: whole, fragment: fragment)
    #expect(loaded.console == [], "the console must stay empty")
    let parts = loaded.document.components(separatedBy: "data-answers=\"")
    let quoted = try #require(parts.count == 2 ? parts[1].split(separator: "\"").first : nil)
    let text = try #require(String(quoted).removingPercentEncoding)
    let answers = try JSONValue(parsing: Data(text.utf8)).object ?? [:]
    return answers.mapValues { $0.array?.compactMap(\.string) ?? [] }
  }

  /// One visit for many tests: a browser takes seconds to start.
  private static let visit = Result {
    try ask(
      """
      begin("walk");
      note(heading()); press("ArrowRight"); note(heading()); press("ArrowRight"); note(heading());
      press("ArrowLeft"); note(heading()); note(text("status"));
      document.getElementById("browser-next").click(); note(text("status"));
      note(document.querySelector("#browser-list [aria-current]").textContent.includes("problem-2"));
      press("ArrowRight"); note(location.hash);
      begin("search");
      press("/"); note(document.activeElement.id);
      choose("text", "TUNED 3"); note(text("status")); note(heading());
      press("ArrowRight"); note(text("status"));
      note(text("detail").includes("cut off at the limit"));
      choose("text", "never written");
      note(text("status")); note(text("detail").includes("No completions match"));
      press("Escape"); note(document.activeElement.tagName);
      begin("filters");
      choose("verdict", "no_answer"); note(text("status")); choose("verdict", "");
      choose("change", "won"); note(heading());
      document.getElementById("browser-swap").click();
      note(document.getElementById("browser-change").value + " " + text("status"));
      document.querySelector("#browser-counts .both-wrong").click(); note(text("status"));
      document.getElementById("browser-swap").click();
      begin("texts");
      note(document.title); note(document.scripts.length);
      note(document.querySelector(".written pre").textContent.startsWith("base 0 <" + "/script>"));
      for (let i = 0; i < 4; i++) press("ArrowRight");
      const pre = document.querySelector(".written pre");
      note(pre.querySelector(".omitted").textContent); note(pre.textContent.length < 7000);
      begin("names");
      const controls = [...document.querySelectorAll("button, select, input, [tabindex]")];
      note(controls.filter(c => c.offsetParent !== null && !(c.textContent.trim()
        || c.getAttribute("aria-label") || (c.labels && c.labels.length))).length);
      const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
      note(ids.length - new Set(ids).size);
      const next = document.getElementById("browser-next");
      next.focus({focusVisible: true});
      note(getComputedStyle(next).outlineStyle);
      note(document.documentElement.scrollWidth <= window.innerWidth);
      """)
  }

  @Test func thePageIsWholeAndTheConsoleEmpty() throws {
    let loaded = try Self.load()
    #expect(loaded.console == [])
    let expected = [
      "<title>demo</title>", "class=\"figure-svg\"", "data-ready=\"6\"", "1 of 6",
      "correct → wrong", "class=\"scripted\"",
    ]
    for text in expected { #expect(loaded.document.contains(text), "\(text)") }
    #expect(!loaded.document.contains("owned</title>"))
  }

  @Test func flipsComeFirstAndArrowKeysWalk() throws {
    let answers = try Self.visit.get()["walk"] ?? []
    #expect(
      answers.dropLast() == [
        "problem-0", "problem-1", "problem-2", "problem-1", "2 of 6", "3 of 6", "true",
      ])
  }

  @Test func searchFiltersAndKeepsTheKeysToItself() throws {
    let answers = try Self.visit.get()["search"]
    #expect(
      answers == [
        "browser-text", "1 of 1", "problem-3", "1 of 1", "true", "None of 6", "true", "BODY",
      ])
  }

  @Test func filtersByVerdictAndByChange() throws {
    #expect(
      try Self.visit.get()["filters"] == ["1 of 1", "problem-1", "lost 1 of 1", "1 of 4"])
  }

  @Test func aPlaceCanBeShared() throws {
    let place = try #require(try Self.visit.get()["walk"]?.last)
    #expect(place.hasPrefix("#completions&"))
    let look = "note(heading()); note(text('status'));"
    let answers = try Self.ask(look, fragment: String(place.dropFirst()))
    #expect(answers[""] == ["problem-3", "4 of 6"])
    let odd = try Self.ask(look, fragment: "completions&problem=%E0%A4%A&first=<b>")
    #expect(odd[""] == ["problem-0", "1 of 6"])
  }

  @Test func textsStayTextsAndLongOnesLoseTheirMiddle() throws {
    // The scripts are the data, the browser's and this test's.
    #expect(
      try Self.visit.get()["texts"] == ["demo", "3", "true", "14,000 characters left out", "true"])
  }

  @Test func everyControlHasANameAndTheFocusCanBeSeen() throws {
    #expect(try Self.visit.get()["names"] == ["0", "0", "solid", "true"])
  }
}
