import Foundation

extension ImportedModel {
  /// Takes the model out of a GGUF file, with its tokenizer where the file has one.
  /// - Throws: `ModelImportError`, `GGUFError` or `TokenizerError`.
  public init(gguf file: GGUFFile) throws {
    let configuration = try ModelConfiguration(gguf: file)
    let hasTokenizer = file.metadata["tokenizer.ggml.model"] != nil
    try self.init(
      weights: try Weights(configuration, from: GGUFTensors(file, configuration)),
      tokenizer: hasTokenizer ? try Tokenizer(gguf: file) : nil,
      chatTemplate: file.metadata["tokenizer.chat_template"]?.string,
      path: file.path)
  }
}

extension ModelConfiguration {
  /// Reads the model's shape from the metadata of a GGUF file.
  /// - Throws: `ModelImportError` or `GGUFError` that names what is missing or not supported.
  public init(gguf file: GGUFFile) throws {
    let found = file.metadata["general.architecture"]?.string ?? "none"
    guard let architecture = Architecture(rawValue: found) else {
      throw ModelImportError.architecture(path: file.path, found: found)
    }
    try refuseUnsupported(file, prefix: found)
    let hiddenSize = try integer(file, "\(found).embedding_length")
    let headCount = try integer(file, "\(found).attention.head_count")
    let headSize =
      file.metadata["\(found).attention.key_length"]?.integer ?? hiddenSize / max(1, headCount)
    guard let embedding = file.tensors["token_embd.weight"]?.shape.first else {
      throw GGUFError.missing(path: file.path, tensor: "token_embd.weight")
    }
    self.init(
      architecture: architecture, vocabularySize: embedding, hiddenSize: hiddenSize,
      intermediateSize: try integer(file, "\(found).feed_forward_length"),
      layerCount: try integer(file, "\(found).block_count"),
      headCount: headCount,
      keyValueHeadCount: file.metadata["\(found).attention.head_count_kv"] == nil
        ? headCount : try integer(file, "\(found).attention.head_count_kv"),
      headSize: headSize,
      contextLength: try integer(file, "\(found).context_length"),
      ropeTheta: file.metadata["\(found).rope.freq_base"]?.number ?? 10000,
      normEpsilon: try number(file, "\(found).attention.layer_norm_rms_epsilon"),
      tiedEmbeddings: file.tensors["output.weight"] == nil,
      attentionBias: architecture == .qwen2,
      beginToken: token(file, "bos"),
      endTokens: [token(file, "eos"), token(file, "eot")].compactMap { $0 }.uniqued())
    try check(path: file.path)
    if let rotated = file.metadata["\(found).rope.dimension_count"]?.integer, rotated != headSize {
      throw ModelImportError.unsupported(path: file.path, feature: "heads that rotate in part")
    }
  }
}

private func integer(_ file: GGUFFile, _ key: String) throws -> Int {
  guard let value = file.metadata[key]?.integer else {
    throw GGUFError.metadata(path: file.path, key: key, expected: "an integer")
  }
  return value
}

private func number(_ file: GGUFFile, _ key: String) throws -> Double {
  guard let value = file.metadata[key]?.number else {
    throw GGUFError.metadata(path: file.path, key: key, expected: "a number")
  }
  return value
}

private func token(_ file: GGUFFile, _ role: String) -> Int32? {
  file.metadata["tokenizer.ggml.\(role)_token_id"]?.integer.flatMap { Int32(exactly: $0) }
}

private func refuseUnsupported(_ file: GGUFFile, prefix: String) throws {
  let scaling = file.metadata["\(prefix).rope.scaling.type"]?.string ?? "none"
  let experts = file.metadata["\(prefix).expert_count"]?.integer ?? 0
  let window = file.metadata["\(prefix).attention.sliding_window"]?.integer ?? 0
  let problems = [
    (scaling != "none" || file.tensors["rope_freqs.weight"] != nil, "rope_scaling"),
    (experts > 0, "a mixture of experts"),
    (window > 0, "sliding-window attention"),
  ]
  if let problem = problems.first(where: \.0) {
    throw ModelImportError.unsupported(path: file.path, feature: problem.1)
  }
}

extension Array where Element: Hashable {
  /// The elements without repetitions, in their order.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
