import Stages
import Testing

@Suite struct CheckpointClockTests {
  @Test(arguments: [(1_000, 1.0), (30_000_000, 2.0), (1_600_000_000, 30.0)])
  func theFirstComesEarlyUnlessItIsLarge(bytes: Int, seconds: Double) {
    #expect(CheckpointClock(seconds: 30, bytes: bytes).interval == seconds)
  }

  /// A hundredth of the time, at the latest after 30 s unless that were more than a twentieth.
  @Test(arguments: [(0.01, 1.0), (0.1, 10.0), (0.5, 30.0), (1.0, 30.0), (2.0, 40.0)])
  func furtherOnesFollowWhatTheyCost(cost: Double, seconds: Double) {
    var clock = CheckpointClock(seconds: 30, bytes: 1_000)
    clock.note(cost: cost)
    #expect(clock.interval == seconds)
  }

  @Test func aRecipeCanAskForOneAsOftenAsMayBe() {
    var clock = CheckpointClock(seconds: 0, bytes: 1_000_000_000)
    #expect(clock.interval == 0)
    clock.note(cost: 0.5)
    #expect(clock.interval == 10)
  }
}
