import Foundation

extension ElementFormat {
  /// Turns stored bytes into floats.
  /// - Precondition: `bytes` holds whole blocks, and `output` has room for all their numbers.
  package func decode(_ bytes: Data, into output: UnsafeMutableBufferPointer<Float>) {
    let blocks = bytes.count / blockBytes
    precondition(bytes.count == blocks * blockBytes && output.count == blocks * blockElements)
    guard blocks > 0, let target = output.baseAddress else { return }
    bytes.withUnsafeBytes { raw in
      guard let source = raw.baseAddress else { return }
      decode(blocks: blocks, source, target)
    }
  }

  /// The numbers that stored bytes stand for.
  /// - Precondition: `bytes` holds whole blocks.
  package func decoded(_ bytes: Data) -> [Float] {
    let count = bytes.count / blockBytes * blockElements
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
      decode(bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialised = count
    }
  }

  private func decode(
    blocks: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .float32:
      target.withMemoryRebound(to: UInt8.self, capacity: blocks * 4) {
        $0.update(from: source.assumingMemoryBound(to: UInt8.self), count: blocks * 4)
      }
    case .float16: each(blocks, source, target) { $1[0] = half($0, 0) }
    case .bfloat16:
      each(blocks, source, target) { $1[0] = Float(bitPattern: UInt32(word($0, 0)) << 16) }
    case .q8v0: each(blocks, source, target, decodeQ8v0)
    case .q4v0: each(blocks, source, target, decodeQ4v0)
    case .q4v1: each(blocks, source, target, decodeQ4v1)
    case .q5v0: each(blocks, source, target, decodeQ5v0)
    case .q5v1: each(blocks, source, target, decodeQ5v1)
    case .q2k: each(blocks, source, target, decodeQ2K)
    case .q3k: each(blocks, source, target, decodeQ3K)
    case .q4k: each(blocks, source, target, decodeQ4K)
    case .q5k: each(blocks, source, target, decodeQ5K)
    case .q6k: each(blocks, source, target, decodeQ6K)
    }
  }

  @inline(__always)
  private func each(
    _ blocks: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>,
    _ decodeBlock: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void
  ) {
    let (bytes, elements) = (blockBytes, blockElements)
    for block in 0..<blocks { decodeBlock(source + block * bytes, target + block * elements) }
  }
}

@inline(__always)
func byte(_ block: UnsafeRawPointer, _ offset: Int) -> UInt8 {
  block.load(fromByteOffset: offset, as: UInt8.self)
}

@inline(__always)
func word(_ block: UnsafeRawPointer, _ offset: Int) -> UInt16 {
  UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
}

@inline(__always)
func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
  Float(Float16(bitPattern: word(block, offset)))
}

/// Scale (f16), 32 signed bytes.
private func decodeQ8v0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = half(block, 0)
  for i in 0..<32 { out[i] = scale * Float(Int8(bitPattern: byte(block, 2 + i))) }
}

/// Scale (f16), 16 bytes: low nibbles are numbers 0..<16, high nibbles 16..<32; value − 8.
private func decodeQ4v0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = half(block, 0)
  for i in 0..<16 {
    let pair = byte(block, 2 + i)
    out[i] = scale * Float(Int(pair & 15) - 8)
    out[i + 16] = scale * Float(Int(pair >> 4) - 8)
  }
}

/// Scale and minimum (f16), nibbles as in Q4_0.
private func decodeQ4v1(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for i in 0..<16 {
    let pair = byte(block, 4 + i)
    out[i] = scale * Float(pair & 15) + minimum
    out[i + 16] = scale * Float(pair >> 4) + minimum
  }
}

/// Scale (f16), fifth bits (32), nibbles as in Q4_0; value − 16.
private func decodeQ5v0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = half(block, 0)
  for i in 0..<16 {
    let (low, high) = fiveBits(block, at: 2, i)
    out[i] = scale * Float(low - 16)
    out[i + 16] = scale * Float(high - 16)
  }
}

/// Scale and minimum (f16), fifth bits (32), nibbles as in Q4_0.
private func decodeQ5v1(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for i in 0..<16 {
    let (low, high) = fiveBits(block, at: 4, i)
    out[i] = scale * Float(low) + minimum
    out[i + 16] = scale * Float(high) + minimum
  }
}

