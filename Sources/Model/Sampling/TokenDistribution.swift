import Foundation

/// The distribution of the next token, after temperature, top-k and top-p.
package struct TokenDistribution {
  /// A token and its probability before anything was cut off.
  package struct Candidate: Sendable {
    package let token: Int32
    /// Its share of the full softmax.
    package let probability: Float

    init(token: Int32, probability: Float) {
      self.token = token
      self.probability = probability
    }

    /// A number whose order is that of probabilities and, among equal ones, of tokens backwards:
    /// sorting plain numbers is several times as fast.
    var sortKey: UInt64 {
      UInt64(probability.bitPattern) << 32 | UInt64(UInt32.max - UInt32(bitPattern: token))
    }

    init(sortKey: UInt64) {
      token = Int32(bitPattern: UInt32.max - UInt32(truncatingIfNeeded: sortKey))
      probability = Float(bitPattern: UInt32(sortKey >> 32))
    }
  }

  /// What is kept: by falling probability where something was cut off, else by token.
  package let kept: [Candidate]
  /// The sum of their probabilities.
  package let mass: Double

  /// The distribution that logits stand for.
  /// - Parameters:
  ///   - logits: Of all tokens.
  ///   - options: Temperature (not 0), top-k and top-p.
  package init(logits: [Float], _ options: SamplingOptions) {
    var probabilities = logits.map { $0 / options.temperature }
    self = probabilities.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("no logits") }
      _ = Softmax.apply(base, count: buffer.count)
      return TokenDistribution(UnsafeBufferPointer(buffer), options)
    }
  }

  /// The distribution over the given probabilities, of which the less likely are cut off.
  init(_ probabilities: UnsafeBufferPointer<Float>, _ options: SamplingOptions) {
    if options.topK == 0 && options.topP >= 1 {
      kept = probabilities.enumerated().map { Candidate(token: Int32($0), probability: $1) }
    } else {
      kept = Self.mostLikely(probabilities, options)
    }
    mass = kept.reduce(0) { $0 + Double($1.probability) }
  }

  /// The tokens that top-k and then top-p keep. A token is kept when those before it have less than
  /// top-p of the probability that top-k leaves.
  private static func mostLikely(
    _ probabilities: UnsafeBufferPointer<Float>, _ options: SamplingOptions
  ) -> [Candidate] {
    var sorted = candidates(probabilities, options).sorted(by: >).map(Candidate.init(sortKey:))
    if options.topK > 0 && sorted.count > options.topK {
      sorted.removeSubrange(options.topK...)
    }
    let mass = options.topK > 0 ? sorted.reduce(0) { $0 + Double($1.probability) } : 1
    var before = 0.0
    let end = sorted.firstIndex { candidate in
      defer { before += Double(candidate.probability) }
      return before >= options.topP * mass
    }
    return Array(sorted[..<max(1, end ?? sorted.count)])
  }

  /// The sort keys of all tokens above some probability, low enough that none which is to be kept is
  /// missing: sorting all of a large vocabulary would cost more than computing its logits.
  private static func candidates(
    _ probabilities: UnsafeBufferPointer<Float>, _ options: SamplingOptions
  ) -> [UInt64] {
    guard let base = probabilities.baseAddress else { return [] }
    var threshold = Softmax.maximum(base, count: probabilities.count)
    while true {
      threshold *= 0x1p-12
      var candidates: [UInt64] = []
      var mass = 0.0
      for (token, probability) in probabilities.enumerated() where probability >= threshold {
        candidates.append(Candidate(token: Int32(token), probability: probability).sortKey)
        mass += Double(probability)
      }
      let enough = options.topK > 0 ? candidates.count >= options.topK : mass >= options.topP
      if enough || candidates.count == probabilities.count || threshold == 0 { return candidates }
    }
  }

  /// The token at a point in 0..<1 of the distribution.
  func candidate(at point: Double) -> Candidate {
    var rest = point * mass
    for candidate in kept {
      rest -= Double(candidate.probability)
      if rest < 0 { return candidate }
    }
    return kept[kept.count - 1]
  }
}

struct ChosenToken {
  let token: Int32
  /// Of the softmax over all tokens.
  let logProbability: Float
  /// Of that softmax, in nats.
  let entropy: Float
}

extension SamplingOptions {
  /// Chooses a token; nil if the logits are not finite. `logits` are spoilt.
  func choose(
    _ logits: UnsafeMutableBufferPointer<Float>, _ stream: inout RandomStream
  ) -> ChosenToken? {
    guard let base = logits.baseAddress else { return nil }
    if temperature == 0 { return mostLikely(logits, base) }
    multiply(base, by: 1 / temperature, count: logits.count)
    let statistics = Softmax.applyWithStatistics(base, count: logits.count)
    guard statistics.logSum.isFinite else { return nil }
    let point = stream.uniform()
    let candidate =
      topK == 0 && topP >= 1
      ? candidate(of: logits, at: point)
      : TokenDistribution(UnsafeBufferPointer(logits), self).candidate(at: point)
    return ChosenToken(
      token: candidate.token, logProbability: log(candidate.probability),
      entropy: statistics.entropy)
  }

  private func mostLikely(
    _ logits: UnsafeMutableBufferPointer<Float>, _ base: UnsafeMutablePointer<Float>
  ) -> ChosenToken? {
    let largest = Softmax.maximum(base, count: logits.count)
    guard let token = logits.firstIndex(of: largest) else { return nil }
    let statistics = Softmax.statistics(base, count: logits.count)
    guard statistics.logSum.isFinite else { return nil }
    return ChosenToken(
      token: Int32(token), logProbability: largest - statistics.logSum,
      entropy: statistics.entropy)
  }

  /// The token at a point of the whole distribution, in the order of the tokens.
  private func candidate(
    of probabilities: UnsafeMutableBufferPointer<Float>, at point: Double
  ) -> TokenDistribution.Candidate {
    var rest = point * probabilities.reduce(0) { $0 + Double($1) }
    var last = 0
    for (token, probability) in probabilities.enumerated() where probability > 0 {
      last = token
      rest -= Double(probability)
      if rest < 0 { break }
    }
    return TokenDistribution.Candidate(token: Int32(last), probability: probabilities[last])
  }
}
