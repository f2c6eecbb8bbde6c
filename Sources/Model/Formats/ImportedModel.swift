import Foundation

/// A model from outside: weights, and what turns texts into tokens for it.
public struct ImportedModel: Sendable {
  /// The parameters, with the configuration.
  public let weights: Weights
  /// The tokenizer. Only a GGUF file may come without one.
  public let tokenizer: Tokenizer?
  /// The Jinja template that the model's authors use for conversations, if they give one.
  public let chatTemplate: String?

  /// Reads a Hugging Face folder, or a GGUF file.
  /// - Throws: `ModelImportError`, `SafetensorsError`, `GGUFError` or `TokenizerError`.
  public init(contentsOf url: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw ModelImportError.unreadable(path: url.path, reason: "there is no such file or folder")
    }
    if isFolder.boolValue {
      try self.init(huggingFaceFolder: url)
    } else {
      try self.init(gguf: try GGUFFile(contentsOf: url))
    }
  }

  init(weights: Weights, tokenizer: Tokenizer?, chatTemplate: String?, path: String) throws {
    let embeddings = weights.configuration.vocabularySize
    if let tokenizer, tokenizer.vocabularySize > embeddings {
      throw ModelImportError.vocabulary(
        path: path, tokens: tokenizer.vocabularySize, embeddings: embeddings)
    }
    self.weights = weights
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
  }
}

/// Tensors by their Hugging Face names, wherever they are stored.
protocol TensorSource {
  /// What error messages call the source.
  var path: String { get }
  /// The names and shapes.
  var shapes: [String: [Int]] { get }
  /// Writes the numbers of a tensor to memory of its size.
  func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws
}

extension Weights {
  /// Reads the parameters of a Hugging Face folder, whatever else it holds or lacks.
  /// - Throws: `ModelImportError` or `SafetensorsError`.
  package convenience init(_ configuration: ModelConfiguration, huggingFaceFolder folder: URL)
    throws
  {
    try self.init(configuration, from: try ShardedSafetensors(folder: folder))
  }

  /// Reads all parameters of a model. None may be missing, left over, of another shape or not finite.
  convenience init(_ configuration: ModelConfiguration, from source: any TensorSource) throws {
    try Weights.compare(ParameterLayout(configuration), with: source)
    self.init(configuration)
    for entry in layout.entries {
      try buffer.withElements(entry.offset..<entry.offset + entry.count) {
        try source.read(entry.name, into: $0)
      }
    }
    if let found = firstNotFinite() {
      throw ModelImportError.notFinite(
        path: source.path, tensor: found.parameter, index: found.index, value: found.value)
    }
    if configuration.tiedEmbeddings, source.shapes["lm_head.weight"] != nil {
      try checkTiedHead(of: source)
    }
  }

  private static func compare(_ layout: ParameterLayout, with source: any TensorSource) throws {
    func mismatch(_ problem: String) -> ModelImportError {
      .tensors(path: source.path, problem: problem)
    }
    let shapes = source.shapes
    for entry in layout.entries {
      guard let shape = shapes[entry.name] else {
        throw mismatch("the tensor '\(entry.name)' is missing")
      }
      guard shape == entry.shape else {
        throw mismatch("'\(entry.name)' has the shape \(shape), not \(entry.shape)")
      }
    }
    let extra = shapes.keys.filter { layout[$0] == nil && $0 != "lm_head.weight" }
    if let name = extra.min() {
      throw mismatch("the model has no use for the tensor '\(name)'")
    }
  }

  /// Some checkpoints repeat a tied embedding as the output layer; then it must be the same.
  private func checkTiedHead(of source: any TensorSource) throws {
    let name = "lm_head.weight"
    let embedding = self["model.embed_tokens.weight"] ?? []
    var head = [Float](repeating: 0, count: embedding.count)
    if source.shapes[name]?.reduce(1, *) == head.count {
      try head.withUnsafeMutableBufferPointer { try source.read(name, into: $0) }
    }
    guard head == embedding else {
      throw ModelImportError.tensors(
        path: source.path, problem: "'\(name)' differs from the embedding that it is tied to")
    }
  }
}
