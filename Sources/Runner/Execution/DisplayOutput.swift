import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Where a display writes, and the clock that it reads. Tests bring their own.
public struct DisplayOutput: Sendable {
  /// Writes text at once.
  public let write: @Sendable (String) -> Void
  /// Seconds on a clock that only goes forward.
  public let now: @Sendable () -> Double
  /// How many columns the terminal has.
  public let columns: @Sendable () -> Int

  /// Describes an output.
  public init(
    write: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Double,
    columns: @escaping @Sendable () -> Int = { 80 }
  ) {
    self.write = write
    self.now = now
    self.columns = columns
  }

  /// The error output of this process.
  public static let standardError = DisplayOutput(
    write: { text in try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) },
    now: { ProcessInfo.processInfo.systemUptime },
    columns: {
      var size = winsize()
      let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return isKnown ? Int(size.ws_col) : 80
    })

  /// The display that suits the error output: a live line on a terminal, plain lines elsewhere.
  /// - Parameter environment: `TERM`, `CI` and `NO_COLOR` are looked at.
  public static func standardDisplay(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    isTerminal: Bool = isatty(STDERR_FILENO) == 1, output: DisplayOutput = .standardError
  ) -> any RunDisplay {
    let isDumb = environment["TERM"].map { $0.isEmpty || $0 == "dumb" } ?? true
    let isAutomatic = !(environment["CI"] ?? "").isEmpty
    guard isTerminal, !isDumb, !isAutomatic else { return PlainProgress(output: output) }
    let hasColour = (environment["NO_COLOR"] ?? "").isEmpty
    return TerminalProgress(hasColour: hasColour, output: output)
  }
}
