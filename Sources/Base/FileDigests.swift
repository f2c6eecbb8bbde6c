import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Remembers the SHA-256 of files for as long as nobody writes to them, so that large ones are read
/// once.
///
/// A digest counts while the file has the device, inode, size and times (to the nanosecond) that it
/// had when it was read. The time of the last change of state is among these, which a program cannot
/// set back as it can the time of the last writing. What is remembered never makes a file wrong: bytes
/// that seem to differ are read again.
package final class FileDigests: Sendable {
  private let file: URL?
  private let memory = Mutex(Memory())

  /// The name of the file in a cache.
  package static let fileName = "digests.jsonl"

  /// How old a change must be before a digest is remembered, in nanoseconds: a second change soon
  /// after may leave the same times, as far as the file system has them.
  private static let settling = FileStamp.settling

  /// - Parameter file: where digests are kept between runs, as JSON Lines; nil for in memory only.
  ///   Where it cannot be written, nothing is lost but time.
  package init(file: URL? = nil) { self.file = file }

  /// The digest of a file's bytes, as 64 lower-case hexadecimal digits.
  /// - Parameter isSettled: whether the file is known to be written no more, so that its digest is
  ///   remembered at once.
  /// - Parameter isOnDisk: whether the bytes outlive a power failure, as a digest in the file would;
  ///   where they do not yet, it waits for `keepHeld`.
  /// - Throws: what opening and reading the file throws.
  package func hex(
    of url: URL, isSettled: Bool = false, isOnDisk: Bool = true
  ) throws -> String {
    try RegularFile.check(url)
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    let before = FileStamp(descriptor: handle.fileDescriptor)
    if let before, let known = remembered(before) { return known }
    let found = try SHA256Digest.hex(of: handle)
    if let before, before == FileStamp(descriptor: handle.fileDescriptor),
      isSettled || before.age > Self.settling
    {
      remember(before, found, isOnDisk)
    }
    return found
  }

  /// Whether the bytes of a file that is written no more have a digest. One that is remembered counts
  /// only where it agrees.
  /// - Throws: what opening and reading the file throws.
  package func agrees(_ url: URL, with sha256: String) throws -> Bool {
    if let stamp = FileStamp(of: url), remembered(stamp) == sha256 { return true }
    return try read(url) == sha256
  }

  /// The digest of a file's bytes, which are read whatever is remembered, and remembered.
  /// - Throws: what opening and reading the file throws.
  package func read(_ url: URL) throws -> String {
    forget(url)
    return try hex(of: url, isSettled: true)
  }

  /// Whether a file was read before and has been written to in its place since.
  package func wasWrittenTo(_ url: URL) -> Bool {
    guard let stamp = FileStamp(of: url) else { return false }
    let known = memory.withLock { memory in
      memory.load(file)
      return memory.digests[stamp.place]
    }
    return known.map { $0.stamp != stamp } ?? false
  }

  /// The digest of a file that nobody has written to since it was read; nil where it must be read.
  package func remembered(_ stamp: FileStamp) -> String? {
    memory.withLock { memory in
      memory.load(file)
      guard let known = memory.digests[stamp.place], known.stamp == stamp else { return nil }
      return known.sha256
    }
  }

  private func remember(_ stamp: FileStamp, _ sha256: String, _ isOnDisk: Bool) {
    memory.withLock { memory in
      memory.load(file)
      memory.digests[stamp.place] = (stamp, sha256)
      let line = Memory.line(stamp, sha256)
      guard isOnDisk else { return memory.held.append(line) }
      memory.unsaved.append(line)
      memory.save(file)
    }
  }

  /// Keeps between runs what was held back, because the bytes are on the disk now.
  package func keepHeld() {
    memory.withLock { memory in
      if memory.held.isEmpty { return }
      memory.unsaved += memory.held
      memory.held = []
      memory.save(file)
    }
  }

  private func forget(_ url: URL) {
    guard let stamp = FileStamp(of: url) else { return }
    memory.withLock { memory in
      memory.load(file)
      memory.digests[stamp.place] = nil
    }
  }
}

