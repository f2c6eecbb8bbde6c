import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Standard input, line by line. Only the byte 0x0A ends a line; the last one may go without.
struct StandardInputLines {
  /// A line without its end.
  struct Line {
    /// Counts from 1.
    let number: Int
    let bytes: ArraySlice<UInt8>
  }

  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var count = 0
  /// The beginning of a line whose end has not been read yet.
  private var rest: [UInt8] = []

  /// The lines that have arrived, at least one; nil at the end. Does not wait for more than one, so
  /// that whoever writes them may wait for an answer before the next.
  /// - Throws: `StandardInputError`.
  mutating func next() throws -> [Line]? {
    while let chunk = try read() {
      guard let end = chunk.lastIndex(of: 0x0A) else {
        rest += chunk
        continue
      }
      let complete = rest + chunk[..<end]
      rest = Array(chunk[(end + 1)...])
      return complete.split(separator: 0x0A, omittingEmptySubsequences: false).map { line($0) }
    }
    guard !rest.isEmpty else { return nil }
    defer { rest = [] }
    return [line(rest[...])]
  }

  private mutating func line(_ bytes: ArraySlice<UInt8>) -> Line {
    count += 1
    return Line(number: count, bytes: bytes)
  }

  /// What is there of the input, or nil at its end.
  private mutating func read() throws -> ArraySlice<UInt8>? {
    while true {
      let length = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if length > 0 { return buffer[..<length] }
      if length == 0 { return nil }
      guard errno == EINTR else { throw StandardInputError(code: errno) }
    }
  }
}

/// Standard input cannot be read.
struct StandardInputError: Error, CustomStringConvertible {
  /// The system's error number.
  let code: Int32

  var description: String {
    "standard input cannot be read: \(String(cString: strerror(code)))"
  }
}
