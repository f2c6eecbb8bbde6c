import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What is known of whoever holds a lease.
package enum LeaseVerdict: Sendable, Equatable {
  /// It is, or may well be, at work.
  case alive
  /// It is over, and nothing of it will be written any more.
  case dead
  /// It has not been heard of for long, and nobody here can tell what became of it.
  case unknown
}

/// How those who hold leases are judged: who asks, and whom it can ask in turn.
package struct LeaseCourt: Sendable {
  /// Who asks.
  package var own: LeaseOwner
  /// When a process of this machine started; nil where there is none of that number.
  package var processStart: @Sendable (Int) -> Int?
  /// Whether there is a process of that number on this machine.
  package var isProcess: @Sendable (Int) -> Bool
  /// Whether a job of Slurm is at work no more; nil where Slurm does not say.
  package var isJobOver: @Sendable (String) -> Bool?
  /// Whether whoever takes a lease touches it from then on; false is a process that hangs.
  package var isBeating = true

  package init(
    own: LeaseOwner = .current,
    processStart: @escaping @Sendable (Int) -> Int? = LeaseOwner.start(ofProcess:),
    isProcess: @escaping @Sendable (Int) -> Bool = LeaseOwner.isAtWork(process:),
    isJobOver: @escaping @Sendable (String) -> Bool? = { _ in nil }
  ) {
    self.own = own
    self.processStart = processStart
    self.isProcess = isProcess
    self.isJobOver = isJobOver
  }

  /// How long a lease must not have been touched before another machine's word is doubted, in seconds.
  static let oldAge = 300.0
  /// The same for the machine itself, where it has started anew since.
  static let restartAge = 4 * Lease.beatSeconds

  /// Judges the owner of a lease. Whoever asks holds the system's lock on the same key, which a process
  /// on the same kernel would not give it.
  /// - Parameter age: how long ago the lease was touched, in seconds.
  package func verdict(on owner: LeaseOwner, age: Double) -> LeaseVerdict {
    // Slurm begins a job again only when its processes have ended.
    if let job = owner.job, job == own.job, owner.restarts < own.restarts { return .dead }
    if !owner.boot.isEmpty, owner.boot == own.boot { return verdictHere(on: owner) }
    if owner.host == own.host, !owner.boot.isEmpty, !own.boot.isEmpty, age >= Self.restartAge {
      return .dead
    }
    if age < Self.oldAge { return .alive }
    if let name = owner.name, name == own.name { return .dead }
    guard let job = owner.job else { return .unknown }
    return isJobOver(job).map { $0 ? .dead : .alive } ?? .unknown
  }

  private func verdictHere(on owner: LeaseOwner) -> LeaseVerdict {
    // A container that is gone held the system's lock when it was at work.
    if owner.namespace != own.namespace { return .dead }
    guard isProcess(owner.process) else { return .dead }
    guard let start = owner.processStart, let now = processStart(owner.process) else {
      return .alive
    }
    return now == start ? .alive : .dead
  }
}

extension LeaseCourt {
  /// That of this process, which asks Slurm about jobs, at most twice a minute about each.
  package static let standard = LeaseCourt(isJobOver: { job in
    let recent = answers.withLock { $0[job] }
    if let recent, .now - recent.asked < .seconds(30) { return recent.isOver }
    let isOver = SlurmCommands().isOver(job)
    answers.withLock { $0[job] = Answer(isOver: isOver) }
    return isOver
  })

  private struct Answer {
    let asked = ContinuousClock.now
    let isOver: Bool?
  }

  private static let answers = Mutex<[String: Answer]>([:])
}
