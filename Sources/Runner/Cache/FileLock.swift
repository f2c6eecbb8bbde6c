import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// An exclusive lock between processes, and between threads of one: an OS lock on an open file.
///
/// The system frees it when its owner dies, however it dies. What the file says of its holder is
/// for people only. The file goes when the lock is released.
public final class FileLock: Sendable {
  private let file: URL
  private let descriptor: Mutex<Int32?>

  private init(file: URL, descriptor: Int32) {
    self.file = file
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Takes a lock, waiting for as long as somebody else holds it.
  /// - Parameter waiting: called once with a sentence on who holds it, before the wait begins.
  /// - Throws: `StageError.interrupted` when asked to stop while waiting; `CacheError` when the
  ///   file system refuses.
  public static func acquire(
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
  public static func attempt(_ file: URL) throws -> FileLock? {
    while true {
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw CacheError.unwritable(file.path, systemMessage()) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EWOULDBLOCK { return nil }
        if code == EINTR { continue }
        throw CacheError.unlockable(file.path, systemMessage(code))
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

  /// Gives the lock back; harmless when done twice.
  public func release() {
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

/// The system's words for an error code.
func systemMessage(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
