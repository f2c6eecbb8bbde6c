/// numpy's `default_rng`: PCG64 seeded through `SeedSequence`, equal to numpy draw for draw.
///
/// Puzzles and selections that others published were drawn with numpy; with the same draws they
/// come out byte for byte.
///
/// Source: O'Neill, PCG (2014), variant XSL-RR 128/64; bounded integers after Lemire (2019).
package struct NumpyRandom: Sendable {
  private static let multiplier: UInt128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645
  private var state: UInt128 = 0
  private let increment: UInt128
  /// The unused half of a 64-bit output; numpy hands 32-bit halves out low half first.
  private var storedHalf: UInt32 = 0
  private var holdsHalf = false

  /// The generator that `numpy.random.default_rng(seed)` makes.
  /// - Precondition: the seed is not negative.
  package init(seed: Int) {
    precondition(seed >= 0, "a seed must not be negative")
    self.init(entropy: SeedSequence.words(of: UInt64(seed)))
  }

  /// A stream of its own for each name under one seed:
  /// `numpy.random.default_rng([seed, *name.encode()])`.
  /// - Precondition: the seed is not negative.
  package init(seed: Int, stream name: String) {
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
  package mutating func next64() -> UInt64 {
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
  package mutating func next32() -> UInt32 {
    let isStored = holdsHalf
    state = isStored ? state : state &* Self.multiplier &+ increment
    let output = Self.output(of: state)
    let word = isStored ? storedHalf : UInt32(truncatingIfNeeded: output)
    storedHalf = UInt32(truncatingIfNeeded: output >> 32)
    holdsHalf = !isStored
    return word
  }

  /// A number in [0, 1), as `random()`.
  package mutating func uniform() -> Double { Double(next64() >> 11) * 0x1p-53 }

  /// An integer of a non-empty range, as `integers(low, high)`.
  @inline(__always)
  package mutating func integer(in range: Range<Int>) -> Int {
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

extension NumpyRandom {
  /// Puts elements in random order, as `shuffle`.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in stride(from: elements.count - 1, through: 1, by: -1) {
      elements.swapAt(index, masked(UInt32(index)))
    }
  }

  /// The integers below a count in random order, as `permutation(count)`.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    shuffle(&order)
    return order
  }

  /// One element, as `choice(elements)`.
  /// - Precondition: there is an element.
  package mutating func element<Element>(of elements: [Element]) -> Element {
    elements[integer(in: 0..<elements.count)]
  }

  /// `count` different integers below `population` in random order, as
  /// `choice(population, count, replace=False)`.
  /// - Precondition: there are that many.
  package mutating func indices(_ count: Int, below population: Int) -> [Int] {
    precondition(count <= population, "\(population) hold no \(count) different integers")
    let usesTail = population > 10_000 && count > population / 50
    return usesTail ? tail(count, below: population) : floyd(count, below: population)
  }

  /// Different elements in random order, as `choice(elements, count, replace=False)`.
  /// - Precondition: there are that many.
  package mutating func elements<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    indices(count, below: elements.count).map { elements[$0] }
  }

  /// The end of a shuffle that stops when the places needed are filled.
  private mutating func tail(_ count: Int, below population: Int) -> [Int] {
    var order = Array(0..<population)
    shuffleByBounds(&order, downTo: max(population - count, 1))
    return Array(order.suffix(count))
  }

  /// Floyd's algorithm: one draw an element, whatever the population.
  private mutating func floyd(_ count: Int, below population: Int) -> [Int] {
    var taken: Set<Int> = []
    var chosen: [Int] = []
    for last in population - count..<population {
      let drawn = integer(in: 0..<last + 1)
      let index = taken.contains(drawn) ? last : drawn
      taken.insert(index)
      chosen.append(index)
    }
    shuffleByBounds(&chosen, downTo: 1)
    return chosen
  }

  /// An integer from 0 to `last` by rejection, which `shuffle` uses where `choice` multiplies.
  private mutating func masked(_ last: UInt32) -> Int {
    let mask = UInt32.max >> last.leadingZeroBitCount
    while true {
      let word = next32() & mask
      if word <= last { return Int(word) }
    }
  }

  private mutating func shuffleByBounds(_ elements: inout [Int], downTo first: Int) {
    for index in stride(from: elements.count - 1, through: first, by: -1) {
      elements.swapAt(index, integer(in: 0..<index + 1))
    }
  }
}

/// numpy's `SeedSequence`: spreads whatever entropy a seed holds over a generator's whole state.
///
/// Source: numpy's documentation of `SeedSequence` (after O'Neill's `seed_seq_fe`), pool of four
/// 32-bit words.
struct SeedSequence {
  private static let multiplierA: UInt32 = 0x931e_8875
  private static let multiplierB: UInt32 = 0x58f3_8ded
  private var pool: [UInt32]
  private var hashConstant: UInt32 = 0x43b0_d7e5

  /// Mixes 32-bit words of entropy into the pool.
  init(entropy: [UInt32]) {
    let poolSize = 4
    pool = [UInt32](repeating: 0, count: poolSize)
    for index in pool.indices {
      pool[index] = hashed(index < entropy.count ? entropy[index] : 0)
    }
    for source in pool.indices {
      for target in pool.indices where target != source { mix(pool[source], into: target) }
    }
    for word in entropy.dropFirst(poolSize) {
      for target in pool.indices { mix(word, into: target) }
    }
  }

  /// The words of a non-negative integer, lowest first, as numpy splits Python integers.
  static func words(of value: UInt64) -> [UInt32] {
    let high = UInt32(truncatingIfNeeded: value >> 32)
    let low = UInt32(truncatingIfNeeded: value)
    return high == 0 ? [low] : [low, high]
  }

  /// Numbers for a generator's state, as `generate_state(count, numpy.uint64)` returns them.
  func state(count: Int) -> [UInt64] {
    var constant: UInt32 = 0x8b51_f9dd
    let words = (0..<2 * count).map { index in
      var word = pool[index % pool.count] ^ constant
      constant &*= Self.multiplierB
      word &*= constant
      return word ^ (word >> 16)
    }
    return (0..<count).map { UInt64(words[2 * $0 + 1]) << 32 | UInt64(words[2 * $0]) }
  }

  private mutating func hashed(_ value: UInt32) -> UInt32 {
    var word = value ^ hashConstant
    hashConstant &*= Self.multiplierA
    word &*= hashConstant
    return word ^ (word >> 16)
  }

  private mutating func mix(_ word: UInt32, into target: Int) {
    let mixed = 0xca01_f9dd &* pool[target] &- 0x4973_f715 &* hashed(word)
    pool[target] = mixed ^ (mixed >> 16)
  }
}
