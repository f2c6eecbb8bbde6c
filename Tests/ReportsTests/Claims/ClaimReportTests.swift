import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

/// How claims are shown, and what is said of their registration.
@Suite struct ClaimReportTests {
  private static let claims = """
    ii: {says: "warmed | beats <base>", value: scores.accuracy, over: seed, greater: [{start: warmed}, {start: base}]}
    iii: {says: nothing is lost, value: scores.accuracy, over: seed, not_less: [{start: base}, {start: warmed}], within: 3}
    """

  private static func fixture() throws -> ClaimFixture {
    var fixture = try ClaimFixture()
    fixture.add("base", right: [4, 5, 3])
    fixture.add("warmed", right: [15, 16, 13])
    return fixture
  }

  @Test func claimsComeFirst() throws {
    let fixture = try Self.fixture()
    let report = try fixture.report(Self.claims, seeds: 3)
    let folder = fixture.folder.file("out")
    try report.write(to: folder)
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    let page = try text("report.html")
    let sections = page.matches(of: #/<section id="([a-z]+)"/#).map { String($0.output.1) }
    #expect(sections.first == "claims")
    #expect(page.contains("warmed | beats &lt;base&gt;"))
    #expect(page.contains("<span class=\"verdict right\">supported</span>"))
    #expect(page.contains("<span class=\"verdict wrong\">refuted</span>"))
    let brief = try text("report.md")
    #expect(brief.contains("done.\n\n### Claims\n\n| claim | verdict | difference | p (Holm)"))
    #expect(brief.contains("ii: warmed \\| beats \\<base>; scores.accuracy: warmed > base |"))
  }

  @Test func theTerminalSaysTheSame() throws {
    let text = try Self.fixture().report(Self.claims, seeds: 3).claims.terminalText
    let lines = text.split(separator: "\n")
    #expect(lines[0] == "Claims")
    #expect(lines[1].hasPrefix("  ii   supported: +53.3 ["))
    #expect(lines[2] == "       warmed | beats <base>")
    #expect(lines[3] == "       scores.accuracy: warmed > base; registered: no")
    #expect(lines[4].hasPrefix("  iii  refuted: −53.3 ["))
    #expect(lines[6] == "       scores.accuracy: base > warmed − 3; registered: no")
  }

  @Test func programsReadTheSame() throws {
    let json = try Self.fixture().report(Self.claims, seeds: 3).claims.json
    let claim = try #require(json.array?.first)
    #expect(claim["name"] == "ii" && claim["verdict"] == "supported" && claim["test"] == "greater")
    #expect(claim["first"] == ["start": "warmed"] && claim["planned"] == 6 && claim["runs"] == 6)
    #expect(abs((claim["difference"]?.number ?? 0) - 160.0 / 3) < 1e-9)
    #expect((claim["low"]?.number ?? 99) < 53 && (claim["high"]?.number ?? 0) > 54)
    #expect((claim["p_holm"]?.number ?? 1) >= (claim["p"]?.number ?? 0))
    #expect(claim["problems"] == 20 && claim["registered"] == "no")
  }

  /// What a stage says against its own numbers is said of the claims that rest on them.
  @Test func warningsAreRepeated() throws {
    var fixture = try ClaimFixture()
    fixture.add("base", losses: [1, 2], warning: "it was trained on them")
    fixture.add("warmed", losses: [2, 3])
    let claim = String(Self.claims.split(separator: "\n")[0]).replacing("accuracy", with: "loss")
    #expect(
      try fixture.report(claim, seeds: 2).claims.notes.contains(
        "Warning: it was trained on them — scores[start=base,seed=1], scores[start=base,seed=2]."))
  }

  @Test func aRecipeWithoutClaimsShowsNone() throws {
    var fixture = ReportFixture()
    fixture.add("scores", [:], ["loss": 1])
    let folder = try ClaimFixture().folder
    let report = try fixture.report(
      "version: 1\nname: demo\nstages: {scores: {kind: measured}}", in: folder.url)
    try report.write(to: folder.url)
    let page = try String(contentsOf: folder.file("report.html"), encoding: .utf8)
    #expect(!page.contains("id=\"claims\""))
    #expect(report.claims.terminalText.isEmpty && report.claims.markdown.isEmpty)
  }
}