/// What is remembered, and what of it is not in the file yet.
private struct Memory {
  var digests: [FilePlace: (stamp: FileStamp, sha256: String)] = [:]
  var unsaved: [String] = []
  /// Lines about files that may not be on the disk yet.
  var held: [String] = []
  private var isLoaded = false

  /// How many superseded lines the file may have.
  private static let slack = 4096

  /// Reads the file, once. Lines that cannot be read, as after a crash, are passed over.
  mutating func load(_ file: URL?) {
    guard !isLoaded, let file else { return }
    isLoaded = true
    guard let content = try? Data(contentsOf: file) else { return }
    let lines = Array(content).split(separator: 0x0A)
    for line in lines {
      guard let json = try? JSONValue(parsing: Data(line)), let stamp = FileStamp(json: json),
        let sha256 = json["sha256"]?.string
      else { continue }
      digests[stamp.place] = (stamp, sha256)
    }
    if lines.count > 2 * digests.count + Self.slack { compact(file) }
  }

  /// Appends what is new: a line is written at once, so that those of two runs do not mix.
  mutating func save(_ file: URL?) {
    guard let file else { return unsaved.removeAll() }
    let descriptor = open(file.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    // The cache's folder may not be there yet, or not be ours to write to.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // What a crash left of a line must not swallow the next.
    var last = UInt8(0x0A)
    let end = lseek(descriptor, 0, SEEK_END)
    if end > 0 { pread(descriptor, &last, 1, end - 1) }
    let bytes = Array(((last == 0x0A ? "" : "\n") + unsaved.joined()).utf8)
    if write(descriptor, bytes, bytes.count) == bytes.count { unsaved.removeAll() }
  }

  private func compact(_ file: URL) {
    let entries = digests.sorted { ($0.key.device, $0.key.inode) < ($1.key.device, $1.key.inode) }
    let text = entries.map { Self.line($0.value.stamp, $0.value.sha256) }.joined()
    try? AtomicFile.write(text, to: file)
  }

  static func line(_ stamp: FileStamp, _ sha256: String) -> String {
    var members = stamp.json
    members["sha256"] = .string(sha256)
    return JSONValue.object(members).text + "\n"
  }
}

/// Which file it is, whatever it is called.
struct FilePlace: Hashable, Sendable {
  let device: Int
  let inode: Int
}

/// A file as it is at a moment: it is equal later if nobody wrote to it or replaced it.
package struct FileStamp: Equatable, Sendable {
  let place: FilePlace
  /// In bytes.
  package let size: Int
  /// When it was last written to and when its state last changed, in nanoseconds since 1970.
  let modified: Int
  let changed: Int

  /// Nil where there is no such file.
  package init?(of url: URL) { self.init(path: url.path) }

  /// Nil where there is no such file.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    place = FilePlace(device: Int(truncatingIfNeeded: status.st_dev), inode: Int(status.st_ino))
    size = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  /// How old a change must be, in nanoseconds, before equal stamps mean equal files.
  static let settling = 2_000_000_000

  /// Whether the file lay still for so long that a later change would show in its stamp.
  package var isSettled: Bool { age > Self.settling }

  /// How long ago it changed, in nanoseconds.
  var age: Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Self.nanoseconds(now) - max(modified, changed)
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }

  package var json: [String: JSONValue] {
    [
      "device": .integer(place.device), "inode": .integer(place.inode), "size": .integer(size),
      "modified": .integer(modified), "changed": .integer(changed),
    ]
  }

  init?(json: JSONValue) {
    guard let device = json["device"]?.integer, let inode = json["inode"]?.integer,
      let size = json["size"]?.integer, let modified = json["modified"]?.integer,
      let changed = json["changed"]?.integer
    else { return nil }
    place = FilePlace(device: device, inode: inode)
    self.size = size
    self.modified = modified
    self.changed = changed
  }
}

/// A file, or all files of a folder, as they are at a moment.
package struct ContentStamp: Equatable, Sendable {
  private let files: [String: FileStamp]

  package init(of url: URL) {
    let names = try? FileManager.default.subpathsOfDirectory(atPath: url.path)
    var files: [String: FileStamp] = [:]
    files[""] = FileStamp(of: url)
    for name in names ?? [] { files[name] = FileStamp(of: url.appending(path: name)) }
    self.files = files
  }
}
