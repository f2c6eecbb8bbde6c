/// Why a model from outside cannot be used.
public enum ModelImportError: Error, Sendable, CustomStringConvertible {
  /// A file or folder cannot be read.
  case unreadable(path: String, reason: String)
  /// The configuration is no good.
  case configuration(path: String, problem: String)
  /// The model is of another family.
  case architecture(path: String, found: String)
  /// The model needs something that this program does not compute.
  case unsupported(path: String, feature: String)
  /// Tensors do not match the configuration.
  case tensors(path: String, problem: String)
  /// A tensor holds a number that is infinite or none at all.
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  /// The tokenizer knows more tokens than the model has embeddings.
  case vocabulary(path: String, tokens: Int, embeddings: Int)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .configuration(let path, let problem):
      "\(path) does not describe a model: \(problem); use the checkpoint's own file"
    case .architecture(let path, let found):
      "\(path) describes a model of the family '\(found)'; supported are llama and qwen2"
    case .unsupported(let path, let feature):
      "\(path) asks for \(feature), which is not supported; choose a checkpoint without it"
    case .tensors(let path, let problem):
      "\(path) does not match its configuration: \(problem); use the files of one checkpoint"
    case .notFinite(let path, let tensor, let index, let value):
      "\(path): the tensor '\(tensor)' holds \(value) at element \(index), and a model must not; "
        + "fetch the file again, or take one in another number format"
    case .vocabulary(let path, let tokens, let embeddings):
      "\(path): the tokenizer has \(tokens) tokens but the model only \(embeddings) embeddings; "
        + "use the tokenizer that belongs to the model"
    }
  }
}
