/// numpy's `default_rng`: PCG64 seeded through `SeedSequence`, equal to numpy draw for draw.
///
/// Puzzles and selections that others published were drawn with numpy; with the same draws they
/// come out byte for byte.
///
/// Source: O'Neill, PCG (2014), variant XSL-RR 128/64; bounded integers after Lemire (2019).
public struct NumpyRandom: Sendable {
  private static let multiplier: UInt128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645
  private var state: UInt128 = 0
  private let increment: UInt128
  /// The unused half of a 64-bit output; numpy hands 32-bit halves out low half first.
  private var storedHalf: UInt32 = 0
  private var holdsHalf = false

  /// The generator that `numpy.random.default_rng(seed)` makes.
  /// - Precondition: the seed is not negative.
  public init(seed: Int) {
    precondition(seed >= 0, "a seed must not be negative")
    self.init(entropy: SeedSequence.words(of: UInt64(seed)))
  }

  /// A stream of its own for each name under one seed:
  /// `numpy.random.default_rng([seed, *name.encode()])`.
  /// - Precondition: the seed is not negative.
  public init(seed: Int, stream name: String) {
    precondition(seed >= 0, "a seed must not be negative")
    self.init(entropy: SeedSequence.words(of: UInt64(seed)) + name.utf8.map { UInt32($0) })
  }

  private init(entropy: [UInt32]) {
    let words = SeedSequence(entropy: entropy).state(count: 4).map { UInt128($0) }
    increment = (words[2] << 64 | words[3]) << 1 | 1
    step()
    state &+= words[0] << 64 | words[1]
    step()
  }

  /// 64 random bits.
  @inline(__always)
  public mutating func next64() -> UInt64 {
    step()
    return Self.output(of: state)
  }

  @inline(__always)
  private static func output(of state: UInt128) -> UInt64 {
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let rotation = UInt64(truncatingIfNeeded: state >> 122)
    return folded >> rotation | folded << ((64 &- rotation) & 63)
  }

  /// 32 random bits; two calls share one 64-bit output.
  ///
  /// Both cases are computed and one is chosen, since a processor cannot foresee which it is.
  @inline(__always)
  public mutating func next32() -> UInt32 {
    let isStored = holdsHalf
    state = isStored ? state : state &* Self.multiplier &+ increment
    let output = Self.output(of: state)
    let word = isStored ? storedHalf : UInt32(truncatingIfNeeded: output)
    storedHalf = UInt32(truncatingIfNeeded: output >> 32)
    holdsHalf = !isStored
    return word
  }

  /// A number in [0, 1), as `random()`.
  public mutating func uniform() -> Double { Double(next64() >> 11) * 0x1p-53 }

  /// An integer of a non-empty range, as `integers(low, high)`.
  @inline(__always)
  public mutating func integer(in range: Range<Int>) -> Int {
    precondition(!range.isEmpty, "an empty range holds no integer")
    let last = UInt64(bitPattern: Int64(range.upperBound &- 1 &- range.lowerBound))
    return range.lowerBound &+ Int(truncatingIfNeeded: bounded(last))
  }

  private mutating func step() { state = state &* Self.multiplier &+ increment }

  /// An integer from 0 to `last`, both included; draws nothing when `last` is 0.
  @inline(__always)
  private mutating func bounded(_ last: UInt64) -> UInt64 {
    if last == 0 { return 0 }
    if last < UInt64(UInt32.max) { return UInt64(bounded32(UInt32(last))) }
    if last == UInt64(UInt32.max) { return UInt64(next32()) }
    return last == UInt64.max ? next64() : bounded64(last)
  }

  @inline(__always)
  private mutating func bounded32(_ last: UInt32) -> UInt32 {
    let count = last + 1
    var product = next32().multipliedFullWidth(by: count)
    if product.low < count {
      let threshold = (UInt32.max - last) % count
      while product.low < threshold { product = next32().multipliedFullWidth(by: count) }
    }
    return product.high
  }

  private mutating func bounded64(_ last: UInt64) -> UInt64 {
    let count = last + 1
    var product = next64().multipliedFullWidth(by: count)
    if product.low < count {
      let threshold = (UInt64.max - last) % count
      while product.low < threshold { product = next64().multipliedFullWidth(by: count) }
    }
    return product.high
  }
}
