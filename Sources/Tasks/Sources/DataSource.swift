import Base
import Foundation

/// Where bytes from outside come from, as a recipe's `source:` names it.
package enum DataSource: Sendable, Hashable {
  /// A file or folder: absolute, or looked up in the search paths.
  case path(String)
  /// A file inside a Python package, by its path in the wheel or by its base name.
  case package(name: String, version: String, member: String)
  case web(URL)

  /// Reads `data/x.jsonl.gz`, `pip:PACKAGE==VERSION/MEMBER` or `https://…`.
  /// - Throws: `DataSourceError.malformed` that shows how it should look.
  package init(parsing text: String) throws {
    if text.hasPrefix("pip:") {
      guard let package = Self.package(text.dropFirst(4)) else {
        throw DataSourceError.malformed(text, expected: "pip:PACKAGE==VERSION/FILE")
      }
      self = package
    } else if text.contains("://") {
      guard let url = URL(string: text), url.scheme == "https", url.host()?.isEmpty == false else {
        throw DataSourceError.malformed(text, expected: "https://HOST/FILE")
      }
      self = .web(url)
    } else {
      guard !text.isEmpty else {
        throw DataSourceError.malformed(text, expected: "a path, pip:… or https://…")
      }
      self = .path(text)
    }
  }

  /// Whether the source must be pinned by its SHA-256, since it lies on other people's machines.
  package var needsDigest: Bool {
    if case .path = self { false } else { true }
  }

  private static func package(_ text: Substring) -> DataSource? {
    guard let slash = text.firstIndex(of: "/"), let equals = text[..<slash].range(of: "==") else {
      return nil
    }
    let name = text[..<equals.lowerBound]
    let version = text[equals.upperBound..<slash]
    let member = text[slash...].dropFirst()
    let parts = member.split(separator: "/", omittingEmptySubsequences: false)
    guard isPlain(name), isPlain(version), !parts.contains(where: { ["", ".", ".."].contains($0) })
    else { return nil }
    return .package(name: String(name), version: String(version), member: String(member))
  }

  /// Names and versions go to a command line, so they may hold nothing but what packages use.
  private static func isPlain(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "._-+!".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}

/// Why bytes from outside cannot be had.
package enum DataSourceError: Error, Sendable, CustomStringConvertible {
  /// The text names no source.
  case malformed(String, expected: String)
  /// A file is in none of the search paths.
  case notFound(String, lookedIn: [String])
  /// A symbolic link that leads nowhere or round in a circle.
  case link(path: String, target: String)
  /// A source that must be pinned is not.
  case unpinned(String)
  /// The bytes are not those that the recipe pins.
  case digest(path: String, expected: String, found: String)
  /// The bytes are not those that the plan was made with.
  case changed(path: String)
  case download(String, reason: String)
  /// A download is larger than it may be, or has no end.
  case unbounded(String, reason: String)
  /// An archive or compressed file is damaged or of a kind that is not read.
  case damaged(path: String, problem: String)
  /// A compressed file unpacks to more than so many bytes.
  case tooLarge(path: String, bytes: Int)
  /// A member is not in an archive, or more than one has its base name.
  case member(String, path: String, candidates: [String])

  package var description: String {
    switch self {
    case .malformed(let text, let expected):
      "'\(text)' is not a source; write \(expected)"
    case .notFound(let path, let folders):
      "there is no '\(path)' (looked for \(folders.joined(separator: ", "))); "
        + "set WARMUP_DATA to the folder that holds it"
    case .link(let path, let target):
      "\(path) is a link to '\(target)', which leads nowhere or round in a circle; correct the link, or "
        + "name the file or folder itself"
    case .unpinned(let source):
      "'\(source)' comes from elsewhere and must be pinned; add 'sha256' with the file's SHA-256"
    case .digest(let path, let expected, let found):
      "\(path) has the SHA-256 \(found), but the recipe pins \(expected); "
        + "remove the file to fetch it again, or correct 'sha256' if the file is the right one"
    case .changed(let path):
      "\(path) has changed since the run was planned; nothing was made from it. Run again to use "
        + "it as it is now"
    case .download(let source, let reason):
      "\(source) could not be fetched: \(reason); check the name and the network"
    case .unbounded(let source, let reason):
      "\(source) is not fetched: \(reason); fetch it yourself if you trust it, and name the file as "
        + "'source'"
    case .damaged(let path, let problem):
      "\(path) cannot be unpacked: \(problem); remove it and fetch it again"
    case .tooLarge(let path, let bytes):
      "\(path) unpacks to more than \(bytes >> 20) MiB, far more than its size lets expect, and was "
        + "not unpacked; unpack it yourself if you trust it"
    case .member(let member, let path, let candidates):
      candidates.isEmpty
        ? "\(path) holds no '\(member)'; list the archive to find the right name"
        : "\(path) holds \(candidates.joined(separator: ", ")); "
          + "name one of them instead of '\(member)'"
    }
  }
}

/// Names the files of a folder that count, relative to it.
package typealias FolderList = @Sendable (URL) throws -> [String]

/// SHA-256 of files and folders from outside.
package enum ContentDigest {
  /// The digest of a file; of a folder, the digest of a list of its files' names and digests. Links
  /// are followed.
  /// - Parameters:
  ///   - digests: remembers those of files that lie still.
  ///   - filesRead: the files of a folder that count; all where nothing is said.
  package static func hex(
    of url: URL, _ digests: FileDigests = FileDigests(), filesRead: FolderList? = nil
  ) throws -> String {
    guard isFolder(url) else { return try digests.hex(of: url) }
    var list = ""
    for name in try names(in: url, filesRead) {
      list += "\(try digests.hex(of: url.appending(path: name))) \(name)\n"
    }
    return SHA256Digest.hex(of: Data(list.utf8))
  }

  /// The files whose bytes make up the digest of a file or folder.
  package static func files(of url: URL, _ filesRead: FolderList? = nil) throws -> [URL] {
    isFolder(url) ? try names(in: url, filesRead).map { url.appending(path: $0) } : [url]
  }

  private static func names(in folder: URL, _ filesRead: FolderList?) throws -> [String] {
    if let filesRead { return try filesRead(folder) }
    // A link itself has no subpaths.
    return try FileManager.default.subpathsOfDirectory(
      atPath: folder.resolvingSymlinksInPath().path
    )
    .filter { !isFolder(folder.appending(path: $0)) }
    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Compares bytes with their pin.
  /// - Throws: `DataSourceError.digest`.
  static func check(
    _ url: URL, _ pin: String, shownAs name: String? = nil, _ digests: FileDigests = FileDigests(),
    filesRead: FolderList? = nil
  ) throws {
    let found = try hex(of: url, digests, filesRead: filesRead)
    guard found == pin else {
      throw DataSourceError.digest(path: name ?? url.path, expected: pin, found: found)
    }
  }

  /// Whether a text can be a SHA-256.
  package static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }
}
