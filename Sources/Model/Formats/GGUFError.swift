/// What can be wrong with a GGUF file.
public enum GGUFError: Error, Sendable, CustomStringConvertible {
  /// The file cannot be opened.
  case unreadable(path: String, reason: String)
  /// The file is none, breaks off, or contradicts itself.
  case damaged(path: String, problem: String)
  /// The file is sound but of a kind that is not read.
  case unsupported(path: String, problem: String)
  /// Metadata that a model needs is not there or of another type.
  case metadata(path: String, key: String, expected: String)
  /// A tensor is not there.
  case missing(path: String, tensor: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .damaged(let path, let problem):
      "\(path) is not a whole GGUF file: \(problem); fetch it again"
    case .unsupported(let path, let problem): "\(path) cannot be used: \(problem)"
    case .metadata(let path, let key, let expected):
      "\(path) has no metadata '\(key)' that is \(expected); "
        + "use a file made by llama.cpp's converter"
    case .missing(let path, let tensor):
      "\(path) has no tensor '\(tensor)'; use a file that holds the whole model"
    }
  }
}
