/// What can be wrong with a tokenizer from outside.
public enum TokenizerError: Error, Sendable, CustomStringConvertible {
  /// The file says something impossible.
  case damaged(path: String, problem: String)
  /// The tokenizer works in a way that is not supported.
  case unsupported(path: String, feature: String, supported: String)
  /// A folder holds no tokenizer, or several.
  case missing(folder: String, tiktokenFiles: [String])
  /// A vocabulary cannot be trained to a size.
  case tooSmall(size: Int, least: Int)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .damaged(let path, let problem):
      "\(path) does not describe a tokenizer: \(problem); use the checkpoint's own file"
    case .unsupported(let path, let feature, let supported):
      "\(path) uses \(feature), which is not supported; supported: \(supported)"
    case .missing(let folder, []):
      "\(folder) holds no tokenizer; put a tokenizer.json, a vocab.json with merges.txt, or a "
        + "tiktoken file there"
    case .missing(let folder, let files):
      "\(folder) holds several tokenizers (\(files.joined(separator: ", "))); leave one there"
    case .tooSmall(let size, let least):
      "a vocabulary of \(size) tokens cannot be trained: bytes and special tokens alone are "
        + "\(least); ask for more"
    }
  }
}
