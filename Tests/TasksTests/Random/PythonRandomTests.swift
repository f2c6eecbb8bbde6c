import Tasks
import Testing

/// Expected numbers come from CPython 3.11.7.
@Suite struct PythonRandomTests {
  struct Golden: Sendable {
    let seed: Int
    let digits: [Int]
    let wide: Int
    let all: [Int]
    let five: [Int]
    let six: [Int]
  }

  static let goldens = [
    Golden(
      seed: 0, digits: [6, 0, 4, 8, 7, 6, 4, 7], wide: 768_905_175,
      all: [9, 3, 2, 7, 1, 0, 6, 8, 4, 5], five: [12, 93, 9, 87, 42],
      six: [3867, 4585, 824, 2898, 3556, 2590]),
    Golden(
      seed: 42, digits: [4, 3, 3, 2, 1, 8, 1, 9], wide: 906_070_220,
      all: [0, 9, 1, 7, 6, 4, 8, 2, 3, 5], five: [28, 57, 75, 35, 0],
      six: [1307, 3462, 2787, 2276, 1273, 1763]),
    Golden(
      seed: 1_099_511_627_783, digits: [9, 7, 4, 9, 2, 8, 6, 8], wide: 1_545_686_885,
      all: [5, 6, 7, 3, 2, 1, 8, 9, 0, 4], five: [94, 67, 93, 73, 20],
      six: [257, 2070, 620, 3011, 1095, 1066]),
  ]

  @Test(arguments: goldens)
  func drawsAsPythonDoes(golden: Golden) {
    var random = PythonRandom(seed: golden.seed)
    // Four words come first, as `getrandbits(32)` takes them.
    for _ in 0..<4 { _ = random.integer(below: 1 << 32 - 1) }
    #expect((0..<8).map { _ in random.integer(below: 10) } == golden.digits)
    #expect(random.integer(below: 3 << 29) == golden.wide)
    #expect(random.sample(10, below: 10) == golden.all)
    #expect(random.sample(5, below: 100) == golden.five)
    #expect(random.sample(6, below: 5000) == golden.six)
  }

  /// Around the population from which on Python keeps a set instead of a list.
  @Test(arguments: [
    (1299, [1195, 817, 741], 62_235), (1045, [388, 276, 655], 46_552),
    (1046, [601, 890, 323], 49_712),
  ])
  func samplesOfAHundred(population: Int, last: [Int], sum: Int) {
    var random = PythonRandom(seed: 42)
    let drawn = random.sample(100, below: population)
    #expect(Array(drawn.prefix(5)) == [228, 51, 563, 501, 457])
    #expect(Array(drawn.suffix(3)) == last)
    #expect(drawn.reduce(0, +) == sum)
  }

  @Test func smallSamples() {
    var random = PythonRandom(seed: 7)
    #expect(random.sample(5, below: 21) == [10, 4, 12, 1, 2])
    #expect(random.sample(5, below: 22) == [17, 3, 11, 18, 1])
    #expect(random.sample(0, below: 0) == [])
  }
}
