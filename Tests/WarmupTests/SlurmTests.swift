import Base
import Foundation
import Runner
import Stages
import Subprocess
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
  /// `run --executor slurm` with stand-ins for Slurm's programs, whose jobs really run.
  @Suite struct SlurmTests {
    /// Long enough to be disturbed.
    #if DEBUG
      private static let slow = "stages.tuned.params.steps=150"
    #else
      private static let slow = "stages.tuned.params.steps=600"
    #endif
    private let slurm: FakeSlurm

    init() throws { slurm = try FakeSlurm() }

    private func run(
      _ results: ResultsFolder, _ overrides: [String] = [], site: Site = Site(),
      keepsGoing: Bool = false
    ) throws -> (summary: RunSummary, notices: [String]) {
      try results.runInJobs(
        overrides, commands: SlurmCommands(slurm.environment), site: site, keepsGoing: keepsGoing)
    }

    @Test(.ownThread) func jobsMakeTheSameBits() async throws {
      let whole = try ResultsFolder("killed")
      #expect(try await whole.run("run", "--threads", "2").code == 0)
      let results = try ResultsFolder("killed")
      var site = Site()
      site.slurm.setup = ["export FROM_SETUP=1"]
      site.slurm.extra = ["--constraint=fast"]
      let (summary, notices) = try run(results, site: site)
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(results.published == whole.published)
      for key in whole.published { try expectEqualFiles(key, results, whole) }
      let locks = try [results, whole].map {
        try Data(contentsOf: $0.url.appending(path: "killed/lock.json"))
      }
      #expect(locks[0] == locks[1])
      // Puzzles and texts are quick; the kept model comes with its training.
      #expect(
        try await slurm.lastStates == Array(repeating: "COMPLETED", count: 7), "\(notices)")
      let words = try slurm.text("7.words")
      #expect(words.contains("--kill-on-invalid-dep=yes\n") && words.contains("--requeue\n"))
      #expect(words.contains("--constraint=fast\n") && words.contains("--signal=B:USR2@300\n"))
      // A driver may run in a job itself; that job's options are not for others.
      #expect(try slurm.text("7.environment") == "SLURM_CONF=/etc/mine.conf\n")
      let work = results.cache.appending(path: "work")
      #expect(try FileManager.default.contentsOfDirectory(atPath: work.path) == [])
    }

    @Test(.ownThread) func aFailedJobSaysWhy() async throws {
      let results = try ResultsFolder("killed")
      var site = Site()
      site.python = "/nowhere/python"
      let overrides = ["stages.warmed.params.engine=trl", "stages.warmed.keep=null"]
      let (summary, notices) = try run(results, overrides, site: site)
      #expect(summary.failures.map(\.name) == ["warmed"])
      #expect(
        summary.failures[0].sentence.hasPrefix("there is no program '/nowhere/python' to run TRL"))
      #expect(notices.contains { $0.hasPrefix("the end of") && $0.contains("warmup: there is no") })
      #expect(summary.skipped == 4 && summary.exitCode == 1)
      #expect(
        try await slurm.lastStates == ["COMPLETED", "COMPLETED", "FAILED"]
          + Array(repeating: "CANCELLED", count: 4))
      // Where what was wrong is put right, the same folder goes on.
      let (again, _) = try run(results)
      #expect(again.exitCode == 0, "\(again.outcomes)")
    }

    @Test(.ownThread) func whatSlurmRefusesConcernsItsBranchOnly() async throws {
      let results = try ResultsFolder("killed")
      let key = try await results.plan()["tuned[seed=1]"]?["key"]?.string ?? ""
      try slurm.write(key, "refuse")
      let (summary, _) = try run(results, keepsGoing: true)
      #expect(summary.failures.map(\.name) == ["tuned[seed=1]"])
      #expect(
        summary.failures[0].sentence
          == "sbatch failed: sbatch: error: Batch job submission failed: "
          + "Requested node configuration is not available")
      #expect((summary.ran, summary.skipped) == (7, 1), "\(summary.outcomes)")
    }

    /// A partition or a limit that cannot be met.
    @Test(.ownThread) func whatCannotBeMetIsSaidBeforeAnythingIsSubmitted() throws {
      let results = try ResultsFolder("killed")
      try slurm.write("Requested partition configuration not available now", "impossible")
      let error = #expect(throws: SlurmError.self) { _ = try run(results) }
      let words = try #require(error).description
      #expect(words.hasPrefix("nothing was submitted: traces: sbatch failed: "), "\(words)")
      #expect(words.contains("Requested partition configuration not available now"))
      let work = results.cache.appending(path: "work").path
      #expect(try FileManager.default.contentsOfDirectory(atPath: work) == [])
      #expect(throws: CocoaError.self) { try slurm.text("last") }
    }

    /// The queue has forgotten a job that failed; the accounts, where any are kept, know it.
    @Test func theAccountsAreAskedAboutAForgottenJob() throws {
      let commands = SlurmCommands(slurm.environment)
      try slurm.write("CANCELLED by 1000\n", "7.state")
      #expect(throws: SlurmError.self) { try commands.accounted("7") }
      try slurm.write("", "accounts")
      #expect(try commands.accounted("7") == QueuedJob(number: "7", state: "CANCELLED"))
      try slurm.write("FAILED\nRUNNING\n", "7.state")
      #expect(try commands.accounted("7") == nil, "it was requeued and is at work")
    }

    @Test(arguments: [("RUNNING", false), ("PENDING", true), ("COMPLETED", true)])
    func whoeverHoldsALeaseIsJudgedByItsJob(state: String, isOver: Bool) throws {
      try slurm.write(state + "\n", "7.state")
      #expect(SlurmCommands(slurm.environment).isOver("7") == isOver)
      try slurm.write("", "down")
      #expect(SlurmCommands(slurm.environment).isOver("7") == nil)
    }

    @Test(.ownThread) func aControllerThatDoesNotAnswerIsWaitedFor() throws {
      let results = try ResultsFolder("killed")
      var site = Site()
      // Long enough that the queue is asked meanwhile.
      site.slurm.setup = [
        "[ $SLURM_JOB_ID != 7 ] || { touch \"$FAKE_SLURM/down\"; sleep 0.5; }"
      ]
      let (summary, notices) = try run(results, site: site)
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(notices.contains { $0.hasPrefix("Slurm does not answer: squeue failed") })
    }

    /// As at a time limit, or where a cluster takes a node back.
    @Test(.ownThread) func aJobThatIsAskedToStopGoesOnFromItsCheckpoint() async throws {
      let whole = try ResultsFolder("killed")
      let changes = ["--set", Self.slow, "--threads", "2"]
      #expect(try await whole.run("run", arguments: changes).code == 0)
      let results = try ResultsFolder("killed")
      let slurm = slurm
      let stopping = Thread { slurm.signalFirstJob(of: "tuned", in: results, SIGUSR2) }
      stopping.start()
      let (summary, notices) = try run(results, [Self.slow])
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(notices.contains { $0.contains("waiting (BeginTime") }, "\(notices)")
      // As far as pages and terminals show it.
      let total = Self.slow.split(separator: "=").last ?? ""
      #expect(
        notices.contains { $0.hasPrefix("tuned[") && $0.hasSuffix(": of \(total) steps") },
        "\(notices)")
      for key in whole.published { try expectEqualFiles(key, results, whole) }
      let records = summary.plan.results.filter { $0.stageName == "tuned" }
      #expect(records.compactMap { $0.artifact?.record.resumedFrom }.count == 1)
      #expect(try await slurm.lastStates == Array(repeating: "COMPLETED", count: 7))
    }

    /// Its signal before the limit did not come; what waited for it has ended with it.
    @Test(.ownThread) func aJobWhoseTimeIsUpIsSubmittedAgain() async throws {
      let results = try ResultsFolder("killed")
      let slurm = slurm
      let killing = Thread {
        slurm.signalFirstJob(of: "tuned", in: results, SIGKILL, noting: "timeout")
      }
      killing.start()
      let (summary, notices) = try run(results, [Self.slow])
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(
        notices.contains {
          $0.hasSuffix("is submitted again: its time was up, and it left a newer checkpoint")
        }, "\(notices)")
      #expect(
        notices.contains { $0.hasSuffix("is submitted again: a job that it waited for ended") },
        "\(notices)")
      let records = summary.plan.results.filter { $0.stageName == "tuned" }
      #expect(records.compactMap { $0.artifact?.record.resumedFrom }.count == 1)
      let states = try await slurm.lastStates
      #expect(states.count == 9 && states.count { $0 == "COMPLETED" } == 7, "\(states)")
    }

    @Test(.ownThread) func aDriverThatIsKilledIsReplaced() async throws {
      let results = try ResultsFolder("killed")
      let slurm = slurm
      let arguments = [
        "run", results.recipe.path, "--results", results.url.path, "--set", Self.slow,
      ]
      let killed = try await Program.run(
        arguments + ["--executor", "slurm"], environment: slurm.environment
      ) { send in
        try await slurm.waitForJob(of: "tuned", in: results)
        try send(.kill)
      }
      #expect(killed.code == nil)
      let submitted = slurm.states.count
      let (summary, notices) = try run(results, [Self.slow])
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(notices.contains("Slurm: attached to 4 jobs of an earlier run"), "\(notices)")
      #expect(try await slurm.lastStates == Array(repeating: "COMPLETED", count: submitted))
    }

    @Test(.ownThread) func ctrlCLeavesTheJobsAndCancelEndsThem() async throws {
      let results = try ResultsFolder("killed")
      let slurm = slurm
      let common = [results.recipe.path, "--results", results.url.path]
      let steps = ["--set", "stages.tuned.params.steps=20000"]
      let left = try await Program.run(
        ["run"] + common + steps + ["--executor", "slurm"], environment: slurm.environment
      ) { send in
        try await slurm.waitForJob(of: "tuned", in: results)
        try send(.interrupt)
      }
      #expect(left.code == 130)
      #expect(left.messages.contains("left with Slurm as job "), "\(left.messages)")
      #expect(left.messages.contains("Jobs stay with Slurm; the same command attaches to them"))
      #expect(slurm.states.suffix(4) == ["RUNNING", "RUNNING", "PENDING", "PENDING"])
      let cancelled = try await Program.run(
        ["cancel"] + common, environment: slurm.environment
      ) { _ in }
      #expect(cancelled.messages == "Cancelled 4 jobs.\n")
      #expect(try await slurm.lastStates.suffix(4) == Array(repeating: "CANCELLED", count: 4))
      let work = results.cache.appending(path: "work").path
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: work).count == 2,
        "of what never began nothing is left")
      // What was cancelled is not queued again, and nothing is lost.
      let plan = try await results.plan(steps)
      #expect(plan["tuned[seed=1]"]?["reason"]?.string?.hasPrefix("resumes from step") == true)
      let again = try await Program.run(
        ["cancel"] + common, environment: slurm.environment
      ) { _ in }
      #expect(again.messages == "Slurm has no jobs of killed.\n")
    }

    /// Nobody knows before the gate has its result whether what waits for it may run.
    @Test(.ownThread, arguments: [(0, 8, 0), (1, 4, 5)])
    func whatAGateGuardsIsSubmittedBehindIt(bound: Int, jobs: Int, stopped: Int) async throws {
      let text = try String(contentsOf: Fixture.recipe("killed"), encoding: .utf8)
      let skill = """
          skill:
            kind: evaluate
            inputs: {model: warmed, problems: puzzles}
            params: {samples: 1, max_tokens: 8, template: knights_and_knaves_short, overlap: report}
            require: {accuracy: {at_least: \(bound)}}
          tuned:
        """
      let folder = try ScratchFolder()
      let recipe = try folder.write(text.replacing("  tuned:", with: skill), "gated.yaml")
      let results = try ResultsFolder(for: recipe)
      let (summary, _) = try run(results)
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(summary.stopped == stopped, "\(summary.outcomes)")
      #expect(try await slurm.lastStates == Array(repeating: "COMPLETED", count: jobs))
    }

    /// Two jobs really run; here they have one machine.
    @Test func theDoctorTriesTwoJobs() async throws {
      let folder = try ScratchFolder()
      let command = ["doctor", "--executor", "slurm", "--json"]
      let ending = try await Program.run(command, in: folder.url, environment: slurm.environment) {
        _ in
      }
      let found = try JSONValue(parsing: Data(ending.output.utf8))["slurm"]?.array ?? []
      let states = found.map { "\($0["name"]?.string ?? ""): \($0["state"]?.string ?? "")" }
      #expect(
        states == ["version: good", "folder: good", "locks: weak", "accounts: missing"], "\(found)")
      #expect(found[2]["detail"]?.string?.hasPrefix("tried on one machine only") == true)
      #expect(found[2]["detail"]?.string?.contains("did not run") == false, "\(found)")
      #expect(slurm.states == ["COMPLETED", "COMPLETED"])
      let cache = folder.file("results/cache")
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path) == [])
    }

    @Test func theDoctorSaysWhatSlurmSaysAgainstItsJobs() async throws {
      try slurm.write("Invalid account", "impossible")
      let folder = try ScratchFolder()
      let ending = try await Program.run(
        ["doctor", "--executor", "slurm"], in: folder.url, environment: slurm.environment
      ) { _ in }
      #expect(ending.code == 1)
      #expect(ending.output.contains("sbatch failed: allocation failure: Invalid account"))
      #expect(throws: CocoaError.self) { try slurm.text("last") }
    }

    @Test func withoutSlurmItSaysSo() async throws {
      let results = try ResultsFolder("killed")
      let ending = try await Program.run(
        ["run", results.recipe.path, "--results", results.url.path, "--executor", "slurm"],
        environment: ["PATH": "/nowhere"]
      ) { _ in }
      #expect(ending.code == 1)
      #expect(ending.messages.contains("there is no program 'sbatch'"), "\(ending.messages)")
    }
  }
}

