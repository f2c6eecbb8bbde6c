import Base
import Foundation
import OrderedCollections
import Reports
import Testing

/// What a report says of tokens.
@Suite struct CostTests {
  /// A training logs the tokens of each step, under `num_tokens` in results of before.
  @Test(arguments: ["tokens", "num_tokens"])
  func tokensAreThoseOfAllSteps(metric: String) throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var fixture = ReportFixture()
    for seed in [1, 2] {
      let metrics = try RowTable(columns: [
        "step": .integers([1, 2, 3]), metric: .numbers([100_000, 254_553, 840]),
      ])
      fixture.add("scores", ["seed": .integer(seed)], [:], tables: ["metrics.h5": metrics])
    }
    let report = try fixture.report(
      """
      version: 1
      name: demo
      axes: {seed: [1, 2]}
      stages: {scores: {kind: measured, params: {seed: "${seed}"}}}
      """, in: folder)
    try report.write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    let cost = try #require(page.components(separatedBy: "<table class=\"cost\"").last)
    #expect(cost.contains("710\u{202F}786"), "\(cost.prefix(900))")
    #expect(!cost.prefix(1500).contains(">840<"))
  }

  @Test func stagesShowWhatTheySayAgainstThemselves() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var fixture = ReportFixture()
    fixture.add("scores", [:], ["warning": "no reward differed"])
    try fixture.report("version: 1\nname: demo\nstages: {scores: {kind: measured}}", in: folder)
      .write(to: folder)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    let summaries = page.matches(of: /<summary>.*?<\/summary>/.dotMatchesNewlines())
    #expect(summaries.contains { $0.output.contains("Warning: no reward differed") })
  }
}
