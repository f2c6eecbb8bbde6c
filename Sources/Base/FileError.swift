import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The operating system refused to read or write a file or folder.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was to be done, such as `write to`.
  package let action: String
  package let path: String
  /// The system's error number; 0 where only Foundation knows what is wrong.
  package let code: Int32

  package init(action: String, path: String, code: Int32 = errno) {
    self.action = action
    self.path = path
    self.code = code
  }

  package var description: String { "could not \(action) \(path): \(reason)" }

  /// What is wrong and what to do, in words that follow the file's name.
  package var reason: String {
    if code == 0 { return "its content or name is not what is expected; check what it is" }
    return FileAdvice.words(systemMessage(code))
  }
}

/// The system's words for an error code.
package func systemMessage(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// What to do about what the operating system says of a file.
package enum FileAdvice {
  private static let advice: [(code: Int32, words: String)] = [
    (ENOSPC, "free some space or choose another folder"),
    (EDQUOT, "free some of your quota or choose another folder"),
    (EFBIG, "raise the limit on the size of files ('ulimit -f') or choose another folder"),
    (EROFS, "choose another folder, or mount this one for writing"),
    (EACCES, "change the permissions or choose another place"),
    (EPERM, "change the owner or choose another place"),
    (ENOENT, "check the path"),
    (ENOTDIR, "a file stands where a folder is needed; remove it or choose another path"),
    (EISDIR, "a folder stands where a file is needed; name a file"),
    (EEXIST, "remove it or choose another name"),
    (ENOTEMPTY, "empty it or choose another name"),
    (ENAMETOOLONG, "choose a shorter one"),
    (ELOOP, "a symbolic link leads round in a circle; remove it or choose another path"),
    (EMFILE, "raise the limit on open files ('ulimit -n')"),
    (ENFILE, "close other programs"),
    (ENOMEM, "close other programs or raise the limit on memory ('ulimit -v')"),
    (EIO, "look after the disk, and run again"),
    (EXDEV, "choose a folder on the same file system"),
  ]

  /// The system's words for an error, with what to do about it.
  package static func words(_ message: String) -> String {
    // The HDF5 library, where it could not have memory, often not even for the reason.
    if message.hasPrefix("memory allocation failed") || message == "unknown reason" {
      return "\(message); where memory is limited ('ulimit -v'), raise the limit"
    }
    let known = advice.first { systemMessage($0.code) == message }
    return known.map { "\(message); \($0.words)" } ?? message
  }
}

/// Folders are made with the rights that the umask leaves, and in the group of a setgid parent.
package enum Folder {
  /// Whether files can be put into a folder, or into the one in which it would be made.
  package static func isWritable(_ url: URL) -> Bool {
    if access(url.path, W_OK) == 0 { return true }
    let parent = url.deletingLastPathComponent()
    return errno == ENOENT && parent.path != url.path && isWritable(parent)
  }

  /// Makes a folder and those that it lies in; harmless where it is there already.
  package static func make(_ url: URL) throws(FileError) {
    if mkdir(url.path, 0o777) == 0 { return }
    if errno == EEXIST {
      var status = stat()
      if stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
      throw FileError(
        action: "make the folder", path: url.path, code: errno == ELOOP ? ELOOP : ENOTDIR)
    }
    let parent = url.deletingLastPathComponent()
    guard errno == ENOENT, parent.path != url.path else {
      throw FileError(action: "make the folder", path: url.path)
    }
    try make(parent)
    guard mkdir(url.path, 0o777) == 0 || errno == EEXIST else {
      throw FileError(action: "make the folder", path: url.path)
    }
  }
}

extension FileError {
  /// What Foundation says of a file, which it says to programmers.
  /// - Returns: nil for an error that is not about a file.
  package init?(_ error: any Error) {
    guard error is CocoaError || error is POSIXError || type(of: error) == NSError.self else {
      return nil
    }
    // What lies below is an NSError or not, as Foundation likes.
    let chain = Array(
      sequence(first: error as NSError) {
        ($0.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
      })
    guard chain[0].domain == NSCocoaErrorDomain || chain[0].domain == NSPOSIXErrorDomain else {
      return nil
    }
    let paths = chain.compactMap { error in
      error.userInfo[NSFilePathErrorKey] as? String
        ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
    }
    let system = chain.first { $0.domain == NSPOSIXErrorDomain }.map { Int32($0.code) }
    let isWriting = (512..<768).contains(chain[0].code)
    self.init(
      action: isWriting ? "write to" : "read", path: paths.first ?? "a file",
      code: system ?? Self.code(ofCocoaError: chain[0].code))
  }

  /// The system's error number that Foundation has left out.
  private static func code(ofCocoaError code: Int) -> Int32 {
    switch CocoaError.Code(rawValue: code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
    case .fileReadNoPermission, .fileWriteNoPermission: EACCES
    case .fileWriteFileExists: EEXIST
    case .fileWriteOutOfSpace: ENOSPC
    case .fileWriteVolumeReadOnly: EROFS
    case .fileReadInvalidFileName, .fileWriteInvalidFileName: ENAMETOOLONG
    case .fileReadTooLarge: EFBIG
    default: 0
    }
  }
}
