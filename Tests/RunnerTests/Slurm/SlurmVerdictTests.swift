import Base
import Foundation
import Runner
import TestSupport
import Testing

/// What is made of what Slurm says, and what it is told.
@Suite struct SlurmVerdictTests {
  private func verdict(
    _ state: String?, reason: String = "None", exit: StageExit? = nil, over: Double = 100,
    submissions: Int = 1, step: Int? = nil, stepBefore: Int? = nil, mayTakeLonger: Bool = false
  ) -> SlurmVerdict {
    SlurmVerdict(
      .init(
        number: "7", job: state.map { QueuedJob(number: "7", state: $0, reason: reason) },
        exit: exit, over: over, submissions: submissions, step: step, stepBefore: stepBefore,
        mayTakeLonger: mayTakeLonger))
  }

  @Test(arguments: [
    "PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED", "STOPPED",
  ])
  func whatMayStillComeIsWaitedFor(state: String) {
    #expect(verdict(state, exit: StageExit(.failed, "an earlier attempt")) == .wait)
  }

  @Test func whatTheStageSaidCounts() {
    let failed = StageExit(.failed, "no more chalk")
    for state in ["FAILED", "CANCELLED", "COMPLETED", nil] {
      #expect(verdict(state, exit: failed) == .failed("no more chalk"))
    }
  }

