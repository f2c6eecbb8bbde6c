/// What can be wrong with a safetensors file.
public enum SafetensorsError: Error, Sendable, CustomStringConvertible {
  /// The file cannot be opened.
  case unreadable(path: String, reason: String)
  /// The file breaks off, or its header contradicts itself.
  case damaged(path: String, problem: String)
  /// A tensor is not there.
  case missing(path: String, tensor: String)
  /// A tensor holds another type of numbers than asked for.
  case type(path: String, tensor: String, found: String, expected: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .damaged(let path, let problem):
      "\(path) is not a whole safetensors file: \(problem); fetch or export it again"
    case .missing(let path, let tensor):
      "\(path) has no tensor '\(tensor)'; use the files of a whole checkpoint"
    case .type(let path, let tensor, let found, let expected):
      "\(path): tensor '\(tensor)' holds \(found), which cannot be read as \(expected); "
        + "convert it to \(expected)"
    }
  }
}
