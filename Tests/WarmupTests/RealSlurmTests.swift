import Base
import Foundation
import Runner
import Subprocess
import TestSupport
import Testing

extension EndToEnd {
  /// `run --executor slurm` with the Slurm that is here. A job that queues itself again waits for two
  /// minutes there.
  @Suite(.enabled(if: RealSlurm.isThere, "there is no Slurm here that answers"))
  struct RealSlurmTests {
    private static let slow = "stages.tuned.params.steps=1500"

    private func expectEnds(_ results: ResultsFolder, like overrides: [String]) async throws {
      let whole = try ResultsFolder("killed")
      let changes = overrides.flatMap { ["--set", $0] }
      #expect(try await whole.run("run", arguments: changes + ["--threads", "2"]).code == 0)
      #expect(results.published == whole.published)
      for key in whole.published { try expectEqualFiles(key, results, whole) }
    }

    @Test(.ownThread) func jobsMakeTheSameBits() async throws {
      let results = try ResultsFolder("killed")
      let (summary, notices) = try results.runInJobs(commands: SlurmCommands())
      #expect(summary.exitCode == 0, "\(summary.outcomes) \(notices)")
      try await expectEnds(results, like: [])
    }

    @Test(.ownThread) func aFailedJobSaysWhy() async throws {
      let results = try ResultsFolder("killed")
      var site = Site()
      site.python = "/nowhere/python"
      let overrides = ["stages.warmed.params.engine=trl", "stages.warmed.keep=null"]
      let (summary, notices) = try results.runInJobs(
        overrides, commands: SlurmCommands(), site: site)
      #expect(summary.failures.map(\.name) == ["warmed"])
      #expect(
        summary.failures[0].sentence.hasPrefix("there is no program '/nowhere/python' to run TRL"))
      #expect(notices.contains { $0.contains("warmup: there is no") }, "\(notices)")
      #expect(try await RealSlurm.live().isEmpty, "what waited for it was cancelled")
    }

    @Test(.ownThread) func whatSlurmRefusesSaysWhy() throws {
      let results = try ResultsFolder("killed")
      var site = Site()
      site.slurm.partition = "nowhere"
      let error = #expect(throws: SlurmError.self) {
        try results.runInJobs(commands: SlurmCommands(), site: site)
      }
      #expect(try #require(error).description.contains("invalid partition"))
    }

    @Test(.ownThread) func aDriverThatIsKilledIsReplaced() async throws {
      let results = try ResultsFolder("killed")
      let killed = try await Program.run(
        [
          "run", results.recipe.path, "--results", results.url.path, "--set", Self.slow,
          "--executor", "slurm",
        ]
      ) { send in
        try await RealSlurm.waitForJob(of: "tuned", in: results)
        try send(.kill)
      }
      #expect(killed.code == nil)
      let (summary, notices) = try results.runInJobs([Self.slow], commands: SlurmCommands())
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(notices.contains { $0.hasPrefix("Slurm: attached to ") }, "\(notices)")
      try await expectEnds(results, like: [Self.slow])
    }

    /// By the signal that comes before a time limit.
    @Test(.ownThread) func aJobThatIsAskedToStopQueuesItselfAgain() async throws {
      let results = try ResultsFolder("killed")
      let signalling = Task.detached {
        let job = try await RealSlurm.waitForJob(of: "tuned", in: results)
        return try await Program.shell("scancel --signal=USR2 --batch \(job)").code
      }
      let (summary, notices) = try results.runInJobs([Self.slow], commands: SlurmCommands())
      #expect(try await signalling.value == 0)
      #expect(summary.exitCode == 0, "\(summary.outcomes)")
      #expect(notices.contains { $0.contains("BeginTime") }, "\(notices)")
      try await expectEnds(results, like: [Self.slow])
    }

    @Test(.ownThread) func aJobThatIsKilledFailsAndGoesOnWhenRunAgain() async throws {
      let results = try ResultsFolder("killed")
      let killing = Task.detached {
        let job = try await RealSlurm.waitForJob(of: "tuned", in: results)
        return try await Program.shell("scancel --signal=KILL --batch \(job)").code
      }
      let (summary, _) = try results.runInJobs([Self.slow], commands: SlurmCommands())
      #expect(try await killing.value == 0)
      #expect(summary.failures.count == 1 && summary.exitCode == 1, "\(summary.outcomes)")
      #expect(
        summary.failures.first?.sentence.hasSuffix(
          "failed because it was killed; its log may say more") == true)
      let (again, _) = try results.runInJobs([Self.slow], commands: SlurmCommands())
      #expect(again.exitCode == 0, "\(again.outcomes)")
      try await expectEnds(results, like: [Self.slow])
    }
  }
}

/// The Slurm of this machine.
enum RealSlurm {
  /// Whether there is one that answers.
  static let isThere: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "command -v sbatch && squeue -h"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// The numbers of this test's jobs that are not over.
  static func live() async throws -> [String] {
    let ending = try await Program.shell("squeue -h -n warmup-killed -o %i")
    return ending.output.split(separator: "\n").map(String.init)
  }

  /// Waits until a job of a stage is at work and has written a checkpoint.
  /// - Returns: its number.
  @discardableResult
  static func waitForJob(of stage: String, in results: ResultsFolder) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
      let ending = try await Program.shell("squeue -h -t R -n warmup-killed -o '%i %k'")
      for line in ending.output.split(separator: "\n") {
        let words = line.split(separator: " ")
        let work = Cache(folder: results.cache).workFolder(String(words.last ?? ""))
        let file = work.url.appending(path: "request.json")
        let request = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let isAsked = request.contains("\"stage\": \"\(stage)\"") && (work.newestStep ?? 0) > 0
        if isAsked { return String(words[0]) }
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw StageError.failed("no job of \(stage) came to work")
  }
}
