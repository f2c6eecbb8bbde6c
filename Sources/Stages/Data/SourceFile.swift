import Foundation
import Runner

extension DataSource {
  /// The bytes behind the source, for a stage's key. A pinned source is not touched.
  /// - Throws: `DataSourceError` where it is neither pinned nor on this machine.
  public func content(
    named name: String = "source", sha256: String?, in environment: StageEnvironment
  ) throws -> ExternalContent {
    if let sha256 { return ExternalContent(name: name, sha256: sha256.lowercased()) }
    guard case .path(let path) = self else { throw DataSourceError.unpinned(description) }
    let file = try Self.locate(path, in: environment)
    return ExternalContent(name: name, sha256: try ContentDigest.hex(of: file))
  }

  /// The file or folder behind the source, fetched if need be and checked against its pin.
  /// - Throws: `DataSourceError`, or `StageError.interrupted`.
  public func file(
    sha256: String?, in environment: StageEnvironment, interruption: Interruption = Interruption(),
    progress: any ProgressSink = SilentProgress()
  ) throws -> URL {
    let pin = sha256?.lowercased()
    if case .path(let path) = self {
      let file = try Self.locate(path, in: environment)
      if let pin { try ContentDigest.check(file, pin) }
      return file
    }
    guard let pin else { throw DataSourceError.unpinned(description) }
    let file = downloadedFile(in: environment)
    let folder = file.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let lock = try DownloadLock(beside: file, interruption: interruption)
    defer { lock.release() }
    if FileManager.default.fileExists(atPath: file.path) {
      try ContentDigest.check(file, pin)
    } else {
      try fetch(to: file, pin, progress, interruption)
    }
    return file
  }

  /// Where a download is kept once it is there.
  func downloadedFile(in environment: StageEnvironment) -> URL {
    environment.downloads.appending(path: downloadPath)
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

  /// The file or folder of a path.
  /// - Throws: `DataSourceError.notFound`.
  static func locate(_ path: String, in environment: StageEnvironment) throws -> URL {
    let candidates =
      path.hasPrefix("/")
      ? [URL(filePath: path)] : environment.searchPaths.map { $0.appending(path: path) }
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      return found
    }
    throw DataSourceError.notFound(path, lookedIn: candidates.map(\.path))
  }
}

extension DataSource: CustomStringConvertible {
  /// The source as recipes write it.
  public var description: String {
    switch self {
    case .path(let path): path
    case .package(let name, let version, let member): "pip:\(name)==\(version)/\(member)"
    case .web(let url): url.absoluteString
    }
  }
}
