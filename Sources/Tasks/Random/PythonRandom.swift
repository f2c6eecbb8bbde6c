/// Python's `random.Random`, seeded by an integer, equal to CPython (3.2 and later) draw for draw.
package struct PythonRandom: Sendable {
  private var generator: MersenneTwister

  /// The generator after `random.seed(seed)`.
  /// - Precondition: the seed is not negative.
  package init(seed: Int) {
    precondition(seed >= 0, "a seed must not be negative")
    generator = MersenneTwister(key: SeedSequence.words(of: UInt64(seed)))
  }

  /// An integer below `count`, as `randrange(count)`.
  /// - Precondition: the count is positive and below 2^32.
  package mutating func integer(below count: Int) -> Int {
    precondition(count > 0 && count <= UInt32.max, "no integer can be drawn below \(count)")
    let width = Int.bitWidth - count.leadingZeroBitCount
    while true {
      let drawn = Int(generator.next32() >> UInt32(32 - width))
      if drawn < count { return drawn }
    }
  }

  /// `count` different integers below `population` in random order, as
  /// `sample(range(population), count)`.
  /// - Precondition: there are that many.
  package mutating func sample(_ count: Int, below population: Int) -> [Int] {
    precondition(count <= population, "\(population) hold no \(count) different integers")
    return population <= greatestPool(for: count)
      ? poolSample(count, below: population) : setSample(count, below: population)
  }

  /// Up to which population a list takes less memory than a set, as CPython reckons.
  private func greatestPool(for count: Int) -> Int {
    guard count > 5 else { return 21 }
    var power = 1
    while power < 3 * count { power *= 4 }
    return 21 + power
  }

  private mutating func poolSample(_ count: Int, below population: Int) -> [Int] {
    var pool = Array(0..<population)
    return (0..<count).map { taken in
      let place = integer(below: population - taken)
      defer { pool[place] = pool[population - taken - 1] }
      return pool[place]
    }
  }

  private mutating func setSample(_ count: Int, below population: Int) -> [Int] {
    var taken: Set<Int> = []
    return (0..<count).map { _ in
      var drawn = integer(below: population)
      while !taken.insert(drawn).inserted { drawn = integer(below: population) }
      return drawn
    }
  }
}

/// The generator MT19937, 32 bits at a time.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister" (1998), with the seeding of 2002.
struct MersenneTwister: Sendable {
  private static let size = 624
  private var words: [UInt32]
  private var next = MersenneTwister.size

  /// Seeds by a list of words, as `init_by_array`.
  /// - Precondition: there is a word.
  init(key: [UInt32]) {
    words = [UInt32](repeating: 0, count: Self.size)
    words[0] = 19_650_218
    for index in 1..<Self.size {
      words[index] = 1_812_433_253 &* mixed(index) &+ UInt32(index)
    }
    var place = 1
    for step in 0..<max(Self.size, key.count) {
      let keyPlace = step % key.count
      words[place] = (words[place] ^ (mixed(place) &* 1_664_525)) &+ key[keyPlace]
      words[place] &+= UInt32(keyPlace)
      advance(&place)
    }
    for _ in 1..<Self.size {
      words[place] = (words[place] ^ (mixed(place) &* 1_566_083_941)) &- UInt32(place)
      advance(&place)
    }
    words[0] = 0x8000_0000
  }

  /// 32 random bits.
  mutating func next32() -> UInt32 {
    if next == Self.size { refill() }
    var word = words[next]
    next += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  /// The word before a place with its highest bits folded in.
  private func mixed(_ place: Int) -> UInt32 { words[place - 1] ^ (words[place - 1] >> 30) }

  private mutating func advance(_ place: inout Int) {
    place += 1
    if place == Self.size {
      words[0] = words[Self.size - 1]
      place = 1
    }
  }

  private mutating func refill() {
    for index in 0..<Self.size {
      let following = words[(index + 1) % Self.size]
      let joined = (words[index] & 0x8000_0000) | (following & 0x7FFF_FFFF)
      let twist: UInt32 = joined & 1 == 1 ? 0x9908_B0DF : 0
      words[index] = words[(index + 397) % Self.size] ^ (joined >> 1) ^ twist
    }
    next = 0
  }
}
