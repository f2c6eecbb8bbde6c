import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Standard output and standard error, written so that no pipe, disk or terminal that is gone ends
/// the program.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Makes errors of what would end the program or spoil a file. To be called before anything is
  /// opened.
  ///
  /// A descriptor that was closed would be given to the next file, and messages would land in it.
  /// It is opened the wrong way round, so that using it stays an error.
  package static func prepare() {
    for (descriptor, mode) in [(Int32(0), O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)]
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest that is free, hence this one.
      _ = open("/dev/null", mode)
    }
    // Handlers, unlike ignored signals, do not pass on to programs that this one starts.
    for signal in [SIGPIPE, SIGXFSZ] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in }
      action.sa_flags = SA_RESTART
      sigaction(signal, &action, nil)
    }
  }

  /// Writes all of a text, however long that takes.
  /// - Returns: the system's error number where it cannot be written; nil where it was.
  @discardableResult
  package func write(_ text: String) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        var wish = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wish, 1, -1)
      default: return errno
      }
    }
    return nil
  }
}
