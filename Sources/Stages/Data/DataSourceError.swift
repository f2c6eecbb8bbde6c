/// Why bytes from outside cannot be had.
public enum DataSourceError: Error, Sendable, CustomStringConvertible {
  /// The text names no source.
  case malformed(String, expected: String)
  /// A file is in none of the search paths.
  case notFound(String, lookedIn: [String])
  /// A source that must be pinned is not.
  case unpinned(String)
  /// The bytes are not those that the recipe pins.
  case digest(path: String, expected: String, found: String)
  /// A download failed.
  case download(String, reason: String)
  /// An archive or compressed file is damaged or of a kind that is not read.
  case damaged(path: String, problem: String)
  /// A member is not in an archive, or more than one has its base name.
  case member(String, path: String, candidates: [String])

  /// A sentence for people.
  public var description: String {
    switch self {
    case .malformed(let text, let expected):
      "'\(text)' is no source; write \(expected)"
    case .notFound(let path, let folders):
      "there is no '\(path)' (looked for \(folders.joined(separator: ", "))); "
        + "set WARMUP_DATA to the folder that holds it"
    case .unpinned(let source):
      "'\(source)' comes from elsewhere and must be pinned; add 'sha256' with the file's SHA-256"
    case .digest(let path, let expected, let found):
      "\(path) has the SHA-256 \(found), but the recipe pins \(expected); "
        + "remove the file to fetch it again, or correct 'sha256' if the file is the right one"
    case .download(let source, let reason):
      "\(source) could not be fetched: \(reason); check the name and the network"
    case .damaged(let path, let problem):
      "\(path) cannot be unpacked: \(problem); remove it and fetch it again"
    case .member(let member, let path, let candidates):
      candidates.isEmpty
        ? "\(path) holds no '\(member)'; list the archive to find the right name"
        : "\(path) holds \(candidates.joined(separator: ", ")); "
          + "name one of them instead of '\(member)'"
    }
  }
}
