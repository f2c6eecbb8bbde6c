import Reports
import Testing

/// The simulation that tries intervals, tried itself.
@Suite struct IntervalCoverageTests {
  /// Two arms find mostly the same problems hard, but not quite: what is common to them leaves the
  /// difference, what is not stays in it. Of 500 problems with 4 answers the interval is then about
  /// 0.065 wide (0.052 if both found exactly the same hard, 0.083 if nothing were common).
  @Test func armsFindMostlyTheSameProblemsHard() throws {
    let setting = try #require(
      IntervalCoverage.settings.first {
        $0.subject == .difference && $0.seeds == 1 && $0.problems == 500 && $0.samples == 4
          && $0.rate == 0.5 && $0.deviation == 0
      })
    let outcome = IntervalCoverage.outcome(of: setting, draws: 12, stream: 1)
    #expect(outcome.bounded == 12 && outcome.held >= 9)
    #expect(outcome.narrowest > 0.055 && outcome.narrowest < 0.068, "\(outcome.narrowest)")
  }
}
