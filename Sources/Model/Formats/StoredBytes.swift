import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The bytes of a file, or some in memory, read at given places. Safe to use from several threads.
///
/// A file is not mapped: what was read of it would count as the process's memory, and one that becomes
/// shorter meanwhile would end the process.
final class StoredBytes: Sendable {
  private enum Storage {
    case memory(Data)
    case file(descriptor: Int32)
  }

  /// Why a file cannot be read.
  struct Problem: Error {
    let reason: String
  }

  private let storage: Storage
  let count: Int

  init(_ data: Data) {
    storage = .memory(data)
    count = data.count
  }

  /// Opens a file.
  /// - Throws: `Problem`, also for what is no regular file.
  init(contentsOf file: URL) throws(Problem) {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw Problem(
        reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Problem(reason: "it is not a file with content")
    }
    storage = .file(descriptor: descriptor)
    count = Int(status.st_size)
  }

  deinit {
    if case .file(let descriptor) = storage { close(descriptor) }
  }

  /// The bytes of a range that lies within them.
  /// - Throws: `Problem` where the file cannot be read, or has become shorter.
  func read(_ range: Range<Int>) throws(Problem) -> Data {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    switch storage {
    case .memory(let data):
      let start = data.startIndex
      return data[start + range.lowerBound..<start + range.upperBound]
    case .file(let descriptor):
      var data = Data(count: range.count)
      var done = 0
      while done < range.count {
        let got = data.withUnsafeMutableBytes { bytes -> Int in
          guard let start = bytes.baseAddress else { return 0 }
          return pread(
            descriptor, start + done, range.count - done, off_t(range.lowerBound + done))
        }
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw Problem(reason: String(cString: strerror(errno))) }
        guard got > 0 else { throw Problem(reason: "it became shorter while it was read") }
        done += got
      }
      return data
    }
  }
}
