/// What makes a difference of two means uncertain, in parts that shrink with different things.
///
/// The half-width of its 95 % interval is t times the root of the parts' sum, with the degrees of
/// freedom after Welch and Satterthwaite.
struct DifferenceError: Equatable {
  /// One part: the variance of one of the two means that one source brings.
  struct Part: Equatable {
    let variance: Double
    /// The degrees of freedom that the variance was estimated with; nil for a bound.
    let freedom: Double?
    /// What of ours it shrinks with; nil for what more data of ours cannot change.
    let source: Source?
  }

  /// What there may be more of.
  enum Source: String, CaseIterable {
    case seeds
    case problems
    case samples
  }

  private(set) var parts: [Part] = []
  /// How many there are of what a part shrinks with.
  private(set) var counts: [Source: Int] = [:]

  /// Adds a part that shrinks with more of a source, of which there are `count` now.
  mutating func add(_ variance: Double, from source: Source, count: Int) {
    let freedom = Double(source == .seeds ? count - 1 : max(count - 1, 1))
    // How samples vary is pooled over all problems: as good as known.
    parts.append(
      Part(variance: variance, freedom: source == .samples ? nil : freedom, source: source))
    counts[source] = count
  }

  /// Adds a part that more data of ours cannot change.
  mutating func add(fixed variance: Double, freedom: Double? = nil) {
    parts.append(Part(variance: variance, freedom: freedom, source: nil))
  }

  /// The half-width of the 95 % interval.
  var halfWidth: Double { halfWidth { _ in 1 } }

  /// The half-width if there were `factor` times as many of each source.
  func halfWidth(_ factor: (Source) -> Double) -> Double {
    var variance = 0.0
    var estimated = 0.0
    for part in parts {
      let growth = part.source.map(factor) ?? 1
      let own = part.variance / growth
      variance += own
      guard let freedom = part.freedom else { continue }
      let grown = part.source == nil ? freedom : (freedom + 1) * growth - 1
      estimated += own * own / grown
    }
    guard variance > 0 else { return 0 }
    let freedom = estimated > 0 ? variance * variance / estimated : .infinity
    return StudentQuantile.upper(freedom: freedom) * variance.squareRoot()
  }

  /// The least number of a source, more than there are now, with which the half-width would be at
  /// most `limit`; nil where a hundred times as many would not do.
  func count(of source: Source, for limit: Double) -> Int? {
    guard let now = counts[source], limit > 0 else { return nil }
    func isEnough(_ count: Int) -> Bool {
      halfWidth { $0 == source ? Double(count) / Double(now) : 1 } <= limit
    }
    var (few, many) = (now, now * 100)
    guard isEnough(many) else { return nil }
    while many - few > 1 {
      let middle = (few + many) / 2
      if isEnough(middle) { many = middle } else { few = middle }
    }
    return many
  }
}
