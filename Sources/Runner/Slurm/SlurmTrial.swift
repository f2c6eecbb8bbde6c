import Base
import Foundation

/// Two tiny jobs that find out whether nodes see the cache's folder and each other's locks.
package struct SlurmTrial: Sendable {
  let commands: SlurmCommands
  let settings: SlurmSettings
  /// This program.
  let program: URL
  /// The folder in which a folder for the trial is made: that of the cache.
  let cache: URL
  /// How long the jobs may take altogether, in seconds.
  let limit: Double
  let pause: Double

  package init(
    commands: SlurmCommands = SlurmCommands(), settings: SlurmSettings, program: URL, cache: URL,
    limit: Double = 180, pause: Double = 0.5
  ) {
    self.commands = commands
    self.settings = settings
    self.program = program
    self.cache = cache
    self.limit = limit
    self.pause = pause
  }

  /// What came of it.
  package struct Outcome: Sendable {
    /// Slurm's version.
    package let version: String
    package let jobs: [TrialJob]
    /// Why accounts do not say what jobs ended of; nil where they do.
    package let missingAccounts: String?

    package init(version: String, jobs: [TrialJob], missingAccounts: String?) {
      self.version = version
      self.jobs = jobs
      self.missingAccounts = missingAccounts
    }
  }

  /// A job of the trial.
  package struct TrialJob: Sendable {
    package let number: String
    /// What it found; nil where it left nothing that is seen here.
    package let report: TrialReport?
    /// What Slurm said of it last; nil where it does not know it.
    package let job: QueuedJob?
    /// The end of its log.
    package let lastLines: [String]

    package init(
      number: String, report: TrialReport?, job: QueuedJob? = nil, lastLines: [String] = []
    ) {
      self.number = number
      self.report = report
      self.job = job
      self.lastLines = lastLines
    }
  }

  private static let names = ["a", "b"]

  /// Submits the jobs and waits for them. The folder goes in the end, and jobs that have not ended.
  /// - Throws: `SlurmError`, `FileError` or `LockError`.
  package func run() throws -> Outcome {
    let version = try commands.version()
    let folder = cache.appending(path: "trial-\(UUID().uuidString)").absoluteURL
    try Folder.make(folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let jobs = Self.names.map { job($0, folder) }
    for job in jobs { try job.prepare() }
    try commands.test(jobs[0].wordsOfTrial)
    let own = try FileLock.attempt(folder.appending(path: TrialNode.ownLock))
    defer { own?.release() }
    try TrialNode.writeToken(in: folder)

    var numbers: [String] = []
    defer { try? commands.cancel(numbers) }
    for job in jobs { numbers.append(try commands.submit(job.words(after: []))) }
    let states = try wait(for: numbers, folder)
    let ended = zip(Self.names, numbers).map { name, number in
      TrialJob(
        number: number, report: TrialReport(of: name, in: folder), job: states[number],
        lastLines: SlurmJob.lastLines(number, in: folder.appending(path: name), count: 5))
    }
    return Outcome(version: version, jobs: ended, missingAccounts: missingAccounts(numbers))
  }

  private func job(_ name: String, _ folder: URL) -> SlurmJob {
    var resources = Resources()
    resources.cpus = 1
    resources.time = TimeLimit(minutes: 5)
    return SlurmJob(
      name: SlurmLedger.jobName(ofRecipe: "doctor"), key: "doctor",
      work: folder.appending(path: name),
      resources: resources, settings: settings, program: program,
      arguments: ["cluster-trial", folder.path, name])
  }

  /// - Returns: what Slurm says of the jobs in the end.
  private func wait(for numbers: [String], _ folder: URL) throws -> [String: QueuedJob] {
    let deadline = ContinuousClock.now + .seconds(limit)
    while true {
      let jobs = try commands.jobs(named: SlurmLedger.jobName(ofRecipe: "doctor"))
      let states = Dictionary(jobs.map { ($0.number, $0) }) { $1 }
      let isOver = numbers.allSatisfy { states[$0]?.isOver ?? true }
      if isOver || .now > deadline {
        // Other machines may see a file a while after it was written.
        if isOver { waitForReports(in: folder, until: min(deadline, .now + .seconds(10))) }
        return states
      }
      Thread.sleep(forTimeInterval: pause)
    }
  }

  private func waitForReports(in folder: URL, until deadline: ContinuousClock.Instant) {
    while .now < deadline, Self.names.contains(where: { TrialReport(of: $0, in: folder) == nil }) {
      Thread.sleep(forTimeInterval: pause)
    }
  }

  private func missingAccounts(_ numbers: [String]) -> String? {
    do {
      _ = try commands.accounted(numbers[0])
      return nil
    } catch {
      return "\(error)"
    }
  }
}

/// What a job of a trial found on its node.
package struct TrialReport: Sendable, Equatable {
  package let host: String
  package let boot: String
  /// Whether the file that the submitting machine had written was there, with its content.
  package let seesFolder: Bool
  /// Whether the submitting machine's lock kept the job out; nil where it could not be tried.
  package let seesLock: Bool?
  /// Whether the other job's lock kept it out; nil where that was not at work at the same time.
  package let seesOther: Bool?

  package init(host: String, boot: String, seesFolder: Bool, seesLock: Bool?, seesOther: Bool?) {
    self.host = host
    self.boot = boot
    self.seesFolder = seesFolder
    self.seesLock = seesLock
    self.seesOther = seesOther
  }

  /// Reads what a job left; nil where it has not ended yet.
  init?(of name: String, in folder: URL) {
    guard let data = try? Data(contentsOf: folder.appending(path: "\(name).json")),
      let json = try? JSONValue(parsing: data), let host = json["host"]?.string,
      let boot = json["boot_id"]?.string, let seesFolder = json["folder"]?.boolean
    else { return nil }
    self.init(
      host: host, boot: boot, seesFolder: seesFolder, seesLock: json["lock"]?.boolean,
      seesOther: json["other"]?.boolean)
  }

  var json: JSONValue {
    [
      "host": .string(host), "boot_id": .string(boot), "folder": .boolean(seesFolder),
      "lock": seesLock.map { .boolean($0) } ?? .null,
      "other": seesOther.map { .boolean($0) } ?? .null,
    ]
  }
}

/// The side of a trial that runs in a job.
package enum TrialNode {
  static let ownLock = "submitting.lock"
  private static let token = "token"
  private static let content = "warmup"

  static func writeToken(in folder: URL) throws {
    try AtomicFile.write(content, to: folder.appending(path: token))
  }

  /// Looks, and leaves what it found. Waits for the other job, so that each finds the other's lock.
  /// - Parameters:
  ///   - name: which of the two it is, `a` or `b`.
  ///   - patience: how long to wait for the other, in seconds.
  /// - Throws: `FileError` or `LockError` where the folder cannot be written.
  package static func run(in folder: URL, as name: String, patience: Double = 60) throws {
    let other = name == "a" ? "b" : "a"
    let text = try? String(contentsOf: folder.appending(path: token), encoding: .utf8)
    let seesLock = try? isHeld(folder.appending(path: ownLock))
    let own = try FileLock.attempt(folder.appending(path: "\(name).lock"))
    defer { own?.release() }
    try AtomicFile.write("", to: folder.appending(path: "\(name).ready"))
    let isThere = wait(for: folder.appending(path: "\(other).ready"), patience)
    // Where it has ended meanwhile, its lock says nothing.
    let seesOther =
      isThere && !exists(folder.appending(path: "\(other).gone"))
      ? try? isHeld(folder.appending(path: "\(other).lock")) : nil
    let report = TrialReport(
      host: LeaseOwner.current.host, boot: LeaseOwner.current.boot, seesFolder: text == content,
      seesLock: seesLock, seesOther: seesOther)
    try AtomicFile.write(report.json.prettyText, to: folder.appending(path: "\(name).json"))
    if isThere { _ = wait(for: folder.appending(path: "\(other).json"), patience) }
    try AtomicFile.write("", to: folder.appending(path: "\(name).gone"))
  }

  private static func isHeld(_ file: URL) throws -> Bool {
    guard let lock = try FileLock.attempt(file) else { return true }
    lock.release()
    return false
  }

  private static func exists(_ file: URL) -> Bool {
    FileManager.default.fileExists(atPath: file.path)
  }

  private static func wait(for file: URL, _ patience: Double) -> Bool {
    let deadline = ContinuousClock.now + .seconds(patience)
    while !exists(file) {
      if .now > deadline { return false }
      Thread.sleep(forTimeInterval: 0.1)
    }
    return true
  }
}