extension ResultsFolder {
  /// Runs the recipe as `run --executor slurm` does, asking more often.
  func runInJobs(
    _ overrides: [String] = [], commands: SlurmCommands, site: Site = Site(),
    keepsGoing: Bool = false
  ) throws -> (summary: RunSummary, notices: [String]) {
    let recipe = try Recipe.load(recipe, overrides: overrides, registry: .standard)
    let cache = Cache(folder: cache)
    let folders = DataFolders(recipe: self.recipe, results: url)
    let plan = Planner(cache: cache, folders: folders).plan(recipe.instances)
    let recipeFolder = url.appending(path: recipe.name)
    let (display, interruption) = (NoticeDisplay(), Interruption())
    let batch = SlurmExecutor(
      .init(
        recipeFolder: recipeFolder, recipe: recipe.name,
        surroundings: .init(program: "test", cache: cache, folders: folders, site: site),
        commands: commands, program: try Program.binary(), interruption: interruption,
        display: display, pause: 0.05, queuePause: 0.1))
    let executor = Executor(
      cache: cache, recipeFolder: recipeFolder, folders: folders, budget: RunBudget(threads: 2),
      site: site, keepsGoing: keepsGoing, interruption: interruption, display: display,
      batch: batch)
    return (try executor.run(plan), display.notices)
  }
}

