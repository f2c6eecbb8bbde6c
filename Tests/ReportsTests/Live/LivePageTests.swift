import Base
import Foundation
import Reports
import Runner
import TestSupport
import Testing

/// The page of a run that goes on.
@Suite struct LivePageTests {
  @Test func thePageShowsWhatIsAtWorkAndWhatIsToCome() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    fixture.run.update(fixture.title(1), StageProgress(0, of: 100, "steps"))
    fixture.wait(10)
    fixture.run.update(fixture.title(1), StageProgress(25, of: 100, "steps", remark: "reward 0.25"))
    try fixture.log([0, 0.5, 0.25], of: 1)
    let page = fixture.page.document
    #expect(page.contains("0 of 2 instances have a result · 1 at work · 1 to go"))
    #expect(page.contains("about 50 s left"), "30 of this one, 20 behind it")
    #expect(page.contains(#"value="0.250""#))
    #expect(page.contains("25/100 steps · 2.5/s · 30s left · reward 0.25"))
    // What the recipe's figure asks for comes first, under the name by which it is logged.
    let metrics = page.components(separatedBy: "verdicts/correct over step")
    #expect(metrics.count > 1 && !metrics[0].contains("reward over step."))
    #expect(metrics.last?.contains("reward over step.") == true)
    #expect(
      page.contains("problem-1, sample 0") && page.contains("1 correct · 1 bad format · 1 wrong"))
    #expect(page.contains("Problems solved") && page.contains("problem-0: first solved at step 2"))
    #expect(page.contains("<title>0/2 demo</title>"))
  }

  /// Whatever models and recipes write, nothing of it is markup, and nothing is loaded from elsewhere.
  @Test func nothingOfWhatModelsWriteRuns() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    fixture.run.notice(LiveFixture.attack)
    try fixture.log([1], of: 1)
    fixture.run.end(fixture.title(2), .failed(LiveFixture.attack))
    let page = fixture.page.document
    #expect(page.components(separatedBy: "<script").count == 2 && !page.contains("\u{202E}"))
    #expect(page.components(separatedBy: "owned").count > 3)
    #expect(!page.contains("http://") || page.contains("http://www.w3.org/2000/svg"))
    #expect(!page.contains("https://") && !page.contains("src=") && !page.contains("url("))
    let policy = LivePage.policy
    #expect(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"))
    #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("'unsafe-eval'"))
  }

  @Test func onlyWhatHasChangedIsSent() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    try fixture.log([0], of: 1)
    let first = try #require(fixture.changes(since: 0))
    let version = try #require(first["version"]?.integer)
    #expect(first["parts"]?["stages"] != nil && first["parts"]?["notices"] == nil)
    fixture.run.notice("Nobody is right.")
    #expect(fixture.page.changes(since: version) == nil, "not before a second has passed")
    let second = try #require(fixture.changes(since: version))
    let parts = try #require(second["parts"]?.object)
    #expect(Set(parts.keys) == ["head", "notices"], "the time, and what is new")
    #expect(second["run"] == first["run"] && second["ended"] == false)
    #expect(fixture.page.noChanges(since: second["version"]?.integer ?? 0)["parts"] == [:])
    // A browser that has a later version has it of another run.
    #expect(fixture.page.noChanges(since: 1_000)["parts"]?["stages"] != nil)
  }

  /// A training that goes back to its checkpoint logs some steps again: none is shown twice.
  @Test func stepsThatAreLoggedAgainAreNotShownTwice() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    try fixture.log([0.1, 0.2, 0.3, 0.4], of: 1)
    let before = fixture.page.document
    #expect(before.contains("problem-1: first solved at step 1, 33 % right in all"))
    try fixture.log([0.1, 0.2, -1], of: 1, anew: true)
    fixture.wait(30)
    let page = fixture.page.document
    #expect(page.contains("<span class=\"quiet\">step 3</span>") && !page.contains("step 4"))
    #expect(page.contains("problem-1: first solved at step 1, 17 % right in all"))
  }

  @Test func jobsElsewhereShowTheirSteps() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(2))
    #expect(fixture.page.document.contains("no step yet"))
    try fixture.log([0.5, 0.5], of: 2)
    fixture.wait(5)
    #expect(fixture.page.document.contains("<p class=\"quiet\">step 2</p>"))
  }

  @Test func theEndIsSaidOnce() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    try fixture.log([0, 1], of: 1)
    let version = fixture.changes(since: 0)?["version"]?.integer ?? 0
    fixture.run.end(fixture.title(1), .interrupted)
    fixture.run.end(fixture.title(2), .skipped("skipped: interrupted before it started"))
    fixture.run.conclude(.init(["0 ran, interrupted.", "Run again."], isGood: false))
    // At once, whatever the time.
    let last = try #require(fixture.page.changes(since: version))
    #expect(last["ended"] == true && last["title"] == "✗ demo")
    let head = try #require(last["parts"]?["head"]?.string)
    #expect(head.contains("ending wrong") && head.contains("<p>Run again.</p>"))
    #expect(last["parts"]?["work"] == "", "nothing is at work")
    fixture.wait(1_000)
    let after = fixture.page.document
    #expect(after.contains("data-ended=\"true\"") && after.contains("problem-0, sample 0"))
    #expect(after.contains("Problems solved") && after.contains("figcaption>tuned<"))
    #expect(fixture.page.changes(since: last["version"]?.integer ?? 0) == nil)
  }
}

