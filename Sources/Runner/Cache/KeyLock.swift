import Base
import Foundation

/// The right to work on a key: the system's lock, and for work that takes long a lease, which other
/// machines see.
package final class KeyLock: Sendable {
  private let lock: FileLock
  private let lease: Lease?

  fileprivate init(_ lock: FileLock, _ lease: Lease?) {
    self.lock = lock
    self.lease = lease
  }

  /// Gives it back; harmless when done twice.
  package func release() {
    // The system's lock guards the judgement of what lies in the lease.
    lease?.release()
    lock.release()
  }

  /// Makes sure that nobody has taken the work over.
  /// - Throws: `LeaseError`.
  func check() throws(LeaseError) { try lease?.check() }

  /// Whether it was another process's before, which died.
  var isTakenOver: Bool { lease?.isTakenOver ?? false }

  /// Touches the lease at once.
  package func beat() { lease?.beat() }

  /// What the work is to ask whether to stop: a lost lease asks for that, too. Nil without a lease.
  var interruption: Interruption? { lease?.interruption }
}

extension Cache {
  /// What came of trying to take a key.
  enum LockAttempt {
    case taken(KeyLock)
    /// Somebody else works on it; the sentence says who.
    case held(String)
  }

  func leaseFolder(_ name: String) -> URL { folder.appending(path: "locks/\(name).lease") }

  /// Tries to take a key.
  /// - Parameter isLeased: whether work on it takes long, so that other machines must know.
  /// - Throws: `LockError` or `FileError`.
  func attemptLock(
    _ name: String, isLeased: Bool, interruption: Interruption = Interruption()
  ) throws -> LockAttempt {
    let file = lockFile(name)
    guard let lock = try FileLock.attempt(file) else { return .held(holder(of: name)) }
    guard isLeased else { return .taken(KeyLock(lock, nil)) }
    switch try Lease.attempt(leaseFolder(name), court: court, interruption: interruption) {
    case .taken(let lease): return .taken(KeyLock(lock, lease))
    case .held(let sentence):
      lock.release()
      return .held(sentence)
    }
  }

  /// Takes a key, waiting for as long as somebody else has it.
  /// - Parameter waiting: called with a sentence on who has it, once and when another is due.
  /// - Throws: `InterruptedError` when asked to stop while waiting; `LockError` or `FileError`.
  func lock(
    _ name: String, isLeased: Bool, interruption: Interruption, waiting: (String) -> Void
  ) throws -> KeyLock {
    var said: String?
    while true {
      switch try attemptLock(name, isLeased: isLeased, interruption: interruption) {
      case .taken(let lock): return lock
      case .held(let sentence):
        // The minutes of a sentence are no news.
        if said.map({ Self.gist($0) != Self.gist(sentence) }) ?? true { waiting(sentence) }
        said = sentence
      }
      try interruption.check()
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  /// Who works on a key, in words.
  func holder(of name: String) -> String {
    Lease.holder(of: leaseFolder(name), court: court) ?? FileLock.holder(of: lockFile(name))
  }

  /// A sentence on a holder without its numbers.
  static func gist(_ sentence: String) -> String { sentence.filter { !$0.isNumber } }

  /// Everything under `locks/`, without endings.
  func lockNames() throws -> [String] {
    let locks = folder.appending(path: "locks")
    let names = try FileManager.default.contentsOfDirectory(atPath: locks.path)
    let stems = names.filter { $0.hasSuffix(".lock") || $0.hasSuffix(".lease") }
    return Set(stems.map { String($0.prefix { $0 != "." }) }).sorted()
  }
}
