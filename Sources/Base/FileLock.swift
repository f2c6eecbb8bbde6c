import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// An exclusive lock between processes, and between threads of one: an OS lock on an open file.
///
/// The system frees it when its owner dies, however it dies. What the file says of its holder is
/// for people only. The file goes when the lock is released.
package final class FileLock: Sendable {
  private let file: URL
  private let descriptor: Mutex<Int32?>

  private init(file: URL, descriptor: Int32) {
    self.file = file
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Takes a lock, waiting for as long as somebody else holds it.
  /// - Parameter waiting: called once with a sentence on who holds it, before the wait begins.
  /// - Throws: `InterruptedError` when asked to stop while waiting; `LockError` when the
  ///   file system refuses.
  package static func acquire(
    _ file: URL, interruption: Interruption = Interruption(), waiting: (String) -> Void = { _ in }
  ) throws -> FileLock {
    var hasSaid = false
    while true {
      if let lock = try attempt(file) { return lock }
      if !hasSaid {
        waiting(LockHolder.sentence(for: file))
        hasSaid = true
      }
      try interruption.check()
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  /// Takes a lock if nobody holds it.
  /// - Returns: nil when somebody does.
  package static func attempt(_ file: URL) throws -> FileLock? {
    while true {
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw LockError.unwritable(file.path, systemMessage()) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EWOULDBLOCK { return nil }
        if code == EINTR { continue }
        throw LockError.unlockable(file.path, systemMessage(code))
      }
      guard isSameFile(descriptor, file) else {
        // The previous holder removed the file between our opening and locking it.
        close(descriptor)
        continue
      }
      let lock = FileLock(file: file, descriptor: descriptor)
      try LockHolder.current().write(to: descriptor, of: file)
      return lock
    }
  }

  /// Who holds a lock and since when, for people.
  package static func holder(of file: URL) -> String { LockHolder.sentence(for: file) }

  /// Gives the lock back; harmless when done twice.
  package func release() {
    descriptor.withLock { held in
      guard let open = held else { return }
      held = nil
      unlink(file.path)
      close(open)
    }
  }

  private static func isSameFile(_ descriptor: Int32, _ file: URL) -> Bool {
    var held = stat()
    var named = stat()
    guard fstat(descriptor, &held) == 0, stat(file.path, &named) == 0 else { return false }
    return held.st_ino == named.st_ino && held.st_dev == named.st_dev
  }
}

/// Who holds a lock, as its file says.
struct LockHolder {
  let host: String
  let bootIdentifier: String
  let process: Int32
  let started: Date

  static func current() -> LockHolder {
    LockHolder(host: hostName, bootIdentifier: boot, process: getpid(), started: Date())
  }

  private static let hostName = ProcessInfo.processInfo.hostName
  private static let boot =
    ((try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? "")
    .trimmingCharacters(in: .whitespacesAndNewlines)

  func write(to descriptor: Int32, of file: URL) throws {
    let content: JSONValue = [
      "host": .string(host), "boot_id": .string(bootIdentifier), "pid": .integer(Int(process)),
      "started": .string(started.formatted(.iso8601)),
    ]
    let bytes = Array((content.text + "\n").utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    else { throw LockError.unwritable(file.path, systemMessage()) }
  }

  /// Who holds a lock and since when, for people.
  static func sentence(for file: URL) -> String {
    guard let data = try? Data(contentsOf: file), let content = try? JSONValue(parsing: data),
      let host = content["host"]?.string, let process = content["pid"]?.integer,
      let started = content["started"]?.string
    else { return "another process is working on it" }
    return "process \(process) on \(host) has been working on it since \(started)"
  }
}

/// Why a lock cannot be taken.
package enum LockError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The lock's file cannot be written.
  case unwritable(String, String)
  /// The file system knows no locks.
  case unlockable(String, String)

  package var description: String {
    switch self {
    case .unwritable(let path, let reason):
      "could not write to \(path): \(FileAdvice.words(reason))"
    case .unlockable(let path, let reason):
      "could not lock \(path): \(reason); choose a results folder on a file system with locks"
    }
  }
}
