import Tasks
import Testing

/// Expected numbers come from numpy 2.4.6.
@Suite struct NumpyRandomTests {
  struct Golden: Sendable {
    let seed: Int
    let dice: [Int]
    let uniform: Double
    let wide: Int
    let word: Int
    let almostWord: Int
    let huge: Int
    let small: [Int]
    let last: Double
  }

  static let goldens = [
    Golden(
      seed: 0, dice: [5, 3, 3, 1, 1, 0, 0, 0], uniform: 0.8132702392002724, wide: 912_755_577_277,
      word: 2_163_061_375, almostWord: 2_605_480_816, huge: 4_233_464_326_268_295_748,
      small: [11, 11, 11, 12, 10], last: 0.002738500170148095),
    Golden(
      seed: 42, dice: [0, 4, 3, 2, 2, 5, 0, 4], uniform: 0.09417734788764953,
      wide: 975_622_351_636, word: 3_160_032_369, almostWord: 3_269_070_126,
      huge: 5_276_955_028_067_489_599, small: [11, 10, 12, 11, 11], last: 0.9267649888486018),
    Golden(
      seed: 1234, dice: [5, 5, 5, 2, 1, 5, 0, 1], uniform: 0.31909705841419755,
      wide: 118_091_232_962, word: 3_418_182_023, almostWord: 1_038_378_321,
      huge: -3_347_458_173_815_819_622, small: [12, 12, 12, 10, 11], last: 0.6098708094225075),
    Golden(
      seed: 1_099_511_627_783, dice: [1, 4, 3, 1, 0, 0, 3, 4], uniform: 0.7388407191925654,
      wide: 489_995_416_506, word: 2_894_666_325, almostWord: 66_137_649,
      huge: -8_535_824_868_943_239_639, small: [12, 10, 10, 12, 11], last: 0.03489339347603271),
  ]

  @Test(arguments: goldens)
  func drawsAsNumpyDoes(golden: Golden) {
    var random = NumpyRandom(seed: golden.seed)
    #expect((0..<8).map { _ in random.integer(in: 0..<6) } == golden.dice)
    #expect(random.uniform() == golden.uniform)
    #expect(random.integer(in: -5..<1_000_000_000_000) == golden.wide)
    #expect(random.integer(in: 0..<4_294_967_296) == golden.word)
    #expect(random.integer(in: 0..<4_294_967_295) == golden.almostWord)
    #expect(random.integer(in: Int.min..<Int.max) == golden.huge)
    #expect((0..<5).map { _ in random.integer(in: 10..<13) } == golden.small)
    #expect(random.uniform() == golden.last)
  }

  /// Ranges of three times a power of two, where a quarter of the draws are rejected.
  @Test func rejectsAsNumpyDoes() {
    var random = NumpyRandom(seed: 5)
    let narrow = (0..<6).map { _ in random.integer(in: 0..<3 << 30) }
    #expect(
      narrow == [
        2_593_095_922, 72_971_127, 2_602_559_451, 1_659_979_823, 2_030_125_912, 3_155_266_737,
      ])
    let wide = (0..<6).map { _ in random.integer(in: 0..<3 << 61) }
    #expect(
      wide == [
        2_651_965_361_128_095_989, 2_825_625_255_506_439_529, 313_192_468_052_243_501,
        337_282_879_276_512_259, 4_512_782_266_146_329_695, 1_622_231_127_328_971_976,
      ])
  }

  @Test func permutes() {
    var random = NumpyRandom(seed: 42)
    #expect(random.permutation(12) == [0, 7, 6, 9, 11, 3, 5, 2, 4, 10, 1, 8])
    random = NumpyRandom(seed: 42)
    let long = random.permutation(7500)
    #expect(Array(long[..<3]) == [289, 4167, 428])
    #expect(Array(long[7400..<7404]) == [277, 7063, 4445, 6111])
    #expect(long.sorted() == Array(0..<7500))
  }

  @Test func shuffles() {
    var random = NumpyRandom(seed: 3)
    var letters = Array("abcdefgh")
    random.shuffle(&letters)
    #expect(String(letters) == "ghcbefda")
  }

  @Test func choosesFewWithoutReplacement() {
    var random = NumpyRandom(seed: 42)
    #expect(random.indices(7, below: 51) == [50, 42, 21, 30, 4, 35, 48])
    #expect(random.integer(in: 0..<1 << 62) == 3_625_081_766_230_566_352)
    random = NumpyRandom(seed: 42)
    #expect(random.indices(9, below: 9) == [7, 8, 2, 4, 6, 5, 3, 0, 1])
  }

  /// 1 in 40 of 20,000 takes the shuffle's tail; 1 in 66 does not.
  @Test(arguments: [
    (500, [8305, 18068, 7297, 2318, 8047, 5653], 4_998_559, 113),
    (300, [10119, 15467, 2541, 8816, 1789, 12078], 2_983_062, 642),
  ])
  func choosesManyWithoutReplacement(count: Int, first: [Int], sum: Int, next: Int) {
    var random = NumpyRandom(seed: 42)
    let chosen = random.indices(count, below: 20_000)
    #expect(Array(chosen[..<6]) == first)
    #expect(chosen.reduce(0, +) == sum)
    #expect(random.integer(in: 0..<1000) == next)
  }

  @Test func namedStreamsAreSeedSequencesOfSeedAndBytes() {
    var random = NumpyRandom(seed: 7, stream: "traces")
    #expect((0..<4).map { _ in random.integer(in: 0..<1000) } == [625, 618, 408, 231])
    random = NumpyRandom(seed: 1_099_511_627_783, stream: "texts")
    #expect((0..<4).map { _ in random.integer(in: 0..<1000) } == [682, 45, 510, 44])
  }
}
