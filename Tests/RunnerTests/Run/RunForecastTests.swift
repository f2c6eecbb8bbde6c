import Base
import Foundation
import Runner
import Synchronization
import Testing

@Suite struct RunForecastTests {
  /// What a run was expected to take, as each instance began.
  private final class Watcher: RunDisplay {
    private let seen = Mutex<[RunForecast.Seconds]>([])
    var forecasts: [RunForecast.Seconds] { seen.withLock { $0 } }
    func begin(_ title: InstanceTitle) { seen.withLock { $0.append(title.forecast) } }
    func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
    func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  }

  @Test func nothingIsForetoldOfWhatNeverRan() throws {
    let project = try FakeProject()
    let watcher = Watcher()
    _ = try project.executor(display: watcher).run(
      project.plan([.source(), .training(seed: 1), .training(seed: 2, steps: 5)]))
    #expect(watcher.forecasts[0] == RunForecast.Seconds(own: nil, behind: nil))
    #expect(watcher.forecasts[1].own == nil && watcher.forecasts[1].behind == nil)
    // The second of the stage takes as long as the first did.
    let own = try #require(watcher.forecasts[2].own)
    #expect(own > 0 && watcher.forecasts[2].behind == 0)
  }

  @Test func lastTimesAddUp() throws {
    let project = try FakeProject()
    let first: [Instance] = [.source(), .training(seed: 1), .chained("again", of: 1)]
    let took = try project.run(first).plan.items.map { $0.artifact?.record.seconds ?? 0 }
    let watcher = Watcher()
    let changed: [Instance] = [.source(value: 2), .training(seed: 1), .chained("again", of: 1)]
    _ = try project.executor(display: watcher).run(project.plan(changed))
    #expect(watcher.forecasts.compactMap(\.own) == took)
    let behind = try #require(watcher.forecasts[0].behind)
    #expect(abs(behind - took[1] - took[2]) < 1e-9)
  }
}
