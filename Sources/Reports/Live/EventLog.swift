import Base
import Foundation
import Runner
import Synchronization

/// Writes what a run logs for TensorBoard while it goes: a folder for each instance, with one event file.
///
/// The log of an instance is the truth. Where it was interrupted, or goes back to a checkpoint, its event
/// file is written anew from the log's first step on, so that no step is there twice.
package final class EventLog: RunDisplay {
  private struct Instance {
    let folder: URL
    var lines: GrowingLines
    var restarts = 0
    var file: EventFile?
    var lastStep = 0
    var lastTime = 0.0
    var count = 0
  }

  private struct State {
    var working: [String: Instance] = [:]
    var hasFailed = false
    var isFinished = false
  }

  private let folder: URL
  private let items: [String: PlannedInstance]
  private let cache: Cache
  private let say: @Sendable (String) -> Void
  private let clock: @Sendable () -> Double
  private let state = Mutex(State())

  /// Makes the folder.
  /// - Parameters:
  ///   - folder: where the folders of instances lie.
  ///   - clock: seconds since 1970.
  ///   - say: takes a sentence, where the files cannot be written any more; the run goes on.
  /// - Throws: `FileError` where the folder cannot be made.
  package init(
    _ folder: URL, _ plan: Plan, _ cache: Cache,
    clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 },
    say: @escaping @Sendable (String) -> Void
  ) throws {
    self.folder = folder
    self.cache = cache
    self.clock = clock
    self.say = say
    items = Dictionary(plan.asked.map { ($0.name, $0) }) { first, _ in first }
    try Folder.make(folder)
  }

  /// Reads the logs of what is at work once a second, until the run has ended.
  package func follow() {
    let thread = Thread { [self] in
      while !state.withLock({ $0.isFinished }) {
        read()
        Thread.sleep(forTimeInterval: 1)
      }
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  package func begin(_ title: InstanceTitle) {
    guard let item = items[title.name], let key = item.key else { return }
    let lines = GrowingLines(file: cache.workFolder(key).metrics)
    let place = folder.appending(path: Self.folderName(title.name))
    state.withLock {
      $0.working[title.name] = Instance(folder: place, lines: lines)
    }
  }

  package func update(_ title: InstanceTitle, _ progress: StageProgress) {}

  package func putOff(_ title: InstanceTitle) {
    state.withLock { $0.working[title.name] = nil }
  }

  package func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    guard let item = items[title.name] else { return }
    state.withLock { state in
      let known = state.working.removeValue(forKey: title.name)
      write(&state) { _ in
        switch outcome {
        case .ran, .cached: try complete(item, known)
        default: if var instance = known { try append(&instance) }
        }
      }
    }
  }

  package func finish() { state.withLock { $0.isFinished = true } }

  /// Reads what those at work have logged since the last time.
  package func read() {
    state.withLock { state in
      write(&state) { state in
        for name in state.working.keys.sorted() {
          guard var instance = state.working[name] else { continue }
          try append(&instance)
          state.working[name] = instance
        }
      }
    }
  }

  /// The first failure is said, and then nothing is written any more.
  private func write(_ state: inout State, _ body: (inout State) throws -> Void) {
    if state.hasFailed { return }
    do {
      try body(&state)
    } catch {
      state.hasFailed = true
      say("TensorBoard's files are no longer written: \(sentence(for: error))")
    }
  }

  /// How many bytes of a log are held at once.
  private static let piece = 4 << 20

  private func append(_ instance: inout Instance) throws {
    while case let lines = try instance.lines.next(limit: Self.piece), !lines.isEmpty {
      if instance.lines.restarts != instance.restarts {
        instance.restarts = instance.lines.restarts
        instance.file = nil
      }
      let rows = lines.compactMap { MetricRow($0) }
      // When each was logged follows from how long those after it took.
      var time = clock()
      var times: [Double] = []
      for row in rows.reversed() {
        times.append(time)
        time -= max(0, row.values["step_time"] ?? row.values[MetricsLog.stepSeconds] ?? 0)
      }
      try append(zip(rows, times.reversed()).map { ($0.step, $0.values, $1) }, to: &instance)
    }
  }

  private func append(
    _ rows: [(step: Int, values: [String: Double], time: Double)], to instance: inout Instance
  ) throws {
    guard let first = rows.first else { return }
    if instance.file == nil {
      try Folder.make(instance.folder)
      for old in Self.files(in: instance.folder) { try FileManager.default.removeItem(at: old) }
      instance.count += 1
      instance.lastTime = 0
      instance.file = try EventFile(
        in: instance.folder, number: instance.count, step: first.step, time: first.time)
    }
    var events = Data()
    for row in rows {
      instance.lastTime = max(instance.lastTime, row.time)
      events += EventFile.scalars(row.values, step: row.step, time: instance.lastTime)
      instance.lastStep = row.step
    }
    try instance.file?.append(events)
  }

  /// Writes what is missing of an instance that is done. One whose file is there already was written by an
  /// earlier run.
  private func complete(_ item: PlannedInstance, _ known: Instance?) throws {
    let place = folder.appending(path: Self.folderName(item.name))
    if known == nil, !Self.files(in: place).isEmpty { return }
    guard let key = item.key, case .present(let artifact) = cache.lookUp(key),
      artifact.record.files[Artifact.metricsName] != nil
    else { return }
    var instance =
      known
      ?? Instance(folder: place, lines: GrowingLines(file: cache.workFolder(key).metrics))
    let done = instance.file == nil ? 0 : instance.lastStep
    let table = try RowTable(contentsOf: artifact.whole(Artifact.metricsName))
    let record = artifact.record
    let rows = (0..<table.count).compactMap { index in MetricRow(table.row(index)) }
    let length = record.seconds / Double(max(1, rows.count))
    let timed = rows.enumerated().map { index, row in
      (
        step: row.step, values: row.values,
        time: record.started.timeIntervalSince1970 + length * Double(index + 1)
      )
    }
    try append(timed.filter { $0.step > done }, to: &instance)
  }

  private static func files(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.contains("tfevents") && $0.hasSuffix(EventFile.suffix) }.sorted()
      .map { folder.appending(path: $0) }
  }

  /// An instance's name as that of a folder.
  private static func folderName(_ name: String) -> String {
    let safe = name.replacing("/", with: "_").replacing("\0", with: "_")
    let whole = safe.hasPrefix(".") ? "_" + safe : safe
    if whole == name, whole.utf8.count <= 200 { return name }
    // Names that differ stay so.
    let digest = SHA256Digest.hex(of: Data(name.utf8)).prefix(12)
    return "\(ShortenedText(whole, limit: 150).head)-\(digest)"
  }
}
