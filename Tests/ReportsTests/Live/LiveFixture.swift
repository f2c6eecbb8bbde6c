import Base
import Foundation
import Reports
import Runner
import Synchronization
import TestSupport

/// A run of two trainings on a clock that is moved by hand; what they log is written as stages do.
final class LiveFixture: Sendable {
  static let attack = "</pre><script>document.title='owned'</script>\u{202E}"
  private static let recipe = """
    version: 1
    name: demo
    summary: "Does it help? </h1><script>1</script>"
    axes: {seed: [1, 2]}
    stages: {tuned: {kind: measured, params: {seed: "${seed}"}}}
    figures: {learning: {line: tuned.solved, band: seed}}
    """

  let run: LiveRun
  let page: LivePage
  private let folder: ScratchFolder
  let cache: Cache
  let plan: Plan
  private let time: Clock

  private final class Clock: Sendable {
    let seconds = Mutex(100.0)
  }

  init() throws {
    folder = try ScratchFolder()
    cache = Cache(folder: folder.file("cache"))
    let recipe = try Recipe.parse(
      Self.recipe, file: folder.file("demo.yaml"), registry: KindRegistry([MeasuredStage.self]))
    let items = recipe.instances.enumerated().map { number, instance in
      PlannedInstance(instance: instance, state: .toRun, reason: "", key: Self.key(number))
    }
    let time = Clock()
    let now = { @Sendable in time.seconds.withLock { $0 } }
    self.time = time
    run = LiveRun(now: now)
    plan = Plan(items: items)
    page = LivePage(recipe, plan, cache, run, now: now)
  }

  private static func key(_ number: Int) -> String { String(repeating: "a\(number)", count: 32) }

  func wait(_ seconds: Double) { time.seconds.withLock { $0 += seconds } }

  func title(_ number: Int) -> InstanceTitle {
    InstanceTitle(
      name: "tuned[seed=\(number)]", kind: "measured", number: number, total: 2,
      forecast: .init(own: 10, behind: number == 1 ? 20 : 0))
  }

  private func file(_ name: String, of number: Int) throws -> URL {
    let work = cache.workFolder(Self.key(number - 1)).url
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    return work.appending(path: name)
  }

  /// Logs steps as a training does, one for each reward; verdicts follow from rewards.
  func log(_ rewards: [Double], from first: Int = 1, of number: Int, anew: Bool = false) throws {
    var (metrics, rollouts) = ("", "")
    for (place, reward) in rewards.enumerated() {
      let step = first + place
      metrics += #"{"reward": \#(reward), "step": \#(step), "verdicts/correct": \#(reward)}"# + "\n"
      for sample in 0..<3 {
        let isRight = sample == 0 && reward > 0
        let row: JSONValue = [
          "step": .integer(step), "problem_id": .string("problem-\(step % 2)"),
          "sample": .integer(sample), "reward": .number(isRight ? 1 : 0),
          "outcome": isRight ? "correct" : sample == 1 ? "bad_format" : "wrong", "tokens": 7,
          "truncated": .boolean(sample == 2), "completion": .string("step \(step) \(Self.attack)"),
        ]
        rollouts += row.text + "\n"
      }
    }
    try write(metrics, to: file("metrics.jsonl", of: number), anew: anew)
    try write(rollouts, to: file("rollouts.jsonl", of: number), anew: anew)
  }

  func write(_ text: String, to file: URL, anew: Bool) throws {
    let old = anew ? Data() : (try? Data(contentsOf: file)) ?? Data()
    if anew { return try AtomicFile.write(text, to: file) }
    try (old + Data(text.utf8)).write(to: file)
  }

  /// What has changed since a version, once the page may be made again.
  func changes(since version: Int) -> JSONValue? {
    wait(30)
    return page.changes(since: version)
  }
}

/// What was said.
final class Sentences: Sendable {
  private let said = Mutex<[String]>([])

  var all: [String] { said.withLock { $0 } }

  @Sendable func add(_ sentence: String) { said.withLock { $0.append(sentence) } }
}
