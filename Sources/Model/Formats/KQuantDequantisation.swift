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
