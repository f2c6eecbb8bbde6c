import Foundation

/// Honest files of each format, to be changed.
struct Seeds {
  let folder: URL
  private let fixtures: URL

  /// Makes the files that are not among the fixtures, by running the program, or finds them.
  /// - Parameter program: `warmup`.
  init(_ folder: URL, program: URL, fixtures: URL) throws {
    self.folder = folder
    self.fixtures = fixtures
    if FileManager.default.fileExists(atPath: folder.appending(path: "model.gguf").path) { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(Self.recipe.utf8).write(to: folder.appending(path: "tiny.yaml"))
    let commands = [
      ["run", "tiny.yaml"], ["pack", "tiny.yaml", "-o", "whole.pack"],
      ["pack", "tiny.yaml", "--small", "-o", "small.pack"],
      ["unpack", "whole.pack", "-o", "unpacked"], ["export", "tiny.yaml", "tuned", "model"],
    ]
    for arguments in commands { try Self.run(program, arguments, in: folder) }
    try Self.rows.write(to: folder.appending(path: "rows.jsonl"))
    try Data(TinyGGUF().bytes).write(to: folder.appending(path: "model.gguf"))
  }

  private static func run(_ program: URL, _ arguments: [String], in folder: URL) throws {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw FuzzError("warmup \(arguments.joined(separator: " ")) failed")
    }
  }

  private func files(_ paths: [URL]) throws -> [SeedFile] {
    try paths.map { SeedFile(name: $0.lastPathComponent, bytes: Array(try Data(contentsOf: $0))) }
  }

  private func below(_ place: URL, _ ending: String) throws -> [URL] {
    try FileManager.default.subpathsOfDirectory(atPath: place.path)
      .filter { $0.hasSuffix(ending) }.sorted().map { place.appending(path: $0) }
  }

  /// The files of a format.
  func files(of format: Format) throws -> [SeedFile] {
    switch format {
    case .pack, .packedFile: try files(below(folder, ".pack"))
    case .table:
      try files(
        below(folder.appending(path: "unpacked"), ".h5")
          + [fixtures.appending(path: "hdf5/plain.h5")])
    case .model: try files(below(folder.appending(path: "results/cache"), "model.h5"))
    case .gguf: try files([folder.appending(path: "model.gguf")])
    case .safetensors: try files([folder.appending(path: "model/model.safetensors")])
    case .tokenizer:
      try files(
        below(fixtures.appending(path: "tokenizers"), ".json")
          + [folder.appending(path: "model/tokenizer.json")]
      ).filter { $0.bytes.count < 300_000 }
    case .config:
      try files([folder.appending(path: "model/config.json")])
    case .parquet:
      try files(
        ["parquet", "fuzz", "fuzz"].flatMap {
          try below(fixtures.appending(path: $0), ".parquet")
        })
    case .jsonl: try files([folder.appending(path: "rows.jsonl")])
    case .yaml:
      try files(
        below(fixtures.appending(path: "recipes"), ".yaml")
          + [folder.appending(path: "tiny.yaml")])
    }
  }

  private static let rows = Data(
    (0..<20).map { index in
      """
      {"problem":"What is \(index)+\(index)? $x^2+\\\\frac{1}{2}$","level":"Level \(1 + index % 5)",\
      "type":"Algebra","solution":"So it is \\\\boxed{\\\\frac{\(index)}{3}}.","question":"Which?",\
      "options":["one","two","three"],"answer":"B","answer_index":1,"category":"law","src":"x",\
      "question_id":\(index),"task_id":"HumanEval/\(index)","prompt":"def f(x):\\n","entry_point":"f",\
      "canonical_solution":"  return x\\n","test":"def check(c):\\n  assert c(1)==1\\n"}

      """
    }.joined().utf8)

  private static let recipe = """
    version: 1
    name: tiny
    axes: {seed: [1, 2]}
    stages:
      problems: {kind: miniature_problems, params: {domain: arithmetic, count: 24, seed: 1}}
      divided: {kind: split, inputs: {problems: problems}, params: {test: 8, seed: 1}}
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 10, seed: 1}}
      texts:
        kind: write_texts
        inputs: {puzzles: puzzles, arithmetic: divided.train}
        params: {count: 40}
      random:
        kind: scratch_model
        inputs: {texts: texts}
        params:
          {vocabulary: 280, hidden: 8, layers: 1, heads: 2, key_value_heads: 2, intermediate: 16}
      tuned:
        kind: rlvr
        inputs: {model: random, problems: divided.train}
        params: {steps: 2, problems_per_step: 2, group: 2, max_tokens: 12, template: short}
      scores:
        kind: evaluate
        inputs: {model: tuned, problems: divided.test}
        params: {samples: 2, max_tokens: 12, seed: "${seed}", template: short}
    tables: {main: {value: scores.accuracy, rows: seed}}
    figures: {learning: {line: tuned.reward}}

    """
}