extension ClaimReportTests {
  /// The standings of both claims, and the notes.
  private func standings(
    of fixture: ClaimFixture, _ claims: String = ClaimReportTests.claims,
    registration: String? = nil
  ) throws -> (standings: [ClaimStanding], notes: [String]) {
    let report = try fixture.report(claims, seeds: 3, registration: registration).claims
    return (report.results.map(\.standing), report.notes)
  }

  /// Writes a registration with the keys that the fixture's results have.
  private func register(
    _ fixture: ClaimFixture, _ claims: String = ClaimReportTests.claims, results: [String] = [],
    key: String? = nil
  ) throws {
    let recipe = try Recipe.parse(
      ClaimFixture.recipe(claims, seeds: 3), file: fixture.file,
      registry: KindRegistry([MeasuredStage.self]))
    let items = recipe.instances.map { instance in
      PlannedInstance(
        instance: instance, state: .toRun, reason: "",
        key: key ?? String(repeating: "ab", count: 32))
    }
    let registration = try Registration(recipe, Plan(items: items), problems: { _ in 20 })
    let marked = results.map { "\"\($0)\"" }.joined(separator: ", ")
    try registration.text.replacing("\"results\": []", with: "\"results\": [\(marked)]")
      .write(to: Registration.file(of: fixture.file), atomically: true, encoding: .utf8)
  }

  @Test func whatIsNotRegisteredIsSaid() throws {
    let found = try standings(of: Self.fixture())
    #expect(found.standings == [.none, .none])
    #expect(found.notes.last?.hasPrefix("Nothing is registered: 'warmup register'") == true)
  }

  @Test func registeredBeforeItsResults() throws {
    let fixture = try Self.fixture()
    try register(fixture)
    let digest = try #require(Registration.digest(beside: fixture.file))
    let found = try standings(of: fixture, registration: digest)
    #expect(found.standings == [.before, .before])
    #expect(
      found.notes.last == "Registered in demo.registered.json, SHA-256 \(digest.prefix(12))…. When "
        + "that was is proved by the commit of this file, not by the clock of this machine.")
    // Runs whose lock does not name it may be older.
    let other = try standings(of: fixture, registration: "cd")
    #expect(other.standings == [.unconfirmed, .unconfirmed])
    #expect(other.notes.contains { $0.hasPrefix("The lock of the results names no or another") })
  }

  @Test func registeredWithoutResults() throws {
    let fixture = try ClaimFixture()
    try register(fixture)
    #expect(try standings(of: fixture).standings == [.awaited, .awaited])
  }

  @Test func registeredWhenResultsWereThere() throws {
    let fixture = try Self.fixture()
    try register(fixture, results: ["scores[start=base,seed=1]"])
    let digest = Registration.digest(beside: fixture.file)
    let found = try standings(of: fixture, registration: digest)
    #expect(found.standings == [.after(done: 1, runs: 6), .after(done: 1, runs: 6)])
    #expect(found.standings[0].words == "only when 1 of 6 runs had results")
  }

  @Test func whatWasChangedOrDroppedIsSaid() throws {
    let fixture = try Self.fixture()
    let more =
      "v: {says: more, value: scores.accuracy, over: seed, "
      + "less: [{start: warmed}, {start: base}]}"
    try register(
      fixture, Self.claims.replacing("within: 3", with: "within: 5") + "\n" + more)
    let digest = Registration.digest(beside: fixture.file)
    let found = try standings(of: fixture, registration: digest)
    #expect(found.standings == [.before, .changed(["'within' was 5"])])
    #expect(found.notes.contains("iii is not what was registered: 'within' was 5."))
    #expect(found.notes.contains("Registered, and no longer claimed: v."))
    let note = "It was registered without --set."
    #expect(!found.notes.contains(note))
    let changed = try fixture.report(
      Self.claims, seeds: 3, registration: digest, overrides: ["claims.ii.says=other"])
    #expect(changed.claims.notes.contains(note))
  }

  @Test func otherKeysAreSaid() throws {
    let fixture = try Self.fixture()
    try register(fixture, key: "cd")
    let found = try standings(of: fixture)
    #expect(
      found.standings[0] == .changed(["other keys: scores[start=warmed,seed=1] and 5 more"]))
  }

  @Test func aRegistrationThatCannotBeReadIsSaid() throws {
    let fixture = try Self.fixture()
    try Data("{}".utf8).write(to: Registration.file(of: fixture.file))
    let found = try standings(of: fixture)
    #expect(found.standings == [.none, .none])
    #expect(
      found.notes.last?.hasPrefix("demo.registered.json is not a registration that this program")
        == true)
  }
}