/// Keeps the notices of a run, and how far instances were.
final class NoticeDisplay: RunDisplay {
  private let kept = Mutex<[String]>([])

  var notices: [String] { kept.withLock { $0 } }
  func begin(_ title: InstanceTitle) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) {
    notice("\(title.name): of \(progress.total) \(progress.unit)")
  }
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  func notice(_ sentence: String) { kept.withLock { $0.append(sentence) } }
}

/// The programs of `Tests/Fixtures/slurm`, with a folder for their jobs.
final class FakeSlurm: Sendable {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  deinit {
    // What a test that failed left at work.
    for process in processes.values { kill(process, SIGKILL) }
  }

  var environment: [String: String] {
    var all = ProcessInfo.processInfo.environment
    let programs = ProjectFolder.fixtures.appending(path: "slurm").path
    all["PATH"] = "\(programs):\(all["PATH"] ?? "/usr/bin:/bin")"
    all["FAKE_SLURM"] = folder.url.path
    all["WARMUP_DATA"] = ""
    all["SLURM_CONF"] = "/etc/mine.conf"
    all["SLURM_JOB_ID"] = "77"
    all["SBATCH_PARTITION"] = "somewhere"
    return all
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: folder.file(name), encoding: .utf8)
  }

  func write(_ text: String, _ name: String) throws { _ = try folder.write(text, name) }

  private var count: Int {
    Int(((try? text("last")) ?? "0").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  /// The states of all jobs, by number.
  var states: [String] {
    (1..<(count + 1)).map {
      ((try? text("\($0).state")) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// The processes of the jobs that run, by number.
  private var processes: [Int: pid_t] {
    Dictionary(
      (1..<(count + 1)).compactMap { job in
        let text = try? text("\(job).pid").trimmingCharacters(in: .whitespacesAndNewlines)
        return text.flatMap { pid_t($0) }.map { (job, $0) }
      }
    ) { $1 }
  }

  /// The jobs of a stage at work that have written a checkpoint.
  private func jobs(of stage: String, in results: ResultsFolder) -> [Int] {
    processes.keys.sorted().filter { job in
      let key = ((try? text("\(job).comment")) ?? "").trimmingCharacters(
        in: .whitespacesAndNewlines)
      let work = Cache(folder: results.cache).workFolder(key)
      let request =
        (try? String(contentsOf: work.url.appending(path: "request.json"), encoding: .utf8)) ?? ""
      let isAsked =
        request.contains("\"stage\": \"\(stage)\"") && !request.contains("\"kind\": \"evaluate\"")
      return isAsked && (work.newestStep ?? 0) > 0
    }
  }

  /// Waits until two jobs of a stage are at work.
  func waitForJob(of stage: String, in results: ResultsFolder) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while jobs(of: stage, in: results).count < 2, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// The states of all jobs once all have ended.
  var lastStates: [String] {
    get async throws {
      let deadline = ContinuousClock.now + .seconds(120)
      let ends: Set = ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT"]
      while !processes.isEmpty || !states.allSatisfy(ends.contains), ContinuousClock.now < deadline
      {
        try await Task.sleep(for: .milliseconds(10))
      }
      return states
    }
  }

  /// Sends a signal to the first job of a stage that is at work.
  /// - Parameter note: what the job's end is to be called.
  func signalFirstJob(
    of stage: String, in results: ResultsFolder, _ signal: Int32, noting note: String? = nil
  ) {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
      if let job = jobs(of: stage, in: results).first, let process = processes[job] {
        if let note { try? write("", "\(job).\(note)") }
        kill(process, signal)
        return
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}
