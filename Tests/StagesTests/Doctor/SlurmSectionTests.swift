import Base
import Runner
import Stages
import Testing

/// What `doctor --executor slurm` makes of what two jobs found.
@Suite struct SlurmSectionTests {
  private static let here = LeaseOwner(host: "login", boot: "boot of login", process: 1)

  private func report(
    _ host: String, seesFolder: Bool = true, seesLock: Bool? = true, seesOther: Bool? = true
  ) -> SlurmTrial.TrialJob {
    .init(
      number: "7",
      report: TrialReport(
        host: host, boot: "boot of \(host)", seesFolder: seesFolder, seesLock: seesLock,
        seesOther: seesOther))
  }

  private func findings(
    _ jobs: [SlurmTrial.TrialJob], missingAccounts: String? = nil
  ) -> [String: DoctorFinding] {
    let outcome = SlurmTrial.Outcome(
      version: "slurm 23.11", jobs: jobs, missingAccounts: missingAccounts)
    let all = SlurmSection.findings(outcome, here: Self.here)
    return Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
  }

  @Test func whatWorksIsSaid() {
    let found = findings([report("n1"), report("n2")])
    #expect(found.values.allSatisfy { $0.state == .good })
    #expect(found["version"]?.detail == "slurm 23.11")
    #expect(found["folder"]?.detail == "seen by jobs on n1, n2")
    #expect(found["locks"]?.detail == "hold between login and n1, login and n2, n1 and n2")
  }

  @Test func locksThatDoNotReachAreWeak() {
    let found = findings([report("n1", seesOther: false), report("n2", seesLock: false)])
    #expect(found["locks"]?.state == .weak)
    #expect(found["locks"]?.detail == "do not reach between login and n2, n1 and n2")
  }

  @Test func oneMachineSaysNothingOfOthers() {
    let found = findings([report("login", seesOther: nil), report("login", seesOther: nil)])
    #expect(found["locks"]?.state == .weak)
    #expect(
      found["locks"]?.detail
        == "tried on one machine only, login; the two jobs did not run side by side")
  }

  @Test func aFolderThatIsNotSharedIsWrong() {
    let found = findings([report("n1", seesFolder: false), report("n2")])
    #expect(found["folder"]?.state == .wrong)
    #expect(found["folder"]?.detail == "what is written here is not seen on n1")
  }

  @Test func aJobThatLeftNothingIsWrongAndOneThatWaitsIsNot() {
    let failed = SlurmTrial.TrialJob(
      number: "8", report: nil, job: QueuedJob(number: "8", state: "FAILED"),
      lastLines: ["warmup: not found"])
    let waiting = SlurmTrial.TrialJob(
      number: "9", report: nil,
      job: QueuedJob(number: "9", state: "PENDING", reason: "Resources"))
    let found = findings([failed, waiting], missingAccounts: "sacct failed: disabled")
    #expect(found["job 8"]?.state == .wrong)
    #expect(
      found["job 8"]?.detail
        == "ended as FAILED without a word; its log ends with: warmup: not found")
    #expect(found["job 9"]?.state == .weak)
    #expect(found["job 9"]?.detail == "still waits (Resources); it was cancelled")
    #expect(found["locks"] == nil && found["folder"] == nil)
    #expect(found["accounts"]?.state == .missing)
  }
}
