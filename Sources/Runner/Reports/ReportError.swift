/// Why a table or figure cannot be made from what a recipe asks for.
public enum ReportError: Error, CustomStringConvertible, Equatable {
  /// A table or figure names something that does not exist; the sentence says what to do.
  case impossible(String)
  /// A file of published values cannot be read.
  case unreadablePublished(path: String, reason: String)
  /// A file of published values holds mistakes: each with file, line, column and the line itself.
  case mistakenPublished(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .impossible(let sentence): sentence
    case .unreadablePublished(let path, let reason):
      "the published values in \(path) cannot be read: \(reason)"
    case .mistakenPublished(let mistakes): mistakes
    }
  }
}
