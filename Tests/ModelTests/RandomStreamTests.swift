import Model
import Testing

@Suite("Random streams")
struct RandomStreamTests {
  /// These numbers must never change: results in caches depend on them.
  @Test("numbers are the same everywhere and for ever")
  func golden() {
    var stream = RandomStream(seed: 42, "problem", 3, "sample", 0)
    let expected: [UInt64] = [
      290_878_296_117_881_665, 305_999_212_633_595_219, 2_271_522_787_080_873_642,
    ]
    #expect((0..<3).map { _ in stream.next() } == expected)
  }

  @Test("other seeds, names, types and orders are other streams")
  func names() {
    let streams = [
      RandomStream(seed: 1, "a", "b"), RandomStream(seed: 2, "a", "b"),
      RandomStream(seed: 1, "b", "a"), RandomStream(seed: 1, "ab"), RandomStream(seed: 1, "ab", ""),
      RandomStream(seed: 1, "", "ab"), RandomStream(seed: 1, 1), RandomStream(seed: 1, "1"),
      RandomStream(seed: 1, 1, 0), RandomStream(seed: 1), RandomStream(seed: 1, "abcdefgh"),
      RandomStream(seed: 1, "abcdefghi"), RandomStream(seed: 1, "e\u{301}"),
      RandomStream(seed: 1, "\u{e9}"),
    ]
    let firsts = streams.map { stream in
      var stream = stream
      return stream.next()
    }
    #expect(Set(firsts).count == streams.count)
  }

  @Test("a stream goes on where its position is put")
  func position() {
    var stream = RandomStream(seed: 5, "x")
    _ = stream.normal()
    let position = stream.position
    let expected = (0..<4).map { _ in stream.uniform() }
    var again = RandomStream(seed: 5, "x")
    again.position = position
    #expect((0..<4).map { _ in again.uniform() } == expected)
  }

  @Test("numbers have the moments of their distributions")
  func moments() {
    var stream = RandomStream(seed: 9)
    let count = 20_000
    let uniform = (0..<count).map { _ in stream.uniform() }
    #expect(uniform.allSatisfy { (0..<1).contains($0) })
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.01)
    let normal = (0..<count).map { _ in stream.normal() }
    #expect(abs(normal.reduce(0, +) / Double(count)) < 0.03)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 0.03)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<count { counts[stream.integer(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - count / 7) < 250 })
  }

  @Test("shuffling keeps the elements and reaches every order")
  func shuffle() {
    var stream = RandomStream(seed: 9)
    let orders = (0..<600).map { _ in stream.shuffled([1, 2, 3]) }
    #expect(orders.allSatisfy { $0.sorted() == [1, 2, 3] })
    let counts = Dictionary(grouping: orders, by: \.self).mapValues(\.count)
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { (60...140).contains($0) })
    #expect(stream.shuffled([Int]()).isEmpty)
  }

  @Test("random weights have the promised spread, by seed")
  func weights() throws {
    let configuration = ModelConfiguration(
      architecture: .qwen2, vocabularySize: 500, hiddenSize: 64, intermediateSize: 128,
      layerCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 16, contextLength: 128,
      ropeTheta: 10_000, normEpsilon: 1e-5, tiedEmbeddings: true, attentionBias: true)
    let weights = Weights.random(configuration, seed: 3)
    #expect(weights.buffer.values == Weights.random(configuration, seed: 3).buffer.values)
    #expect(weights.buffer.values != Weights.random(configuration, seed: 4).buffer.values)
    func deviation(_ name: String) throws -> Float {
      let values = try #require(weights[name])
      return (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    }
    #expect(abs(try deviation("model.embed_tokens.weight") - 0.02) < 5e-4)
    #expect(abs(try deviation("model.layers.1.mlp.down_proj.weight") - 0.01) < 5e-4)
    #expect(weights["model.norm.weight"] == [Float](repeating: 1, count: 64))
    #expect(weights["model.layers.0.self_attn.k_proj.bias"] == [Float](repeating: 0, count: 32))
  }
}
