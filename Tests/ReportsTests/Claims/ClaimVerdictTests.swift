import Base
import Foundation
import Reports
import Runner
import Testing

/// What becomes of claims. Values without problems are tested by Student's t alone, whose p values
/// are those of scipy.stats.ttest_1samp on the paired differences.
@Suite struct ClaimVerdictTests {
  private static func claim(_ test: String, _ value: String = "loss", more: String = "") -> String {
    "c: {says: it holds, value: scores.\(value), over: seed, "
      + "\(test): [{start: warmed}, {start: base}]\(more)}"
  }

  private static func fixture(_ differences: [Double]) throws -> ClaimFixture {
    var fixture = try ClaimFixture()
    fixture.add("base", losses: differences.indices.map { 3 + Double($0) })
    fixture.add("warmed", losses: differences.enumerated().map { 3 + Double($0) + $1 })
    return fixture
  }

  /// Mean 1.25, standard deviation 0.6455: t = 3.873 with 3 degrees of freedom.
  private static let up = [0.5, 1.0, 1.5, 2.0]

  @Test(arguments: [
    ("greater", "", ClaimResult.Verdict.supported, 0.0152331),
    ("less", "", .refuted, 0.9847669),
    ("not_less", ", within: 1", .supported, 0.0030284),
    ("equivalent", ", within: 1", .notDecided, 0.7524873),
    ("equivalent", ", within: 3", .supported, 0.0061538),
    ("equivalent", ", within: 0.1", .refuted, 0.9811322),
  ])
  func eachTestHasItsVerdict(
    test: String, more: String, verdict: ClaimResult.Verdict, support: Double
  ) throws {
    let result = try #require(
      try Self.fixture(Self.up).results(Self.claim(test, more: more), seeds: 4).first)
    #expect(result.verdict == verdict)
    #expect(abs(result.support - support) < 1e-4, "\(result.support)")
    #expect(result.differenceText == "+1.250")
    #expect(result.intervalText == "[+0.223, +2.277]")
  }

  @Test func significantlyLessByMoreThanTheMarginIsRefuted() throws {
    let fixture = try Self.fixture(Self.up.map { -$0 })
    let claims = [Self.claim("not_less", more: ", within: 0.2")]
    let refuted = try fixture.results(claims[0], seeds: 4)[0]
    #expect(refuted.verdict == .refuted && refuted.opposition < 0.05)
    let open = try fixture.results(Self.claim("not_less", more: ", within: 1"), seeds: 4)[0]
    #expect(open.verdict == .notDecided)
  }

  /// The least number of runs with t · s / √n ≤ d for t at the level of the claim, by scipy.
  @Test(arguments: [
    ([0.5, -0.4, 0.9, 0.1], "", "not decided (9 more seeds would support it)"),
    ([0.5, -0.4, 0.9, 0.1], ", within: 0.2", "not decided (210 more seeds would refute it)"),
    ([-0.5, 0.4, -0.9, -0.1], "", "not decided (9 more seeds would refute it)"),
    ([0.5, -0.5, 0.5, -0.5], "", "not decided"),
  ])
  func whatIsNotDecidedSaysWhatWould(
    differences: [Double], more: String, verdict: String
  ) throws {
    let test = more.isEmpty ? "greater" : "equivalent"
    let result = try Self.fixture(differences).results(Self.claim(test, more: more), seeds: 4)[0]
    #expect(result.verdictText == verdict)
  }

  @Test func missingRunsLeaveAClaimOpen() throws {
    var fixture = try ClaimFixture()
    fixture.add("base", losses: [1, 2, 3])
    fixture.add("warmed", losses: [9])
    let result = try fixture.results(Self.claim("greater"), seeds: 3)[0]
    #expect(result.verdictText == "open (4 of 6 runs)")
    #expect(result.differenceText == "–" && result.probabilityText == "–")
  }

  @Test func oneRunSpeaksOfProblemsAlone() throws {
    var fixture = try ClaimFixture()
    fixture.add("base", right: [4])
    fixture.add("warmed", right: [16])
    let report = try fixture.report(Self.claim("greater", "accuracy"), seeds: 1).claims
    #expect(report.results[0].verdictText == "supported (one run: runs are taken not to vary)")
    #expect(report.results[0].differenceText == "+60.0")
    #expect(
      report.notes.contains(
        "One run on each side (c): runs are taken not to vary, and the test speaks of problems "
          + "alone."))
  }

  @Test func oneRunWithoutProblemsIsNotTested() throws {
    let report = try Self.fixture([1]).report(Self.claim("greater"), seeds: 1).claims
    #expect(report.results[0].verdictText == "not decided (not tested)")
    #expect(
      report.notes.contains(
        "c is not tested: it is one run on each side, and single problems are not known."
      ))
  }

  @Test func otherProblemsAreNotCompared() throws {
    var fixture = try ClaimFixture()
    fixture.add("base", right: [4, 5])
    fixture.add("warmed", right: [16, 15], problem: "other")
    let report = try fixture.report(Self.claim("greater", "accuracy"), seeds: 2).claims
    #expect(report.results[0].verdict == .notDecided)
    #expect(
      report.notes.contains(
        "c is not tested: not compared, because its 20 problems are not the baseline's 20 (0 in "
          + "both); measure both on the same."))
  }

  @Test func aValueThatNobodyPublishesIsSaid() throws {
    let report = try Self.fixture(Self.up).report(Self.claim("greater", "lss"), seeds: 4).claims
    #expect(report.results[0].verdict == .notDecided)
    #expect(
      report.notes.contains(
        "c is not tested: scores publishes no value 'lss'; did you mean 'loss'?."))
  }

  /// statsmodels.stats.multitest.multipletests(…, method="holm").
  @Test func holm() {
    let adjusted = Holm.adjusted([0.01, 0.04, 0.03, 0.005])
    for (found, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) {
      #expect(abs(found - expected) < 1e-12)
    }
    #expect(Holm.adjusted([0.5, 1, 0.6]) == [1, 1, 1])
    #expect(Holm.adjusted([]) == [])
  }

  /// p = 0.0152 alone is enough; as the first of four hypotheses it is not.
  @Test func severalClaimsShareTheLevel() throws {
    let one = Self.claim("greater")
    let others = ["less", "greater", "less"].enumerated().map { index, test in
      Self.claim(test).replacing("c:", with: "c\(index):")
    }
    let fixture = try Self.fixture(Self.up)
    #expect(try fixture.results(one, seeds: 4)[0].verdict == .supported)
    let all = try fixture.results(([one] + others).joined(separator: "\n"), seeds: 4)
    #expect(all.map(\.verdict) == [.notDecided, .notDecided, .notDecided, .notDecided])
    #expect(abs(all[0].support - 4 * 0.0152331) < 4e-4)
  }
}
