import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What is wrong inside a file, in words that follow its name.
struct HDF5Fault: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A regular file that is read at given places, and never beyond its end. Safe to use from several
/// threads.
final class HDF5Source: Sendable {
  private let descriptor: Int32
  /// In bytes.
  let size: Int

  /// - Throws: `HDF5Fault`, also for what is no regular file and might never end or answer.
  init(_ path: String) throws {
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw HDF5Fault(String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw HDF5Fault("it is not a regular file")
    }
    descriptor = opened
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills memory with what lies at a place.
  func read(into target: UnsafeMutableRawBufferPointer, at place: Int) throws {
    guard place >= 0, place <= size, target.count <= size - place else {
      throw HDF5Fault("it refers to bytes behind its end")
    }
    var done = 0
    while done < target.count, let start = target.baseAddress {
      let got = pread(descriptor, start + done, target.count - done, off_t(place + done))
      if got < 0, errno == EINTR { continue }
      if got < 0 { throw HDF5Fault(String(cString: strerror(errno))) }
      if got == 0 { throw HDF5Fault("truncated file: it became shorter") }
      done += got
    }
  }

  func bytes(_ count: Int, at place: Int) throws -> [UInt8] {
    guard count >= 0, place >= 0, place <= size, count <= size - place else {
      throw HDF5Fault("it refers to bytes behind its end")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      try read(
        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count), at: place)
      initialised = count
    }
  }
}

/// Reads numbers and names one after the other, little end first. Whatever is claimed beyond the last
/// byte is a fault.
struct HDF5Cursor {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// How many bytes are left.
  var remaining: Int { bytes.endIndex - position }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw HDF5Fault("a part of it is cut off") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func skip(_ count: Int) throws { _ = try take(count) }

  /// Skips what fills up to a multiple of 8 after `count` bytes.
  mutating func skipPadding(after count: Int) throws { try skip((8 - count % 8) % 8) }

  mutating func expect(_ signature: String) throws {
    guard try take(signature.utf8.count).elementsEqual(signature.utf8) else {
      throw HDF5Fault("'\(signature)' is missing where a part of it should begin")
    }
  }

  /// An unsigned number of at most 4 bytes.
  mutating func number(_ width: Int) throws -> Int {
    Int(try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// A length of 8 bytes. Two of them can be added, and no honest file has larger ones.
  mutating func length() throws -> Int {
    let value = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value <= 1 << 48 else { throw HDF5Fault("it claims a size that no file has") }
    return Int(value)
  }

  /// An address, counted from the file's base; nil where it says that there is none.
  mutating func address() throws -> Int? {
    let value = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if value == .max { return nil }
    guard value <= 1 << 48 else { throw HDF5Fault("it refers to bytes behind its end") }
    return Int(value)
  }

  /// An address that must be there.
  mutating func place() throws -> Int {
    guard let address = try address() else { throw HDF5Fault("a part of it was never written") }
    return address
  }
}

/// How much may be read for one purpose. Whatever is reached twice, in circles or by many ways, uses it
/// up: an honest file has each part once, so all parts together are no larger than the file.
struct HDF5Budget {
  private var left: Int

  init(_ bytes: Int) { left = bytes }

  mutating func spend(_ bytes: Int) throws {
    guard bytes >= 0, bytes <= left else {
      throw HDF5Fault("its parts claim more than the file can hold")
    }
    left -= bytes
  }
}
