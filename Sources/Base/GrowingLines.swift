import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Reads a file of lines while somebody else writes it.
package struct GrowingLines: Sendable {
  package let file: URL
  /// How often another file was found in its place, or a shorter one, which was then read from its first
  /// line: its writer went back to an earlier state.
  package private(set) var restarts = 0
  private var offset: UInt64 = 0
  private var inode: UInt64?

  package init(file: URL) { self.file = file }

  /// The lines that were finished since the last call; none where there is no file.
  /// - Parameter limit: how many bytes are read at most. A line that is longer is never finished.
  package mutating func next(limit: Int = .max) throws -> [Data] {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return [] }
    defer { try? handle.close() }
    var status = stat()
    guard fstat(handle.fileDescriptor, &status) == 0 else { return [] }
    let isOther = inode.map { $0 != UInt64(status.st_ino) } ?? false
    if isOther || UInt64(status.st_size) < offset {
      offset = 0
      restarts += 1
    }
    inode = UInt64(status.st_ino)
    if UInt64(status.st_size) == offset { return [] }
    try handle.seek(toOffset: offset)
    let content = try handle.read(upToCount: limit) ?? Data()
    guard let end = content.lastIndex(of: 0x0A) else { return [] }
    let whole = content[...end]
    offset += UInt64(whole.count)
    return whole.split(separator: 0x0A).map { Data($0) }
  }
}
