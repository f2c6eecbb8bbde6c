/// The tensors of a GGUF file under their Hugging Face names and with their rows in that order.
struct GGUFTensors: TensorSource {
  private let file: GGUFFile
  private let configuration: ModelConfiguration
  private let ggufNames: [String: String]

  init(_ file: GGUFFile, _ configuration: ModelConfiguration) {
    self.file = file
    self.configuration = configuration
    ggufNames = Dictionary(
      file.names.map { (Self.huggingFaceName(of: $0), $0) }, uniquingKeysWith: { first, _ in first }
    )
  }

  var path: String { file.path }

  var shapes: [String: [Int]] { ggufNames.compactMapValues { file.tensors[$0]?.shape } }

  func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    guard let ggufName = ggufNames[name] else {
      throw GGUFError.missing(path: path, tensor: name)
    }
    guard let heads = permutedHeads(of: name) else {
      return try file.read(ggufName, into: output)
    }
    let rows = heads * configuration.headSize
    Self.restoreRows(try file.floats(ggufName), rows: rows, heads: heads, into: output)
  }

  /// How many heads the rows of a tensor belong to, where they are permuted: q and k of llama.
  private func permutedHeads(of name: String) -> Int? {
    guard configuration.architecture == .llama else { return nil }
    if name.hasSuffix("self_attn.q_proj.weight") { return configuration.headCount }
    if name.hasSuffix("self_attn.k_proj.weight") { return configuration.keyValueHeadCount }
    return nil
  }

  /// Llama files interleave the halves of each head: row (head, half, i) is stored as row
  /// (head, i, half).
  private static func restoreRows(
    _ stored: [Float], rows: Int, heads: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let (width, headSize) = (stored.count / rows, rows / heads)
    for row in 0..<rows {
      let (head, within) = (row / headSize, row % headSize)
      let (half, i) = (within / (headSize / 2), within % (headSize / 2))
      let source = (head * headSize + 2 * i + half) * width
      for column in 0..<width { output[row * width + column] = stored[source + column] }
    }
  }

  /// `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`. Unknown names stay.
  private static func huggingFaceName(of name: String) -> String {
    let whole = [
      "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
      "output.weight": "lm_head.weight",
    ]
    let inBlock = [
      "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
      "attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm",
      "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
      "ffn_down": "mlp.down_proj",
    ]
    if let known = whole[name] { return known }
    let parts = name.split(separator: ".").map(String.init)
    guard parts.count == 4, parts[0] == "blk", let module = inBlock[parts[2]] else { return name }
    return "model.layers.\(parts[1]).\(module).\(parts[3])"
  }
}
