import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// `work/<key>/exit.json`: how a process ended that ran a request. There is none beside a result that
/// was published: the cache's record says all.
package struct StageExit: Sendable, Equatable {
  package enum Status: String, Sendable {
    /// The process is at work, or was killed.
    case began
    /// The result is in the cache.
    case done
    /// It stopped at a checkpoint because it was asked to.
    case stopped
    case failed
  }

  package let status: Status
  /// For people: why it stopped or failed; empty else.
  package let sentence: String
  /// The newest checkpoint's step when it ended; nil where there was none.
  package var step: Int?
  /// How often in a row it stopped without a newer checkpoint than before.
  package var stalls = 0
  /// What the batch system calls the job; nil outside of one.
  package var job: String?

  package init(_ status: Status, _ sentence: String = "") {
    self.status = status
    self.sentence = sentence
  }

  static let fileName = "exit.json"
  /// How often in a row a job may stop without a newer checkpoint: more would go on for ever.
  static let mostStalls = 2

  /// Whether it stopped, and it makes sense to begin it once more.
  package var mayGoOn: Bool { status == .stopped && stalls < Self.mostStalls }

  /// 0 done, 75 (`EX_TEMPFAIL` of sysexits.h) stopped at a checkpoint, 1 failed.
  package var code: Int32 {
    switch status {
    case .done, .began: 0
    case .stopped: 75
    case .failed: 1
    }
  }

  /// Reads what the last process left; nil where there is nothing that can be read.
  package init?(in work: URL) {
    guard let data = try? Data(contentsOf: work.appending(path: Self.fileName)),
      let json = try? JSONValue(parsing: data),
      let status = json["status"]?.string.flatMap(Status.init),
      let sentence = json["sentence"]?.string
    else { return nil }
    self.status = status
    self.sentence = sentence
    step = json["step"]?.integer
    stalls = json["stalls"]?.integer ?? 0
    job = json["job"]?.string
  }

  /// - Throws: `FileError`.
  package func write(in work: URL) throws {
    let json: JSONValue = [
      "status": .string(status.rawValue), "sentence": .string(sentence),
      "step": step.map { .integer($0) } ?? .null, "stalls": .integer(stalls),
      "job": job.map { .string($0) } ?? .null,
    ]
    try AtomicFile.write(json.prettyText, to: work.appending(path: Self.fileName))
  }
}

/// Runs a request in this process, by the code that runs any plan, and says how it ended.
package struct RequestRun: Sendable {
  private let file: URL
  private let registry: KindRegistry
  private let threads: Int
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]
  private let job: String?

  /// - Parameters:
  ///   - file: the request.
  ///   - versions: what to record beside the version of HDF5, such as this program's.
  ///   - job: what the batch system calls the job; nil outside of one.
  package init(
    _ file: URL, registry: KindRegistry, threads: Int,
    interruption: Interruption = Interruption(), display: any RunDisplay = SilentDisplay(),
    versions: [String: String] = [:], job: String? = nil
  ) {
    self.file = file
    self.registry = registry
    self.threads = threads
    self.interruption = interruption
    self.display = display
    self.versions = versions
    self.job = job
  }

  private var work: URL { file.deletingLastPathComponent() }

  /// Whether the result is there and with it the work folder gone, as when a job begins once more
  /// whose node failed after it had published.
  private var isDone: Bool {
    let cache = Cache(folder: work.deletingLastPathComponent().deletingLastPathComponent())
    return access(file.path, F_OK) != 0 && cache.isPresent(work.lastPathComponent)
  }

  /// Runs what is asked for. Leaves `exit.json` beside the request, unless the result is published.
  /// - Throws: `FileError` where that cannot be written.
  package func run() throws -> StageExit {
    if isDone { return StageExit(.done) }
    let last = StageExit(in: work)
    var exit: StageExit
    do {
      let request = try StageRequest(contentsOf: file)
      try note(StageExit(.began), after: last)
      exit = Self.exit(try perform(request))
    } catch is InterruptedError {
      exit = StageExit(.stopped, "\(InterruptedError())")
    } catch {
      exit = StageExit(.failed, sentence(for: error).visible)
    }
    guard exit.status != .done, access(work.path, F_OK) == 0 else { return exit }
    return try note(exit, after: last)
  }

  /// Writes how far it is, counting how often it stopped where it had stopped before.
  @discardableResult
  private func note(_ exit: StageExit, after last: StageExit?) throws -> StageExit {
    var exit = exit
    exit.job = job
    exit.step = WorkFolder(url: work).newestStep
    exit.stalls = last?.stalls ?? 0
    if exit.status == .stopped {
      let isStalled = last != nil && exit.step == last?.step
      exit.stalls = isStalled ? exit.stalls + 1 : 0
    } else if exit.status == .began {
      // Where the last attempt stopped, so that a kill is no progress.
      exit.step = last?.step
    }
    try exit.write(in: work)
    return exit
  }

  private func perform(_ request: StageRequest) throws -> RunSummary {
    func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
    let cache = Cache(folder: url(request.cache), others: request.otherCaches.map(url))
    let presence = try cache.enter(interruption) { display.notice("waiting, \($0)") }
    defer { presence.release() }
    let folders = DataFolders(
      searchPaths: request.searchPaths.map(url), downloads: url(request.downloads),
      digests: FileDigests(file: cache.folder.appending(path: FileDigests.fileName)))
    let plan = try RequestedPlan.plan(request, registry: registry, cache: cache, folders: folders)
    var sink = DiagnosticSink()
    let site = Site.decode(RecipeNode(json: request.site), into: &sink)
    guard let site else {
      throw StageRequestError.unreadable(file.path, sink.diagnostics.first?.message ?? "its site")
    }
    return try Executor(
      cache: cache, recipeFolder: nil, folders: folders, budget: RunBudget(threads: threads),
      keys: ServerKeys(allowing: request.keyVariables), site: site, interruption: interruption,
      display: JoinedDisplay([display, ProgressWriter(ProgressFile(in: work))]),
      versions: versions
    ).run(plan)
  }

  private static func exit(_ summary: RunSummary) -> StageExit {
    if let failure = summary.failures.first {
      return StageExit(.failed, failure.sentence)
    }
    if summary.wasInterrupted { return StageExit(.stopped, "\(InterruptedError())") }
    let skipped = summary.outcomes.compactMap { outcome in
      if case .skipped(let words) = outcome { words } else { nil }
    }
    return skipped.first.map { StageExit(.failed, $0) } ?? StageExit(.done)
  }
}
