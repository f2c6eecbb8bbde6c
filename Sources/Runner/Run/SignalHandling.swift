import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Turns Ctrl-C and SIGTERM into a request to stop.
///
/// The first signal asks for a stop; the second leaves at once with exit code 130. Handlers, unlike
/// ignored signals, do not pass on to programs that this one starts.
package enum SignalHandling {
  /// The pipe's end that the handler writes to, and how many signals came. A handler may touch
  /// nothing that allocates or locks, so they are plain memory, made before it is installed.
  private nonisolated(unsafe) static let pipeEnd = allocate(Int32(-1))
  private nonisolated(unsafe) static let received = allocate(sig_atomic_t(0))

  /// Installs the handlers, once for the process.
  /// - Parameter onRequest: called on a thread of its own when the first signal comes, for instance
  ///   to tell people that the step at hand is being finished.
  package static func install(
    _ interruption: Interruption, onRequest: @escaping @Sendable () -> Void = {}
  ) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    received.pointee = 0
    pipeEnd.pointee = ends[1]
    let readingEnd = ends[0]
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while read(readingEnd, &byte, 1) < 0, errno == EINTR {}
      interruption.request()
      onRequest()
    }
    for signal in [SIGINT, SIGTERM] { handle(signal, handler) }
    // Writing to a pipe that nobody reads any more must be an error, not a death.
    handle(SIGPIPE) { _ in }
  }

  private static let handler: @convention(c) (Int32) -> Void = { _ in
    received.pointee += 1
    if received.pointee > 1 { _exit(130) }
    var byte: UInt8 = 1
    _ = write(pipeEnd.pointee, &byte, 1)
  }

  private static func handle(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = SA_RESTART
    sigaction(signal, &action, nil)
  }

  private static func allocate<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }
}