/// Numbers `i` and `i + 16` of a block whose 32 fifth bits, then nibbles, lie at `offset`.
@inline(__always)
private func fiveBits(_ block: UnsafeRawPointer, at offset: Int, _ i: Int) -> (Int, Int) {
  let fifth = UInt32(word(block, offset)) | UInt32(word(block, offset + 2)) << 16
  let pair = byte(block, offset + 4 + i)
  let low = UInt32(pair & 15) | (fifth >> UInt32(i) & 1) << 4
  let high = UInt32(pair >> 4) | (fifth >> UInt32(i + 16) & 1) << 4
  return (Int(low), Int(high))
}

// Super-blocks of 256 numbers, after the block layouts of ggml's K-quants.

/// Scales (16 bytes: nibbles of scale and minimum), 64 bytes of two-bit numbers, scale and
/// minimum of the super-block (f16).
func decodeQ2K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 80), half(block, 82))
  for i in 0..<256 {
    let (part, column) = (i / 128, i % 32)
    let shift = UInt8(i % 128 / 32 * 2)
    let value = byte(block, 16 + part * 32 + column) >> shift & 3
    let packed = byte(block, i / 16)
    out[i] = scale * Float(packed & 15) * Float(value) - minimum * Float(packed >> 4)
  }
}

/// High bits (32 bytes, inverted), 64 bytes of two-bit numbers, 12 bytes of six-bit scales,
/// scale of the super-block (f16).
func decodeQ3K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = half(block, 108)
  for i in 0..<256 {
    let (part, column) = (i / 128, i % 32)
    let group = i % 128 / 32
    let low = Int(byte(block, 32 + part * 32 + column) >> UInt8(group * 2) & 3)
    let high = byte(block, column) >> UInt8(part * 4 + group) & 1
    let value = high == 1 ? low : low - 4
    out[i] = scale * Float(threeBitScale(block, i / 16) - 32) * Float(value)
  }
}

/// The six-bit scale of a sixteenth of a Q3_K super-block: four low bits, then two high bits.
private func threeBitScale(_ block: UnsafeRawPointer, _ index: Int) -> Int {
  let low = byte(block, 96 + index % 8) >> UInt8(index / 8 * 4) & 15
  let high = byte(block, 104 + index % 4) >> UInt8(index / 4 * 2) & 3
  return Int(low | high << 4)
}

/// Scale and minimum of the super-block (f16), 12 bytes of six-bit scales and minima, nibbles.
func decodeQ4K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for i in 0..<256 {
    let nibble = byte(block, 16 + i / 64 * 32 + i % 32) >> UInt8(i % 64 / 32 * 4) & 15
    let (subScale, subMinimum) = sixBitPair(block, i / 32)
    out[i] = scale * subScale * Float(nibble) - minimum * subMinimum
  }
}

/// As Q4_K, with 32 bytes of fifth bits between the scales and the nibbles.
func decodeQ5K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let (scale, minimum) = (half(block, 0), half(block, 2))
  for i in 0..<256 {
    let nibble = byte(block, 48 + i / 64 * 32 + i % 32) >> UInt8(i % 64 / 32 * 4) & 15
    let fifth = byte(block, 16 + i % 32) >> UInt8(i / 32) & 1
    let (subScale, subMinimum) = sixBitPair(block, i / 32)
    out[i] = scale * subScale * Float(nibble | fifth << 4) - minimum * subMinimum
  }
}

/// Scale and minimum of an eighth of a Q4_K or Q5_K super-block, six bits each in 12 bytes.
@inline(__always)
private func sixBitPair(_ block: UnsafeRawPointer, _ index: Int) -> (Float, Float) {
  let scales = block + 4
  if index < 4 {
    return (Float(byte(scales, index) & 63), Float(byte(scales, index + 4) & 63))
  }
  let low = byte(scales, index + 4)
  let scale = low & 15 | (byte(scales, index - 4) >> 6) << 4
  let minimum = low >> 4 | (byte(scales, index) >> 6) << 4
  return (Float(scale), Float(minimum))
}

/// 128 bytes of low nibbles, 64 bytes of two high bits, 16 signed scales, scale of the
/// super-block (f16); value − 32.
func decodeQ6K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = half(block, 208)
  for i in 0..<256 {
    let (part, within, column) = (i / 128, i % 128, i % 32)
    let low = byte(block, part * 64 + within % 64) >> UInt8(within / 64 * 4) & 15
    let high = byte(block, 128 + part * 32 + column) >> UInt8(within / 32 * 2) & 3
    let subScale = Float(Int8(bitPattern: byte(block, 192 + i / 16)))
    out[i] = scale * subScale * Float(Int(low | high << 4) - 32)
  }
}