/// Why the harness itself cannot go on.
struct FuzzError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A GGUF file of a very small model with its tokenizer.
struct TinyGGUF {
  private(set) var bytes: [UInt8] = []

  private let hidden = 32
  private let vocabulary = 260

  init() {
    let tensors = tensors
    let metadata = metadata
    bytes += Array("GGUF".utf8) + Self.number(3, 4) + Self.number(tensors.count, 8)
    bytes += Self.number(metadata.count, 8) + metadata.flatMap(\.self)
    var offset = 0
    for tensor in tensors {
      bytes += Self.text(tensor.name) + Self.number(tensor.shape.count, 4)
      bytes += tensor.shape.flatMap { Self.number($0, 8) } + Self.number(tensor.type, 4)
      bytes += Self.number(offset, 8)
      offset += (tensor.bytes + 31) / 32 * 32
    }
    bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32 + offset)
  }

  private static func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func text(_ text: String) -> [UInt8] { number(text.utf8.count, 8) + text.utf8 }

  private static func entry(_ key: String, _ type: Int, _ value: [UInt8]) -> [UInt8] {
    text(key) + number(type, 4) + value
  }

  private static func list(_ type: Int, _ values: [[UInt8]]) -> [UInt8] {
    number(type, 4) + number(values.count, 8) + values.flatMap(\.self)
  }

  private var metadata: [[UInt8]] {
    let integers = [
      ("embedding_length", hidden), ("block_count", 1), ("feed_forward_length", 64),
      ("attention.head_count", 2), ("attention.head_count_kv", 1), ("context_length", 128),
      ("rope.dimension_count", 16),
    ]
    // The letters that stand for bytes in byte-level BPE.
    let plain = Array(33...126) + Array(161...172) + Array(174...255)
    let others = (0..<256).filter { !plain.contains($0) }
    var letters = [String](repeating: "", count: 256)
    for byte in plain { letters[byte] = String(UnicodeScalar(UInt8(byte))) }
    for (index, byte) in others.enumerated() {
      letters[byte] = UnicodeScalar(256 + index).map { String($0) } ?? ""
    }
    let tokens = letters + ["ab", "abc", "<|end|>", "<|start|>"]
    let types = tokens.indices.map { $0 < 258 ? 1 : 3 }
    return [
      Self.entry("general.architecture", 8, Self.text("llama")),
      Self.entry("llama.attention.layer_norm_rms_epsilon", 6, Self.number(0x3727_C5AC, 4)),
      Self.entry("llama.rope.freq_base", 6, Self.number(0x461C_4000, 4)),
      Self.entry("tokenizer.ggml.model", 8, Self.text("gpt2")),
      Self.entry("tokenizer.ggml.pre", 8, Self.text("smollm")),
      Self.entry("tokenizer.ggml.tokens", 9, Self.list(8, tokens.map(Self.text))),
      Self.entry(
        "tokenizer.ggml.token_type", 9, Self.list(5, types.map { Self.number($0, 4) })),
      Self.entry("tokenizer.ggml.merges", 9, Self.list(8, ["a b", "ab c"].map(Self.text))),
      Self.entry("tokenizer.ggml.eos_token_id", 4, Self.number(258, 4)),
      Self.entry("tokenizer.ggml.bos_token_id", 4, Self.number(259, 4)),
      Self.entry("tokenizer.chat_template", 8, Self.text("{{ messages }}")),
    ] + integers.map { Self.entry("llama.\($0.0)", 4, Self.number($0.1, 4)) }
  }

  private struct Tensor {
    let name: String
    let shape: [Int]
    /// 0: float32, 1: float16, 2: Q4_0, 8: Q8_0.
    let type: Int

    var bytes: Int {
      let count = shape.reduce(1, *)
      return switch type {
      case 0: 4 * count
      case 1: 2 * count
      case 2: count / 32 * 18
      default: count / 32 * 34
      }
    }
  }

  private var tensors: [Tensor] {
    [
      Tensor(name: "token_embd.weight", shape: [hidden, vocabulary], type: 8),
      Tensor(name: "output_norm.weight", shape: [hidden], type: 0),
      Tensor(name: "blk.0.attn_norm.weight", shape: [hidden], type: 0),
      Tensor(name: "blk.0.attn_q.weight", shape: [hidden, 32], type: 2),
      Tensor(name: "blk.0.attn_k.weight", shape: [hidden, 16], type: 1),
      Tensor(name: "blk.0.attn_v.weight", shape: [hidden, 16], type: 8),
      Tensor(name: "blk.0.attn_output.weight", shape: [32, hidden], type: 0),
      Tensor(name: "blk.0.ffn_norm.weight", shape: [hidden], type: 0),
      Tensor(name: "blk.0.ffn_gate.weight", shape: [hidden, 64], type: 2),
      Tensor(name: "blk.0.ffn_up.weight", shape: [hidden, 64], type: 8),
      Tensor(name: "blk.0.ffn_down.weight", shape: [64, hidden], type: 0),
    ]
  }
}
