import Base
import Foundation
import Reports
import Runner
import Testing

@Suite struct ReportBasisTests {
  private static let recipe = """
    version: 1
    name: demo
    axes: {start: [base, warmed], seed: [1, 2]}
    stages:
      scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
    """

  /// A plan in which instances have a key each, and some are done.
  private func plan(
    _ keys: KeyValuePairs<String, String>, done: Set<String>? = nil
  ) -> Plan {
    Plan(
      items: keys.map { name, key in
        let instance = Instance(
          recorded: name, kind: KindDescription(name: "measured", version: 1), parameters: [:],
          identity: [:])
        let record = ArtifactRecord(
          key: key, fields: KeyFields(kind: "measured", kindVersion: 1, identity: [:]),
          instance: name, parameters: [:], producers: [:], values: [:],
          started: Date(timeIntervalSince1970: 0), seconds: 1, resumedFrom: nil,
          machine: .current(), versions: [:])
        let isDone = done?.contains(name) ?? true
        return PlannedInstance(
          instance: instance, state: isDone ? .cached : .toRun, reason: "", key: key,
          artifact: isDone ? Artifact(folder: URL(filePath: "/nowhere"), record: record) : nil)
      })
  }

  @Test func aPageSaysWhatItRestsOn() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try ReportBasis(reportIn: folder) == nil)
    let report = try ReportFixture.scores.report(Self.recipe, in: folder)
    try report.write(to: folder)
    let basis = try #require(try ReportBasis(reportIn: folder))
    #expect(
      basis.keys.keys.sorted() == [
        "scores[start=base,seed=1]", "scores[start=base,seed=2]", "scores[start=warmed,seed=1]",
        "scores[start=warmed,seed=2]",
      ])
    #expect(Set(basis.keys.values) == [String(repeating: "ab", count: 32)])
  }

  @Test func lessDoesNotTakeThePlaceOfMore() {
    let basis = ReportBasis(plan(["a": "1", "b": "2"]))
    #expect(basis.lost(by: plan(["a": "1", "b": "2"])).isEmpty)
    #expect(basis.lost(by: plan(["a": "1", "b": "2"], done: ["b"])) == ["a"])
    // More of the same, though not all that is asked for.
    #expect(basis.lost(by: plan(["a": "1", "b": "2", "c": "3"], done: ["a", "b"])).isEmpty)
    // All that is asked for under other keys; half of it; an arm less.
    #expect(basis.lost(by: plan(["a": "9", "b": "8"])).isEmpty)
    #expect(basis.lost(by: plan(["a": "9", "b": "8", "c": "3"], done: ["a", "b"])) == ["a", "b"])
    #expect(basis.lost(by: plan(["a": "1"])) == ["b"])
    #expect(ReportBasis(plan([:])).lost(by: plan(["a": "1"], done: [])).isEmpty)
  }

  /// What a gate stops is not missing, and what rests on it is out of date.
  @Test func whatIsStoppedIsDecided() {
    let basis = ReportBasis(plan(["a": "1", "b": "2"]))
    func stopped(_ plan: Plan) -> Plan {
      Plan(
        items: plan.items.map { item in
          PlannedInstance(
            instance: item.instance, state: item.isDone ? item.state : .stopped, reason: "",
            key: item.key, artifact: item.artifact)
        })
    }
    let newer = stopped(plan(["a": "1", "b": "2"], done: ["a"]))
    #expect(basis.lost(by: newer).isEmpty && basis.outdated(for: newer) == ["b"])
    #expect(basis.lost(by: stopped(plan(["a": "9", "b": "2"], done: ["a"]))).isEmpty)
  }

  @Test func whatIsNoLongerAskedForIsOutdated() {
    let basis = ReportBasis(plan(["a": "1", "b": "2", "old": "3"]))
    #expect(basis.outdated(for: plan(["b": "9", "a": "1", "c": "4"], done: [])) == ["b", "old"])
  }

  @Test func theSentenceSaysWhatIsMissingAndWhatToDo() throws {
    let basis = ReportBasis(plan(["a": "1", "b": "2", "c": "3", "d": "4", "e": "5"]))
    let folder = URL(filePath: "results/demo", relativeTo: nil)
    func sentence(_ newer: Plan) throws -> String {
      try #require(ReportKeptError(basis, against: newer, in: folder, recipe: "r.yaml")).description
    }
    let missing = try sentence(
      plan(["a": "1", "b": "2", "c": "3", "d": "4", "e": "9"], done: ["b"]))
    #expect(
      missing.hasSuffix(
        "results/demo/report.html rests on 5 results, of which a new report would lack 4 (a, c, d"
          + " and 1 more); 1 of them are no longer what the recipe and this program ask for. It was"
          + " left as it is; 'warmup run r.yaml' makes what is missing, and --overwrite replaces it"
          + " all the same"))
    let gone = try sentence(plan(["a": "1"]))
    #expect(gone.hasSuffix("left as it is; --overwrite replaces it all the same"))
    #expect(ReportKeptError(nil, against: plan([:]), in: folder, recipe: "r.yaml") == nil)
  }

  @Test func aReportThatIsOutOfDateSaysSoOnce() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try ReportFixture.scores.report(Self.recipe, in: folder).write(to: folder)
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    let before = try ["report.html", "report.md"].map(text)
    let basis = try #require(try ReportBasis(reportIn: folder))
    let changed = plan(["scores[start=base,seed=1]": "other"], done: [])
    for _ in 0..<2 {
      let words = try #require(try basis.mark(reportIn: folder, for: changed))
      #expect(words.contains("of the 4 results that it rests on, 4 are no longer"))
      #expect(try text("report.html").components(separatedBy: "id=\"out-of-date\"").count == 2)
      #expect(try text("report.html").contains("<header><p class=\"warning\" id=\"out-of-date\">"))
      #expect(try text("report.md").hasPrefix("> **Warning:** This report is out of date"))
    }
    #expect(try ReportBasis(reportIn: folder) == basis)
    // The recipe was changed back.
    let same = Plan(items: ReportFixture.scores.items)
    #expect(try basis.mark(reportIn: folder, for: same) == nil)
    #expect(try ["report.html", "report.md"].map(text) == before)
  }

  /// A page is read up to the end of its head, wherever the pieces end in which it is read.
  @Test(arguments: [0, 100, 262_070, 262_140, 262_144, 700_000])
  func aHeadMayBeLong(padding: Int) throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let element = "<meta name=\"warmup-results\" content=\"{&quot;a&quot;:&quot;1&quot;}\">"
    let page =
      "<head>" + String(repeating: "é", count: padding / 2) + element + "</head>"
      + element.replacing("&quot;a&quot;", with: "&quot;b&quot;")
    try Data(page.utf8).write(to: folder.appending(path: "report.html"))
    #expect(try ReportBasis(reportIn: folder)?.keys == ["a": "1"])
  }

  /// Pages of before do not say what they rest on; the lock beside them does, until a run changes it.
  @Test func anOlderPageIsJudgedByTheLock() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = "<html><head></head><body><header><h1>demo</h1></header><main></main></body></html>"
    try Data(page.utf8).write(to: folder.appending(path: "report.html"))
    try RecipeLock.update(["a": LockedInstance(key: "1", fields: nil)], in: folder)
    let basis = try #require(try ReportBasis(reportIn: folder))
    #expect(basis.keys == ["a": "1"])
    try basis.mark(reportIn: folder, for: plan(["a": "2"], done: []))
    try RecipeLock.update(["a": LockedInstance(key: "2", fields: nil)], in: folder)
    #expect(try ReportBasis(reportIn: folder)?.keys == ["a": "1"])
  }
}