package enum ElementFormat: Sendable, Hashable, CaseIterable {
  case float32
  /// IEEE half precision.
  case float16
  /// The upper half of a 32-bit float.
  case bfloat16
  /// Blocks of 32 signed bytes with a scale.
  case q8v0
  /// Blocks of 32 unsigned nibbles around 8 with a scale.
  case q4v0
  /// Blocks of 32 unsigned nibbles with a scale and a minimum.
  case q4v1
  /// Blocks of 32 five-bit numbers around 16 with a scale.
  case q5v0
  /// Blocks of 32 five-bit numbers with a scale and a minimum.
  case q5v1
  /// Super-blocks of 256 two-bit numbers.
  case q2k
  /// Super-blocks of 256 three-bit numbers.
  case q3k
  /// Super-blocks of 256 four-bit numbers.
  case q4k
  /// Super-blocks of 256 five-bit numbers.
  case q5k
  /// Super-blocks of 256 six-bit numbers.
  case q6k

  /// The name that GGUF tools show, such as `Q4_1`.
  package var name: String { layout.name }

  package var blockElements: Int { layout.elements }

  package var blockBytes: Int { layout.bytes }

  private var layout: (name: String, elements: Int, bytes: Int) {
    switch self {
    case .float32: ("F32", 1, 4)
    case .float16: ("F16", 1, 2)
    case .bfloat16: ("BF16", 1, 2)
    case .q8v0: ("Q8_0", 32, 34)
    case .q4v0: ("Q4_0", 32, 18)
    case .q4v1: ("Q4_1", 32, 20)
    case .q5v0: ("Q5_0", 32, 22)
    case .q5v1: ("Q5_1", 32, 24)
    case .q2k: ("Q2_K", 256, 84)
    case .q3k: ("Q3_K", 256, 110)
    case .q4k: ("Q4_K", 256, 144)
    case .q5k: ("Q5_K", 256, 176)
    case .q6k: ("Q6_K", 256, 210)
    }
  }

  /// The format of GGUF's type number, if it can be read.
  init?(ggufType: UInt64) {
    let types: [UInt64: ElementFormat] = [
      0: .float32, 1: .float16, 2: .q4v0, 3: .q4v1, 6: .q5v0, 7: .q5v1, 8: .q8v0, 10: .q2k,
      11: .q3k, 12: .q4k, 13: .q5k, 14: .q6k, 30: .bfloat16,
    ]
    guard let format = types[ggufType] else { return nil }
    self = format
  }
}

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

  /// Without the scaling of rotary frequencies, which is part of the configuration.
  var shapes: [String: [Int]] {
    ggufNames.compactMapValues { $0 == "rope_freqs.weight" ? nil : file.tensors[$0]?.shape }
  }

  func format(of name: String) throws -> ElementFormat {
    guard let tensor = ggufNames[name].flatMap({ file.tensors[$0] }) else {
      throw GGUFError.missing(path: path, tensor: name)
    }
    return tensor.format
  }

  func read(
    _ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let ggufName = ggufNames[name] else {
      throw GGUFError.missing(path: path, tensor: name)
    }
    guard isPermuted(name) else {
      return try file.read(ggufName, rows: rows, into: output)
    }
    let width = output.count / max(1, rows.count)
    for (index, row) in rows.enumerated() {
      let stored = Self.storedRow(row, headSize: configuration.headSize)
      try file.read(
        ggufName, rows: stored..<stored + 1,
        into: UnsafeMutableBufferPointer(rebasing: output[index * width..<(index + 1) * width]))
    }
  }

  /// Whether the rows of a tensor are permuted: q and k of llama.
  private func isPermuted(_ name: String) -> Bool {
    configuration.architecture == .llama
      && ["q", "k"].contains { name.hasSuffix("self_attn.\($0)_proj.weight") }
  }

  /// Llama files interleave the halves of each head: row (head, half, i) is stored as row
  /// (head, i, half).
  private static func storedRow(_ row: Int, headSize: Int) -> Int {
    let (head, within) = (row / headSize, row % headSize)
    let (half, i) = (within / (headSize / 2), within % (headSize / 2))
    return head * headSize + 2 * i + half
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
