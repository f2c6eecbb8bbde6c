import Foundation

/// Standard input, line by line. Only the byte 0x0A ends a line; the last one may go without.
struct StandardInputLines {
  /// A line without its end.
  struct Line {
    /// Counts from 1.
    let number: Int
    let bytes: Data
  }

  private let chunkSize = 1 << 16
  private var count = 0
  /// The beginning of a line whose end has not been read yet.
  private var rest = Data()

  /// The lines that have arrived: at least one, and nil at the end.
  /// - Throws: what the system says where standard input cannot be read.
  mutating func next() throws -> [Line]? {
    while let chunk = try FileHandle.standardInput.read(upToCount: chunkSize), !chunk.isEmpty {
      guard let end = chunk.lastIndex(of: 0x0A) else {
        rest += chunk
        continue
      }
      let complete = rest + chunk[..<end]
      rest = Data(chunk[chunk.index(after: end)...])
      return complete.split(separator: 0x0A, omittingEmptySubsequences: false).map { line($0) }
    }
    guard !rest.isEmpty else { return nil }
    defer { rest = Data() }
    return [line(rest)]
  }

  private mutating func line(_ bytes: Data) -> Line {
    count += 1
    return Line(number: count, bytes: bytes)
  }
}
