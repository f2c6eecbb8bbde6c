import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Writes files so that nobody ever sees half of one.
package enum AtomicFile {
  /// Lets `write` make a file beside `destination`, syncs it and renames it into place.
  /// - Throws: what `write` throws, or `FileError`; the destination is then untouched.
  package static func write(to destination: URL, _ write: (URL) throws -> Void) throws {
    let beside = placeBeside(destination)
    defer { unlink(beside.path) }
    try write(beside)
    try move(beside, to: destination)
  }

  /// Lets `write` put files into a folder beside `destination`, syncs all and renames it into place.
  /// - Throws: what `write` throws, or `FileError`; there is then nothing at the destination.
  package static func writeFolder(to destination: URL, _ write: (URL) throws -> Void) throws {
    let manager = FileManager.default
    let beside = placeBeside(destination)
    defer { try? manager.removeItem(at: beside) }
    try manager.createDirectory(at: beside, withIntermediateDirectories: false)
    try write(beside)
    for name in try manager.contentsOfDirectory(atPath: beside.path) {
      try sync(beside.appending(path: name))
    }
    try move(beside, to: destination)
  }

  private static func placeBeside(_ destination: URL) -> URL {
    let number = counter.add(1, ordering: .relaxed).newValue
    return destination.appendingPathExtension("\(leftoverMark)\(getpid())-\(number)")
  }

  private static func move(_ beside: URL, to destination: URL) throws {
    try sync(beside)
    guard rename(beside.path, destination.path) == 0 else {
      throw FileError(action: "write to", path: destination.path)
    }
    try sync(destination.deletingLastPathComponent())
  }

  /// Writes a text; a file that says it already is left as it is, so that nobody waits for the disk.
  package static func write(_ text: String, to destination: URL) throws {
    try write([text], to: destination)
  }

  /// Writes a text in pieces, one after another, as `write(_:to:)` does.
  package static func write(_ pieces: [String], to destination: URL) throws {
    if says(destination, pieces) { return }
    // People know the file by its own name.
    try write(to: destination) { try writeUnsynced(pieces, to: $0, called: destination) }
  }

  private static func says(_ file: URL, _ pieces: [String]) -> Bool {
    guard FileStamp(of: file)?.size == pieces.reduce(0, { $0 + $1.utf8.count }),
      let handle = try? FileHandle(forReadingFrom: file)
    else { return false }
    defer { try? handle.close() }
    return pieces.allSatisfy { piece in
      var rest = piece.utf8[...]
      while !rest.isEmpty {
        // A little at a time: pages have megabytes.
        guard let old = try? handle.read(upToCount: min(rest.count, 1 << 18)), !old.isEmpty,
          rest.starts(with: old)
        else { return false }
        rest = rest.dropFirst(old.count)
      }
      return true
    }
  }

  /// Writes a file in a folder that nobody looks into yet.
  /// - Throws: `FileError`.
  package static func writeUnsynced(_ text: String, to destination: URL) throws {
    try writeUnsynced([text], to: destination, called: destination)
  }

  /// - Parameter name: what people know it by.
  private static func writeUnsynced(
    _ pieces: [String], to destination: URL, called name: URL
  ) throws {
    // `Data.write` waits for the disk.
    let descriptor = open(destination.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(action: "write to", path: name.path) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      for piece in pieces { try handle.write(contentsOf: Data(piece.utf8)) }
      try handle.close()
    } catch {
      throw FileError(
        action: "write to", path: name.path, code: FileError(error)?.code ?? EIO)
    }
  }

  /// Waits until a file or folder is on the disk.
  package static func sync(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileError(action: "open", path: url.path)
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw FileError(action: "write to", path: url.path)
    }
  }

  /// Whether a name is that of a file which a killed process was writing.
  package static func isLeftover(_ name: String) -> Bool { name.contains(".\(leftoverMark)") }

  private static let leftoverMark = "tmp-"
  /// Keeps two threads apart that write the same file.
  private static let counter = Atomic<Int>(0)
}
