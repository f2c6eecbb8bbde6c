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

/// The byte at an offset.
@inline(__always)
func byte(_ block: UnsafeRawPointer, _ offset: Int) -> UInt8 {
  block.load(fromByteOffset: offset, as: UInt8.self)
}

/// The little-endian 16-bit word at an offset.
@inline(__always)
func word(_ block: UnsafeRawPointer, _ offset: Int) -> UInt16 {
  UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
}

/// The half-precision float at an offset.
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
