/// Python's `random.Random`, seeded by an integer, equal to CPython (3.2 and later) draw for draw.
public struct PythonRandom: Sendable {
  private var generator: MersenneTwister

  /// The generator after `random.seed(seed)`.
  /// - Precondition: the seed is not negative.
  public init(seed: Int) {
    precondition(seed >= 0, "a seed must not be negative")
    generator = MersenneTwister(key: SeedSequence.words(of: UInt64(seed)))
  }

  /// An integer below `count`, as `randrange(count)`.
  /// - Precondition: the count is positive and below 2^32.
  public mutating func integer(below count: Int) -> Int {
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
  public mutating func sample(_ count: Int, below population: Int) -> [Int] {
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
