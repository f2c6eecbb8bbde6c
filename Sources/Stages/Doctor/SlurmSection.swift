import Base
import Runner

/// Whether jobs of Slurm start, see the cache's folder and each other's locks. Submits two tiny ones.
package struct SlurmSection: DoctorSection {
  package let title = "slurm"
  private let trial: SlurmTrial

  package init(_ trial: SlurmTrial) { self.trial = trial }

  package func findings() -> [DoctorFinding] {
    do {
      return Self.findings(try trial.run(), here: .current)
    } catch {
      return [
        DoctorFinding(
          "jobs", .wrong, sentence(for: error),
          advice:
            "Nothing can run with --executor slurm. The site file's key 'slurm' names partition, "
            + "account and further words for sbatch.")
      ]
    }
  }

  /// - Parameter here: the machine that submitted.
  package static func findings(
    _ outcome: SlurmTrial.Outcome, here: LeaseOwner
  ) -> [DoctorFinding] {
    let reports = outcome.jobs.compactMap(\.report)
    let failed = outcome.jobs.filter { $0.report == nil }.map(failure)
    let version = DoctorFinding("version", outcome.version)
    let parts = failed + (reports.isEmpty ? [] : [folder(reports)])
    let locks = reports.count == outcome.jobs.count ? [locks(reports, here)] : []
    return [version] + parts + locks + [accounts(outcome.missingAccounts)]
  }

  private static func failure(_ job: SlurmTrial.TrialJob) -> DoctorFinding {
    let name = "job \(job.number)"
    guard let state = job.job, state.isWaiting else {
      let said = job.lastLines.last.map { "; its log ends with: \($0)" } ?? ""
      return DoctorFinding(
        name, .wrong, "ended as \(job.job?.state ?? "unknown") without a word\(said)",
        advice:
          "Its node does not see the results folder, or cannot run this program; both must lie "
          + "under the same path on all nodes.")
    }
    return DoctorFinding(
      name, .weak, "still waits (\(state.reason)); it was cancelled",
      advice: "Run this again when nodes are free.")
  }

  private static func folder(_ reports: [TrialReport]) -> DoctorFinding {
    let blind = reports.filter { !$0.seesFolder }.map(\.host)
    guard blind.isEmpty else {
      return DoctorFinding(
        "folder", .wrong, "what is written here is not seen on \(list(blind))",
        advice: "Put the results folder on a file system that all nodes share.")
    }
    return DoctorFinding("folder", "seen by jobs on \(list(reports.map(\.host)))")
  }

  private static func locks(_ reports: [TrialReport], _ here: LeaseOwner) -> DoctorFinding {
    var kept: [String] = []
    var broken: [String] = []
    var hosts = Set([here.boot])
    for report in reports {
      guard let seesLock = report.seesLock else { continue }
      hosts.insert(report.boot)
      let pair = "\(here.host) and \(report.host)"
      if seesLock { kept.append(pair) } else { broken.append(pair) }
    }
    let others = reports.compactMap(\.seesOther)
    if !others.isEmpty {
      let pair = reports.map(\.host).joined(separator: " and ")
      if others.allSatisfy(\.self) { kept.append(pair) } else { broken.append(pair) }
    }
    let apart = others.isEmpty ? "; the two jobs did not run side by side" : ""
    guard broken.isEmpty else {
      return DoctorFinding(
        "locks", .weak, "do not reach between \(list(broken))",
        advice:
          "Leases guard the work all the same (docs/cache.md). Better is a file system whose flock "
          + "reaches all nodes: NFS without local_lock, Lustre mounted with flock.")
    }
    guard hosts.count > 1 else {
      return DoctorFinding(
        "locks", .weak, "tried on one machine only, \(here.host)\(apart)",
        advice:
          "Nothing is known of locks between nodes; run this again where other nodes are free.")
    }
    return DoctorFinding("locks", "hold between \(list(kept))\(apart)")
  }

  private static func accounts(_ missing: String?) -> DoctorFinding {
    guard let missing else {
      return DoctorFinding("accounts", "sacct says what jobs ended of")
    }
    return DoctorFinding(
      "accounts", .missing, missing,
      advice:
        "Of a job that the queue has forgotten nobody knows what it ended of; it is submitted again."
    )
  }

  private static func list(_ words: [String]) -> String {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
  }
}
