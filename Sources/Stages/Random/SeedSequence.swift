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
