import Foundation

/// A model from outside, opened: all of it but the weights, which are read tensor by tensor.
package struct ModelSource: Sendable {
  package let configuration: ModelConfiguration
  /// The tokenizer. Only a GGUF file may come without one.
  package let tokenizer: Tokenizer?
  /// The Jinja template that the model's authors use for conversations, if they give one.
  package let chatTemplate: String?
  /// What is worth knowing of how it is read.
  package let note: String?
  /// The weights, by the names and in the shapes of the configuration's layout.
  package let tensors: any TensorSource

  /// Opens a Hugging Face folder, or a GGUF file.
  /// - Throws: `ModelImportError`, `SafetensorsError`, `GGUFError` or `TokenizerError`.
  package init(contentsOf url: URL) throws {
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

  private init(
    _ configuration: ModelConfiguration, _ tokenizer: Tokenizer?, _ tensors: any TensorSource,
    chatTemplate: String?, note: String? = nil
  ) throws {
    try tensors.check(against: ParameterLayout(configuration))
    let embeddings = configuration.vocabularySize
    if let tokenizer, tokenizer.vocabularySize > embeddings {
      throw ModelImportError.vocabulary(
        path: tensors.path, tokens: tokenizer.vocabularySize, embeddings: embeddings)
    }
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
    self.note = note
    self.tensors = tensors
  }

  /// Opens a folder with config.json, a tokenizer and safetensors, in one file or sharded.
  private init(huggingFaceFolder folder: URL) throws {
    let names = try fileNames(in: folder)
    if !names.contains("config.json"), let file = names.filter({ $0.hasSuffix(".gguf") }).min() {
      throw ModelImportError.unreadable(
        path: folder.path,
        reason: "it has no config.json, as a Hugging Face folder has; name the file \(file) itself")
    }
    let configuration = try ModelConfiguration(huggingFaceFolder: folder)
    let tokenizer = try Tokenizer(huggingFaceFolder: folder)
    try self.init(
      configuration, tokenizer, try ShardedSafetensors(folder: folder, configuration),
      chatTemplate: try storedChatTemplate(in: folder), note: try ModelFolder.note(on: folder))
  }

  /// Opens a GGUF file, with its tokenizer where the file has one.
  private init(gguf file: GGUFFile) throws {
    let configuration = try ModelConfiguration(gguf: file)
    let hasTokenizer = file.metadata["tokenizer.ggml.model"] != nil
    try self.init(
      configuration, hasTokenizer ? try Tokenizer(gguf: file) : nil,
      GGUFTensors(file, configuration),
      chatTemplate: file.metadata["tokenizer.chat_template"]?.string)
  }
}

/// A model from outside in memory: weights, and what turns texts into tokens for it.
package struct ImportedModel: Sendable {
  package let weights: Weights
  /// The tokenizer. Only a GGUF file may come without one.
  package let tokenizer: Tokenizer?
  /// The Jinja template that the model's authors use for conversations, if they give one.
  package let chatTemplate: String?
  /// What is worth knowing of how it was read.
  package let note: String?

  /// Reads a Hugging Face folder, or a GGUF file.
  /// - Parameter layers: How the blocks' linear layers are held.
  /// - Throws: `ModelImportError`, `SafetensorsError`, `GGUFError` or `TokenizerError`.
  package init(contentsOf url: URL, layers: Precision = .float32) throws {
    let source = try ModelSource(contentsOf: url)
    try source.tensors.checkTiedHead(of: source.configuration)
    weights = try Weights(source.configuration, from: source.tensors, layers: layers)
    tokenizer = source.tokenizer
    chatTemplate = source.chatTemplate
    note = source.note
  }
}

extension Weights {
  /// Reads the parameters of a Hugging Face folder, whatever else it holds or lacks.
  /// - Throws: `ModelImportError` or `SafetensorsError`.
  package convenience init(
    _ configuration: ModelConfiguration, huggingFaceFolder folder: URL,
    layers: Precision = .float32
  ) throws {
    let source = try ShardedSafetensors(folder: folder, configuration)
    try source.checkTiedHead(of: configuration)
    try self.init(configuration, from: source, layers: layers)
  }
}

extension ModelConfiguration {
  /// What config.json and generation_config.json of a folder say.
  /// - Throws: `ModelImportError`, also for tokens that the model has no embedding for.
  init(huggingFaceFolder folder: URL) throws {
    let file = folder.appending(path: "config.json")
    try self.init(huggingFaceConfig: try contents(of: file), path: file.path)
    if let endTokens = try generationEndTokens(in: folder) { self.endTokens = endTokens }
    try checkTokens(path: folder.path)
  }
}

/// The end tokens of generation_config.json, which go before those of config.json.
private func generationEndTokens(in folder: URL) throws -> [Int32]? {
  struct Generation: Decodable {
    let endTokens: ConfigurationJSON.OneOrMany?

    enum CodingKeys: String, CodingKey { case endTokens = "eos_token_id" }
  }
  let file = folder.appending(path: "generation_config.json")
  guard isThere(file) else { return nil }
  do {
    return try JSONDecoder().decode(Generation.self, from: try contents(of: file)).endTokens?.ids
  } catch let error as DecodingError {
    throw ModelImportError.configuration(path: file.path, problem: sentence(for: error))
  }
}

/// The chat template: a file of its own, or a field of tokenizer_config.json.
private func storedChatTemplate(in folder: URL) throws -> String? {
  struct Settings: Decodable {
    let template: Template?

    enum CodingKeys: String, CodingKey { case template = "chat_template" }
  }
  let file = folder.appending(path: "chat_template.jinja")
  if isThere(file) {
    return String(decoding: try contents(of: file), as: UTF8.self)
  }
  let settings = folder.appending(path: "tokenizer_config.json")
  guard isThere(settings) else { return nil }
  do {
    return try JSONDecoder().decode(Settings.self, from: try contents(of: settings)).template?.text
  } catch let error as DecodingError {
    throw ModelImportError.configuration(path: settings.path, problem: sentence(for: error))
  }
}

/// One template, or several with names, of which `default` counts.
private struct Template: Decodable {
  let text: String?

  init(from decoder: any Decoder) throws {
    struct Named: Decodable {
      let name: String
      let template: String
    }
    let container = try decoder.singleValueContainer()
    if let one = try? container.decode(String.self) {
      text = one
    } else {
      let named = try container.decode([Named].self)
      text = named.first { $0.name == "default" }?.template
    }
  }
}

extension ModelConfiguration {
  /// Reads the model's shape from the metadata of a GGUF file.
  /// - Throws: `ModelImportError` or `GGUFError` that names what is missing or not supported.
  package init(gguf file: GGUFFile) throws {
    let found = file.metadata["general.architecture"]?.string ?? "none"
    guard let architecture = Architecture.allCases.first(where: { $0.ggufName == found }) else {
      throw ModelImportError.architecture(path: file.path, found: found)
    }
    guard architecture.family.isReadFromGGUF else {
      throw ModelImportError.unreadGGUF(path: file.path, family: architecture.family.name)
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
      attentionBias: architecture.family.hasBias,
      beginToken: try token(file, "bos"),
      endTokens: [try token(file, "eos"), try token(file, "eot")].compactMap { $0 }.uniqued())
    rotaryScaling = try RotaryScaling(
      gguf: file, prefix: found, headSize: headSize, theta: ropeTheta)
    try check(path: file.path)
    try checkTokens(path: file.path)
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

/// A token with a role, if the file names one.
private func token(_ file: GGUFFile, _ role: String) throws -> Int32? {
  let key = "tokenizer.ggml.\(role)_token_id"
  return file.metadata[key] == nil ? nil : Int32(clamping: try integer(file, key))
}

private func refuseUnsupported(_ file: GGUFFile, prefix: String) throws {
  let experts = file.metadata["\(prefix).expert_count"]?.integer ?? 0
  let window = file.metadata["\(prefix).attention.sliding_window"]?.integer ?? 0
  let parts = file.metadata["split.count"]?.integer ?? 1
  let problems = [
    (parts > 1, "\(parts) files that belong together ('llama-gguf-split --merge' joins them)"),
    (experts > 0, "a mixture of experts"),
    (window > 0, "sliding-window attention"),
  ]
  if let problem = problems.first(where: \.0) {
    throw ModelImportError.unsupported(path: file.path, feature: problem.1)
  }
}

package enum ModelImportError: Error, Sendable, CustomStringConvertible {
  /// A file or folder cannot be read.
  case unreadable(path: String, reason: String)
  case configuration(path: String, problem: String)
  /// The model is of another family.
  case architecture(path: String, found: String)
  /// Models of the family are read from Hugging Face folders only.
  case unreadGGUF(path: String, family: String)
  /// The model needs something that this program does not compute.
  case unsupported(path: String, feature: String)
  /// A text begins or ends with a token that the model has no embedding for.
  case token(Int32, role: String, path: String, vocabularySize: Int)
  /// Tensors do not match the configuration.
  case tensors(path: String, problem: String)
  /// A tensor holds a number that is infinite or none at all.
  case notFinite(path: String, tensor: String, index: Int, value: Float)
  /// The tokenizer knows more tokens than the model has embeddings.
  case vocabulary(path: String, tokens: Int, embeddings: Int)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .configuration(let path, let problem):
      "\(path) does not describe a model: \(problem); use the checkpoint's own file"
    case .architecture(let path, let found):
      "\(path) describes a model of the family '\(found)'\(ModelFamily.reason(against: found)); "
        + "supported are \(ModelFamily.supported), and 'warmup models' lists models of them"
    case .unreadGGUF(let path, let family):
      "\(path) holds a model of the family \(family), which is not read from GGUF files; take its "
        + "Hugging Face folder"
    case .unsupported(let path, let feature):
      "\(path) asks for \(feature), which is not supported; choose a checkpoint without it"
    case .token(let id, let role, let path, let count):
      "\(path) does not describe a model: a text \(role) with the token \(id), but the model has the "
        + "tokens 0 to \(count - 1); use the checkpoint's own file"
    case .tensors(let path, let problem):
      "\(path) does not match its configuration: \(problem); use the files of one checkpoint"
    case .notFinite(let path, let tensor, let index, let value):
      "\(path): the tensor '\(tensor)' holds \(value) at element \(index), and a model must not; "
        + "make or fetch it again, or take one in another number format"
    case .vocabulary(let path, let tokens, let embeddings):
      "\(path): the tokenizer has \(tokens) tokens but the model only \(embeddings) embeddings; "
        + "use the tokenizer that belongs to the model"
    }
  }
}

extension Tokenizer {
  /// Reads the tokenizer of a model without the model: a Hugging Face folder, a tokenizer.json, a
  /// GGUF file or a tiktoken file. Files are told apart by what they hold, not by their names.
  /// - Throws: `TokenizerError`, `GGUFError` or `ModelImportError`.
  package init(contentsOf url: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw ModelImportError.unreadable(path: url.path, reason: "there is no such file or folder")
    }
    if isFolder.boolValue {
      try self.init(huggingFaceFolder: url)
      return
    }
    let data = try contents(of: url, mayBeEmpty: true)
    if data.starts(with: "GGUF".utf8) {
      try self.init(gguf: try GGUFFile(data, path: url.path))
    } else if data.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      try self.init(huggingFace: data, path: url.path)
    } else {
      try self.init(tiktoken: data, path: url.path)
    }
  }

  /// Reads the tokenizer of a folder: its tokenizer.json; or else its vocab.json with merges.txt;
  /// or else its tiktoken file.
  /// - Throws: `TokenizerError` or `ModelImportError`.
  init(huggingFaceFolder folder: URL) throws {
    let names = try fileNames(in: folder)
    if names.contains("tokenizer.json") {
      let file = folder.appending(path: "tokenizer.json")
      try self.init(
        huggingFace: try contents(of: file), path: file.path,
        settings: try TokenizerSettings(in: folder))
    } else if names.isSuperset(of: ["vocab.json", "merges.txt"]) {
      try self.init(vocabularyFilesIn: folder)
    } else {
      let found = names.filter { $0.hasSuffix(".tiktoken") }
      if found.isEmpty, let model = names.filter({ $0.hasSuffix(".model") }).min() {
        throw TokenizerError.unsupported(
          path: folder.appending(path: model).path, feature: "SentencePiece's own format",
          supported: "tokenizer.json, which transformers makes of it: "
            + "AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER')")
      }
      guard let name = found.first, found.count == 1 else {
        throw TokenizerError.missing(folder: folder.path, tiktokenFiles: found.sorted())
      }
      let file = folder.appending(path: name)
      try self.init(tiktoken: try contents(of: file, mayBeEmpty: true), path: file.path)
    }
  }
}
