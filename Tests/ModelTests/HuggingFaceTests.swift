import Foundation
import Model
import TestSupport
import Testing

@Suite struct HuggingFaceTests {
  private func tokenizer() throws -> Tokenizer {
    try Tokenizer.train(
      texts: ["a knight and a knave"], vocabularySize: 270,
      specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
  }

  @Test(arguments: ModelConfiguration.Architecture.allCases, [true, false])
  func importsWhatItExports(
    _ architecture: ModelConfiguration.Architecture, tied: Bool
  ) throws {
    let folder = try ScratchFolder()
    let weights = tinyWeights(architecture, tied: tied)
    let tokenizer = try tokenizer()
    try HuggingFaceExport.write(
      weights, tokenizer: tokenizer, chatTemplate: "{{ \"x\" }}\n", to: folder.url)
    let read = try ImportedModel(contentsOf: folder.url)
    #expect(read.weights.configuration == weights.configuration)
    let all = 0..<weights.layout.count
    #expect(read.weights.buffer[all] == weights.buffer[all])
    #expect(read.tokenizer?.huggingFace == tokenizer.huggingFace)
    #expect(read.chatTemplate == "{{ \"x\" }}\n")
  }

  private static var configuration: [String: Any] {
    [
      "model_type": "llama", "vocab_size": 300, "hidden_size": 8, "intermediate_size": 12,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
      "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu",
      "tie_word_embeddings": true, "eos_token_id": [2, 0], "rope_scaling": NSNull(),
    ]
  }

  private func read(changing changes: [String: Any]) throws -> ModelConfiguration {
    let json = Self.configuration.merging(changes) { $1 }
    return try ModelConfiguration(huggingFaceConfig: JSONSerialization.data(withJSONObject: json))
  }

  @Test(arguments: [
    (#"{}"#, 1e4),
    (#"{"rope_theta": 5e5}"#, 5e5),
    (#"{"rope_theta": 5e5, "rope_scaling": {"type": "default"}}"#, 5e5),
    (#"{"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}"#, 1e6),
    (#"{"rope_parameters": {"rope_theta": 1e6}, "rope_theta": 5e5}"#, 1e6),
    (#"{"rope_parameters": {"rope_type": "default"}, "rope_theta": 5e5}"#, 5e5),
    (#"{"rope_parameters": {"rope_theta": 1e6, "partial_rotary_factor": 1.0}}"#, 1e6),
    (#"{"rope_parameters": null, "rope_scaling": null}"#, 1e4),
  ])
  func readsEveryStyleOfRotaryBase(_ changes: String, _ base: Double) throws {
    #expect(try read(changing: changes).ropeTheta == base)
  }

  /// What transformers takes where the file says nothing.
  @Test func whatIsLeftOutHasTheDefaultsOfTransformers() throws {
    let names = ["tie_word_embeddings", "num_key_value_heads", "rms_norm_eps", "hidden_act"]
    let nothing = Dictionary(uniqueKeysWithValues: names.map { ($0, NSNull() as Any) })
    for family in ["llama", "qwen2"] {
      let read = try read(changing: nothing.merging(["model_type": family]) { $1 })
      #expect(!read.tiedEmbeddings && read.normEpsilon == 1e-6)
      #expect(read.keyValueHeadCount == 4 && read.headSize == 2)
      #expect(read.attentionBias == (family == "qwen2"))
    }
    #expect(try read(changing: [:]).endTokens == [2, 0])
    let qwen: [String: Any] = [
      "model_type": "qwen2", "use_sliding_window": false, "sliding_window": 32,
    ]
    #expect(try read(changing: qwen).architecture == .qwen2)
  }

  @Test(arguments: [
    (#"{"rope_scaling": null}"#, RotaryScaling.none),
    (#"{"rope_scaling": {"type": "linear", "factor": 1.0}}"#, .none),
    (#"{"rope_scaling": {"type": "linear", "factor": 2}}"#, .linear(factor: 2)),
    (
      #"{"rope_parameters": {"rope_type": "linear", "factor": 4, "rope_theta": 1e4}}"#,
      .linear(factor: 4)
    ),
    (
      #"{"rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0}"#,
      .llama3(factor: 32, low: 1, high: 4, original: 8192)
    ),
    (
      #"{"rope_scaling": {"factor": 8, "high_freq_factor": 4, "low_freq_factor": 1, "rope_type": "llama3"}}"#,
      .llama3(factor: 8, low: 1, high: 4, original: 64)
    ),
    (
      #"{"model_type": "gemma3_text", "rope_scaling": {"rope_type": "linear", "factor": 8.0}}"#,
      .linear(factor: 8)
    ),
  ])
  func readsScaling(_ changes: String, _ scaling: RotaryScaling) throws {
    let configuration = try read(changing: changes)
    #expect(configuration.rotaryScaling == scaling)
    #expect(
      try ModelConfiguration(huggingFaceConfig: configuration.huggingFaceConfig) == configuration)
  }

  /// What transformers takes where the file says nothing.
  @Test func whatIsLeftOutHasTheDefaultsOfTheFamily() throws {
    func family(_ name: String, _ changes: [String: Any] = [:]) throws -> ModelConfiguration {
      let nothing = ["tie_word_embeddings", "rms_norm_eps"].map { ($0, NSNull() as Any) }
      return try read(
        changing: Dictionary(uniqueKeysWithValues: nothing)
          .merging(["model_type": name, "num_hidden_layers": 8]) { $1 }
          .merging(changes) { $1 })
    }
    let qwen3 = try family("qwen3")
    #expect(qwen3.headSize == 128 && !qwen3.tiedEmbeddings && qwen3.normEpsilon == 1e-6)
    let olmo2 = try family("olmo2")
    #expect(olmo2.headSize == 2 && !olmo2.tiedEmbeddings && olmo2.normEpsilon == 1e-5)
    let smollm3 = try family("smollm3")
    #expect(smollm3.ropeTheta == 2e6 && smollm3.tiedEmbeddings)
    #expect((0..<8).filter { smollm3.attention(of: $0) == .unrotated } == [3, 7])
    let gemma3 = try family("gemma3_text")
    #expect(gemma3.headSize == 256 && gemma3.queryScale == nil && gemma3.tiedEmbeddings)
    #expect(gemma3.ropeTheta == 1e6 && gemma3.localRopeTheta == 1e4)
    #expect((0..<8).filter { gemma3.window(of: $0) == nil } == [5])
    #expect(gemma3.window(of: 0) == 4096)
    #expect(try family("gemma3_text", ["sliding_window_pattern": 2]).window(of: 1) == nil)
  }

  private func read(changing changes: String) throws -> ModelConfiguration {
    let json = try JSONSerialization.jsonObject(with: Data(changes.utf8))
    return try read(changing: try #require(json as? [String: Any]))
  }

  @Test(arguments: [
    (#"{"rope_scaling": {"type": "linear"}}"#, "'linear' has no positive 'factor'"),
    (#"{"rope_scaling": {"type": "linear", "factor": 0}}"#, "'linear' has no positive 'factor'"),
    (#"{"rope_scaling": {"type": "dynamic", "factor": 2}}"#, "of the type 'dynamic'"),
    (#"{"rope_scaling": {"rope_type": "llama3", "factor": 8}}"#, "no positive 'low_freq_factor'"),
    (
      #"{"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}}"#,
      "'low_freq_factor' is not below"
    ),
    (#"{"rope_parameters": {"rope_theta": 1e6, "rope_type": "yarn"}}"#, "of the type 'yarn'"),
    (#"{"rope_parameters": {"rope_theta": 1, "partial_rotary_factor": 0.5}}"#, "partial_rotary"),
    (#"{"partial_rotary_factor": 0.5}"#, "partial_rotary_factor"),
    (#"{"rope_parameters": {"full_attention": {}}}"#, "rope_theta"),
    (#"{"model_type": "qwen2", "use_sliding_window": true}"#, "sliding"),
    (#"{"layer_types": ["full_attention", "sliding_attention"]}"#, "sliding"),
    (#"{"hidden_act": "gelu"}"#, "gelu"),
    (#"{"attention_bias": true}"#, "attention_bias"),
    (#"{"mlp_bias": true}"#, "mlp_bias"),
    (#"{"quantization_config": {}}"#, "quantization_config"),
    (#"{"model_type": "gemma3"}"#, "wraps a language model for images (gemma-3-270m"),
    (#"{"model_type": "qwen3_moe"}"#, "family 'qwen3_moe', a mixture of experts; supported are"),
    (#"{"model_type": "phi3"}"#, "family 'phi3'; supported are llama, qwen2, qwen3, olmo2"),
    (#"{"model_type": null}"#, "supported are llama"),
    (#"{"num_local_experts": 8}"#, "a mixture of experts"),
    (#"{"vision_config": {}}"#, "images (vision_config)"),
    (#"{"sliding_window": 32}"#, "sliding"),
    (#"{"model_type": "qwen3", "attention_bias": true}"#, "attention_bias"),
    (#"{"model_type": "qwen3", "use_sliding_window": true}"#, "sliding"),
    (#"{"model_type": "smollm3", "no_rope_layers": [1]}"#, "attention of 1 layers, but has 2"),
    (#"{"model_type": "smollm3", "no_rope_layers": [1, 2]}"#, "else than 0 and 1"),
    (#"{"model_type": "smollm3", "no_rope_layer_interval": 0}"#, "below 1"),
    (#"{"model_type": "gemma3_text", "hidden_activation": "gelu"}"#, "hidden_act 'gelu'"),
    (#"{"model_type": "gemma3_text", "attn_logit_softcapping": 50}"#, "attn_logit_softcapping"),
    (#"{"model_type": "gemma3_text", "final_logit_softcapping": 30}"#, "final_logit_softcapping"),
    (#"{"model_type": "gemma3_text", "use_bidirectional_attention": true}"#, "bidirectional"),
    (#"{"model_type": "gemma3_text", "layer_types": ["full_attention"]}"#, "of 1 layers"),
    (
      #"{"model_type": "gemma3_text", "layer_types": ["full_attention", "chunked"]}"#, "layer_types"
    ),
    (#"{"model_type": "gemma3_text", "sliding_window": 0}"#, "'sliding_window' is below 1"),
    (#"{"model_type": "gemma3_text", "query_pre_attn_scalar": 0}"#, "query_pre_attn_scalar"),
    (#"{"model_type": "gemma3_text", "rope_parameters": {"rope_theta": 1}}"#, "rope_theta"),
    (#"{"tie_word_embeddings": "yes"}"#, "'tie_word_embeddings' has the wrong type"),
    (#"{"num_key_value_heads": 3}"#, "cannot share"),
    (#"{"hidden_size": 0}"#, "below 1"),
    (#"{"num_hidden_layers": 1000000000}"#, "absurdly large"),
    (#"{"head_dim": 3}"#, "odd width"),
    (#"{"vocab_size": "many"}"#, "'vocab_size' has the wrong type"),
    (#"{"vocab_size": null}"#, "'vocab_size' is missing"),
  ])
  func refusesWhatItCannotCompute(_ changes: String, _ words: String) throws {
    let error = #expect(throws: ModelImportError.self) { try read(changing: changes) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  /// A folder with the tiny model in shards, and its index.
  private func sharded(_ weights: Weights, leaving out: Set<String> = []) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try HuggingFaceExport.write(weights, tokenizer: try tokenizer(), to: folder.url)
    try FileManager.default.removeItem(at: folder.url.appending(path: "model.safetensors"))
    let entries = weights.layout.entries.filter { !out.contains($0.name) }
    var map: [String: String] = [:]
    for (number, half) in [entries.prefix(3), entries.dropFirst(3)].enumerated() {
      let name = "model-0000\(number + 1)-of-00002.safetensors"
      try SafetensorsWriter.write(
        half.map { ($0.name, $0.shape, weights[$0.name] ?? []) },
        to: folder.url.appending(path: name))
      for entry in half { map[entry.name] = name }
    }
    try JSONSerialization.data(withJSONObject: ["weight_map": map])
      .write(to: folder.url.appending(path: "model.safetensors.index.json"))
    return folder
  }

  @Test func importsShards() throws {
    let weights = tinyWeights(.qwen2)
    let folder = try sharded(weights)
    let read = try ImportedModel(contentsOf: folder.url)
    #expect(
      read.weights.buffer[0..<weights.layout.count] == weights.buffer[0..<weights.layout.count])
  }

  /// 16-bit numbers are widened, and may differ from tensor to tensor.
  @Test(arguments: [["BF16"], ["F16"], ["BF16", "F32", "F16"]])
  func importsEveryNumberFormat(_ types: [String]) throws {
    let weights = tinyWeights(.qwen2, tied: false)
    let folder = try ScratchFolder()
    try HuggingFaceExport.write(weights, tokenizer: try tokenizer(), to: folder.url)
    let tensors = weights.layout.entries.enumerated().map { index, entry in
      (entry, types[index % types.count])
    }
    try write(tensors, of: weights, to: folder.url.appending(path: "model.safetensors"))
    let read = try ImportedModel(contentsOf: folder.url).weights
    for (entry, type) in tensors {
      let wanted = try #require(weights[entry.name]).map { Self.rounded($0, to: type) }
      #expect(read[entry.name] == wanted)
    }
  }

  private static func rounded(_ value: Float, to type: String) -> Float {
    switch type {
    case "BF16": Float(bitPattern: value.bitPattern & 0xFFFF_0000)
    case "F16": Float(Float16(value))
    default: value
    }
  }

  /// Writes tensors in a number format each.
  private func write(
    _ tensors: [(entry: ParameterLayout.Placement, type: String)], of weights: Weights, to file: URL
  ) throws {
    var header: [String: Any] = [:]
    var body = Data()
    for (entry, type) in tensors {
      let start = body.count
      for value in weights[entry.name] ?? [] {
        let value = Self.rounded(value, to: type)
        let bytes: [UInt8] =
          switch type {
          case "BF16": withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0[2...]) }
          case "F16": withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) }
          default: withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
          }
        body += bytes
      }
      header[entry.name] = [
        "dtype": type, "shape": entry.shape, "data_offsets": [start, body.count],
      ]
    }
    let json = try JSONSerialization.data(withJSONObject: header)
    let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
    try (length + json + body).write(to: file)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func refusesNumbersThatAreNone(_ value: Float) throws {
    let weights = tinyWeights(.llama)
    let name = "model.layers.1.self_attn.v_proj.weight"
    let entry = try #require(weights.layout[name])
    weights.buffer[entry.offset + 3..<entry.offset + 4] = [value]
    let words = "the tensor '\(name)' holds \(value) at element 3"
    let folder = try ScratchFolder()
    let refused = #expect(throws: ModelImportError.self) {
      try HuggingFaceExport.write(weights, tokenizer: try tokenizer(), to: folder.url)
    }
    #expect(refused?.description.contains(words) == true)
    try HuggingFaceExport.write(tinyWeights(.llama), tokenizer: try tokenizer(), to: folder.url)
    try SafetensorsWriter.write(
      weights.layout.entries.map { ($0.name, $0.shape, weights[$0.name] ?? []) },
      to: folder.url.appending(path: "model.safetensors"))
    let error = #expect(throws: ModelImportError.self) { try ImportedModel(contentsOf: folder.url) }
    #expect(error?.description.contains(words) == true)
  }

  @Test func refusesMissingTensors() throws {
    let folder = try sharded(tinyWeights(.llama), leaving: ["model.norm.weight"])
    let error = #expect(throws: ModelImportError.self) { try ImportedModel(contentsOf: folder.url) }
    #expect(error?.description.contains("'model.norm.weight' is missing") == true)
  }

  @Test func refusesTensorsThatDoNotFit() throws {
    let folder = try ScratchFolder()
    let weights = tinyWeights(.qwen2)
    try HuggingFaceExport.write(weights, tokenizer: try tokenizer(), to: folder.url)
    func message(_ configuration: ModelConfiguration) throws -> String {
      try configuration.huggingFaceConfig.write(to: folder.url.appending(path: "config.json"))
      let error = #expect(throws: ModelImportError.self) {
        try ImportedModel(contentsOf: folder.url)
      }
      return error?.description ?? ""
    }
    var other = weights.configuration
    other.architecture = .llama
    #expect(
      try message(other).contains("no use for the tensor 'model.layers.0.self_attn.k_proj.bias'"))
    other = weights.configuration
    other.intermediateSize = 13
    #expect(try message(other).contains("has the shape [12, 8], not [13, 8]"))
    other = weights.configuration
    other.vocabularySize = 100
    #expect(try message(other).contains("has the shape [300, 8], not [100, 8]"))
  }

  @Test func refusesATokenizerThatIsTooLarge() throws {
    let folder = try ScratchFolder()
    let letters = Array("abcdefghijklmnopqrstuvwxyz").map(String.init)
    let words = (0..<600).map { "\(letters[$0 % 26])\(letters[$0 / 26])" }.joined(separator: " ")
    let large = try Tokenizer.train(
      texts: [words, words], vocabularySize: 310, specialTokens: [])
    #expect(large.vocabularySize > 300)
    try HuggingFaceExport.write(tinyWeights(.llama), tokenizer: large, to: folder.url)
    let error = #expect(throws: ModelImportError.self) { try ImportedModel(contentsOf: folder.url) }
    #expect(error?.description.contains("only 300 embeddings") == true)
  }

  @Test func acceptsARepeatedTiedHeadOnlyIfEqual() throws {
    let folder = try ScratchFolder()
    let weights = tinyWeights(.llama)
    try HuggingFaceExport.write(weights, tokenizer: try tokenizer(), to: folder.url)
    var tensors = weights.layout.entries.map { ($0.name, $0.shape, weights[$0.name] ?? []) }
    let head = weights["model.embed_tokens.weight"] ?? []
    let file = folder.url.appending(path: "model.safetensors")
    try SafetensorsWriter.write(tensors + [("lm_head.weight", [300, 8], head)], to: file)
    _ = try ImportedModel(contentsOf: folder.url)
    tensors.append(("lm_head.weight", [300, 8], head.map { -$0 }))
    try SafetensorsWriter.write(tensors, to: file)
    #expect(throws: ModelImportError.self) { try ImportedModel(contentsOf: folder.url) }
  }
}
