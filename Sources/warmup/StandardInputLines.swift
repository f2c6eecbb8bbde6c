import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Standard input or a file, line by line. Only the byte 0x0A ends a line; the last one may go without.
struct StandardInputLines {
  /// A line without its end.
  struct Line {
    /// Counts from 1.
    let number: Int
    let bytes: ArraySlice<UInt8>
  }

  private let descriptor: Int32
  private let name: String
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var count = 0
  /// The beginning of a line whose end has not been read yet.
  private var rest: [UInt8] = []

  /// Reads standard input.
  init() {
    descriptor = STDIN_FILENO
    name = "standard input"
  }

  /// Reads a file.
  /// - Throws: `StandardInputError`.
  init(file: String) throws {
    descriptor = open(file, O_RDONLY | O_CLOEXEC)
    name = file
    guard descriptor >= 0 else { throw StandardInputError(name: name, code: errno) }
  }

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
      let length = Glibc.read(descriptor, &buffer, buffer.count)
      if length > 0 { return buffer[..<length] }
      if length == 0 { return nil }
      guard errno == EINTR else { throw StandardInputError(name: name, code: errno) }
    }
  }
}

/// What cannot be read.
struct StandardInputError: Error, CustomStringConvertible {
  /// "standard input", or the file.
  let name: String
  /// The system's error number.
  let code: Int32

  var description: String {
    "\(name) cannot be read: \(String(cString: strerror(code)))"
  }
}