  @Test func aResultMayTakeAWhileToBeSeen() {
    #expect(verdict("COMPLETED", over: 59) == .wait)
    #expect(
      verdict("COMPLETED")
        == .failed(
          "job 7 ended well, but its result is not seen here; is the results folder the same on all "
            + "machines?"))
  }

  @Test func aStopAtACheckpointGoesOn() {
    var stopped = StageExit(.stopped, "stopped")
    #expect(
      verdict("FAILED", exit: stopped, submissions: 50) == .again("it stopped at a checkpoint"))
    #expect(verdict("TIMEOUT", exit: stopped) == .again("it stopped at a checkpoint"))
    stopped.stalls = 2
    #expect(
      verdict("FAILED", exit: stopped)
        == .failed(
          "job 7 stopped 3 times without a newer checkpoint; raise 'time' in the stage's 'resources'"
        ))
  }

  @Test func aTimeLimitIsNoFailureWhereThereIsProgress() {
    let began = StageExit(.began)
    #expect(
      verdict("TIMEOUT", exit: began, step: 5, stepBefore: 3)
        == .again("its time was up, and it left a newer checkpoint"))
    let stuck = SlurmVerdict.failed(
      "job 7 ran into its time limit without a newer checkpoint; raise 'time' in the stage's 'resources'"
    )
    #expect(verdict("TIMEOUT", exit: began, step: 3, stepBefore: 3) == stuck)
    #expect(verdict("TIMEOUT", exit: began) == stuck)
    #expect(
      verdict("TIMEOUT", exit: began, mayTakeLonger: true)
        == .longer("its time was up without a newer checkpoint; it gets twice as long"))
    #expect(
      verdict("TIMEOUT", exit: began, step: 5, stepBefore: 3, mayTakeLonger: true)
        == .again("its time was up, and it left a newer checkpoint"))
    #expect(verdict("DEADLINE", exit: began, mayTakeLonger: true) == stuck)
  }

  @Test func otherEnds() {
    #expect(
      verdict("OUT_OF_MEMORY", exit: StageExit(.began))
        == .failed("job 7 ran out of memory; raise 'memory' in the stage's 'resources'"))
    #expect(
      verdict("FAILED") == .failed("job 7 failed before its stage began; its log may say more"))
    #expect(
      verdict("FAILED", exit: StageExit(.began))
        == .failed("job 7 failed because it was killed; its log may say more"))
    #expect(verdict("CANCELLED") == .failed("job 7 was cancelled"))
    #expect(verdict("CANCELLED", exit: StageExit(.stopped, "")) == .failed("job 7 was cancelled"))
    #expect(
      verdict("CANCELLED", reason: "DependencyNeverSatisfied")
        == .again("a job that it waited for ended"))
  }

  @Test func whatSlurmEndsOrForgetsIsTriedAgain() {
    #expect(verdict("NODE_FAIL", over: 10) == .wait)
    #expect(verdict("PREEMPTED") == .again("Slurm ended it"))
    #expect(
      verdict("PREEMPTED", submissions: 3) == .failed("Slurm ended job 7 again and again"))
    #expect(verdict(nil, over: 1) == .wait)
    #expect(verdict(nil) == .again("Slurm does not know it any more"))
    #expect(
      verdict(nil, submissions: 3)
        == .failed("Slurm does not know job 7 any more, and it left no result"))
  }

  @Test func linesOfTheQueueAreRead() throws {
    let job = try #require(QueuedJob(line: "12|PENDING|ab12|Dependency"))
    #expect(job == QueuedJob(number: "12", state: "PENDING", key: "ab12", reason: "Dependency"))
    #expect(QueuedJob(line: "slurm_load_jobs error") == nil)
    #expect(QueuedJob(line: "12|RUNNING||a|b")?.reason == "a|b")
  }

  @Test func aJobThatRanIntoItsLimitGetsLonger() throws {
    var resources = Resources()
    resources.time = TimeLimit("90 min")
    let job = SlurmJob(
      name: "warmup-test", key: "ab12", work: URL(filePath: "/work"), resources: resources,
      settings: SlurmSettings(), program: URL(filePath: "/opt/warmup"), timeFactor: 2)
    #expect(job.words(after: []).contains("--time=180"))
  }

  @Test func sbatchIsTold() throws {
    let folder = try ScratchFolder()
    var resources = Resources()
    resources.gpus = 2
    resources.cpus = 8
    resources.memory = MemoryAmount("32 GB")
    resources.time = TimeLimit("12 h")
    var settings = SlurmSettings()
    settings.partition = "gpu"
    settings.account = "lab"
    settings.qos = "high"
    settings.setup = ["module load gcc"]
    settings.extra = ["--constraint=a100"]
    let job = SlurmJob(
      name: "warmup-test", key: "ab12", work: folder.url, resources: resources, settings: settings,
      program: URL(filePath: "/opt/it's/warmup"))
    let path = folder.url.path
    #expect(
      job.words(after: ["3", "4"]) == [
        "--job-name=warmup-test", "--comment=ab12", "--nodes=1", "--ntasks=1", "--requeue",
        "--open-mode=append", "--signal=B:USR2@300", "--output=\(path)/slurm-%j.log",
        "--dependency=afterok:3:4", "--kill-on-invalid-dep=yes", "--time=720", "--cpus-per-task=8",
        "--mem=30518M", "--gpus-per-node=2", "--partition=gpu", "--account=lab", "--qos=high",
        "--constraint=a100", "\(path)/job.sh",
      ])
    try job.prepare()
    #expect(
      try String(contentsOf: folder.file("job.sh"), encoding: .utf8) == """
        #!/bin/bash
        module load gcc
        exec '/opt/it'\\''s/warmup' stage-exec '\(path)/request.json'

        """)
  }

  /// Whoever needs long to stop is asked earlier; the site's own lead is the least.
  @Test(
    arguments: [
      (nil, nil, 300), (nil, "2 min", 120), (3, nil, 66), (3, "2 min", 120), (400, "2 min", 860),
    ] as [(Double?, String?, Int)])
  func theTimeToStopIsThatOfEarlierResults(seconds: Double?, lead: String?, expected: Int) {
    var settings = SlurmSettings()
    settings.lead = lead.flatMap { TimeLimit($0) }
    var resources = Resources()
    resources.time = TimeLimit("12 h")
    let job = SlurmJob(
      name: "a", key: "b", work: URL(filePath: "/c"), resources: resources, settings: settings,
      program: URL(filePath: "/d"), stopSeconds: seconds)
    #expect(job.words(after: []).contains("--signal=B:USR2@\(expected)"))
  }

  /// A job of minutes must not be asked to stop as soon as it begins.
  @Test func shortJobsAreAskedLater() {
    var resources = Resources()
    resources.time = TimeLimit("4 min")
    let job = SlurmJob(
      name: "a", key: "b", work: URL(filePath: "/c"), resources: resources,
      settings: SlurmSettings(), program: URL(filePath: "/d"))
    #expect(job.words(after: []).contains("--signal=B:USR2@60"))
  }
}
