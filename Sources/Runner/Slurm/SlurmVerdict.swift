import Base
import Foundation

/// What to make of a job without a result. The cache's record was looked for before: the queue is a hint.
package enum SlurmVerdict: Sendable, Equatable {
  case wait
  /// It failed; the sentence says why and what to do.
  case failed(String)
  /// It is to be submitted again; the words say why.
  case again(String)
  /// The same, with twice the time.
  case longer(String)

  /// What is known of a job when it is judged.
  package struct Evidence: Sendable {
    /// The job's number.
    let number: String
    /// What Slurm says; nil where it answered and does not know the job any more.
    let job: QueuedJob?
    /// What the process itself left; nil where that was another job's.
    let exit: StageExit?
    /// How long it has been over, in seconds.
    let over: Double
    /// How often it was submitted.
    let submissions: Int
    /// The newest checkpoint's step now, and when it was submitted.
    let step: Int?
    let stepBefore: Int?
    /// Whether its time limit is known here and was not raised too often.
    let mayTakeLonger: Bool

    package init(
      number: String, job: QueuedJob?, exit: StageExit? = nil, over: Double = 0,
      submissions: Int = 1, step: Int? = nil, stepBefore: Int? = nil, mayTakeLonger: Bool = false
    ) {
      self.mayTakeLonger = mayTakeLonger
      self.number = number
      self.job = job
      self.exit = exit
      self.over = over
      self.submissions = submissions
      self.step = step
      self.stepBefore = stepBefore
    }
  }

  /// How long a result may take to be seen here, in seconds: file systems of clusters cache folders.
  static let grace = 60.0
  /// How long Slurm may not know a job before that means anything, in seconds.
  static let forgottenGrace = grace / 4
  private static let mostSubmissions = 3

  package init(_ evidence: Evidence) {
    let number = evidence.number
    if let job = evidence.job, !job.isOver {
      self = .wait
      return
    }
    if let exit = evidence.exit, exit.status == .failed {
      self = .failed(exit.sentence)
      return
    }
    let mayRetry = evidence.submissions < Self.mostSubmissions
    let isNewer = (evidence.step ?? 0) > (evidence.stepBefore ?? 0)
    switch evidence.job?.state {
    case "COMPLETED":
      self =
        evidence.over < Self.grace
        ? .wait
        : .failed(
          "job \(number) ended well, but its result is not seen here; is the results folder the same on "
            + "all machines?")
    case "OUT_OF_MEMORY":
      self = .failed("job \(number) ran out of memory; raise 'memory' in the stage's 'resources'")
    case "CANCELLED":
      let hasBegun = evidence.exit != nil
      let reason = evidence.job?.reason ?? ""
      self =
        !hasBegun && reason.hasPrefix("Dependency") && mayRetry
        ? .again("a job that it waited for ended") : .failed("job \(number) was cancelled")
    case _ where evidence.exit?.status == .stopped:
      self =
        evidence.exit?.mayGoOn == true
        ? .again("it stopped at a checkpoint")
        : .failed(
          "job \(number) stopped \(StageExit.mostStalls + 1) times without a newer checkpoint; raise 'time' in "
            + "the stage's 'resources'")
    case "TIMEOUT" where !isNewer && evidence.mayTakeLonger:
      self = .longer("its time was up without a newer checkpoint; it gets twice as long")
    case "TIMEOUT", "DEADLINE":
      self =
        isNewer
        ? .again("its time was up, and it left a newer checkpoint")
        : .failed(
          "job \(number) ran into its time limit without a newer checkpoint; raise 'time' in the stage's "
            + "'resources'")
    case "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REVOKED":
      // Slurm requeues it by itself, where the cluster lets it.
      self =
        evidence.over < Self.grace
        ? .wait
        : mayRetry ? .again("Slurm ended it") : .failed("Slurm ended job \(number) again and again")
    case nil:
      self =
        evidence.over < Self.forgottenGrace
        ? .wait
        : mayRetry
          ? .again("Slurm does not know it any more")
          : .failed("Slurm does not know job \(number) any more, and it left no result")
    default:
      let words = evidence.exit == nil ? "before its stage began" : "because it was killed"
      self = .failed("job \(number) failed \(words); its log may say more")
    }
  }
}
