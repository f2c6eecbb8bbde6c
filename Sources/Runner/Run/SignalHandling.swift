import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Turns Ctrl-C, SIGTERM and what terminals and batch systems send into a request to stop.
///
/// The first signal asks for a stop; a second one leaves at once with exit code 130. Handlers, unlike
/// ignored signals, do not pass on to programs that this one starts.
package enum SignalHandling {
  /// The pipe's end that the handler writes to, and when the first signal came, in milliseconds; 0
  /// before. A handler may touch nothing that allocates or locks, so they are plain memory, made
  /// before it is installed.
  private nonisolated(unsafe) static let pipeEnd = allocate(Int32(-1))
  private nonisolated(unsafe) static let firstCame = allocate(Int(0))

  /// One wish to stop may come more than once: `timeout` signals its child and then the child's
  /// group, and a terminal that closes does so beside the shell.
  private static let repetitionMilliseconds = 100

  /// Installs the handlers, once for the process.
  /// - Parameter onRequest: called on a thread of its own when the first signal comes, for instance
  ///   to tell people that the step at hand is being finished.
  package static func install(
    _ interruption: Interruption, onRequest: @escaping @Sendable () -> Void = {}
  ) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    firstCame.pointee = 0
    pipeEnd.pointee = ends[1]
    let readingEnd = ends[0]
    let thread = Thread {
      var byte: UInt8 = 0
      while read(readingEnd, &byte, 1) < 0, errno == EINTR {}
      interruption.request()
      onRequest()
    }
    // So small that it is there even where memory is scarce.
    thread.stackSize = 256 << 10
    thread.start()
    for signal in [SIGINT, SIGTERM, SIGUSR1, SIGUSR2] { handle(signal) }
    // Under nohup a run is to outlive its terminal.
    if !isIgnored(SIGHUP) { handle(SIGHUP) }
  }

  private static let handler: @convention(c) (Int32) -> Void = { _ in
    let before = errno
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    if firstCame.pointee == 0 {
      firstCame.pointee = now
      var byte: UInt8 = 1
      _ = write(pipeEnd.pointee, &byte, 1)
    } else if now - firstCame.pointee > repetitionMilliseconds {
      _exit(130)
    }
    errno = before
  }

  private static func handle(_ signal: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = SA_RESTART
    sigaction(signal, &action, nil)
    // Whoever started this program may have blocked it, as threads of Dispatch do.
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func allocate<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }
}