/// The same in a browser, where there is one.
@Suite(.serialized, .enabled(if: Chromium.program != nil, "there is no Chromium on this machine"))
struct LiveBrowserTests {
  /// What is unfolded and scrolled stays so while parts are replaced; what a reader has open stays when
  /// nothing new is like it.
  @Test func whatIsOpenStaysOpen() throws {
    let fixture = try LiveFixture()
    fixture.run.begin(fixture.title(1))
    try fixture.log([0, 1, 0], of: 1)
    let page = fixture.page.document
    let version = fixture.changes(since: 0)?["version"]?.integer ?? 0
    try fixture.log([1], from: 4, of: 1)
    fixture.run.begin(fixture.title(2))
    let second = try #require(fixture.changes(since: version))
    fixture.run.end(fixture.title(1), .ran(seconds: 3))
    fixture.run.conclude(.init(["1 ran."], isGood: true))
    let third = try #require(fixture.changes(since: second["version"]?.integer ?? 0))
    let script = """
      const states = [\(EmbeddedJSON.text(second)), \(EmbeddedJSON.text(third))];
      const answers = [];
      window.addEventListener("load", () => 0);
      window.fetch = async () => {
        await new Promise(done => setTimeout(done, 100));
        const sample = document.querySelector("details.sample");
        if (states.length === 2) {
          sample.open = true;
          sample.querySelector("pre").textContent.includes("owned") && answers.push("text");
          document.styleSheets[0].insertRule("#curves .scroll { width: 200px }");
          document.querySelector("#curves .scroll").scrollLeft = 30;
          window.kept = sample;
        }
        answers.push(document.querySelectorAll("#work .stage").length);
        return {ok: true, json: async () => states.shift()};
      };
      setTimeout(() => {
        answers.push(window.kept.isConnected && window.kept.open);
        answers.push(document.querySelector("#curves .scroll").scrollLeft);
        answers.push(document.title, document.querySelectorAll(".ending").length);
        answers.push(document.querySelectorAll("details.sample").length > 3);
        answers.push([...document.querySelectorAll("main > section")].map(part => part.id).join());
        document.documentElement.dataset.answers = answers.join("|");
      }, 1500);
      """
    let allowed = try #require(
      ContentPolicy.text(scripts: [script]).split(separator: "'").first {
        $0.hasPrefix("sha256-")
      })
    let folder = try ScratchFolder()
    let file = try folder.write(
      page.replacing("script-src '", with: "script-src '\(allowed)' '", maxReplacements: 1)
        .replacing("<script>", with: "<script>\(script)</script><script>", maxReplacements: 1),
      "page.html")
    let loaded = try Chromium.load(file, width: 900)
    #expect(loaded.console == [], "the console must stay empty")
    let parts = loaded.document.components(separatedBy: "data-answers=\"")
    let answers = parts.count == 2 ? parts[1].split(separator: "\"").first.map(String.init) : nil
    #expect(
      answers
        == "text|1|2|true|30|✓ demo|1|true|head,curves,rollouts,history,stages", "\(answers ?? "")")
  }
}
