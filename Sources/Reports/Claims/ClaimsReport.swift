import Base
import OrderedCollections
import Runner

/// What came of a recipe's claims.
package struct ClaimsReport: Sendable {
  /// In the recipe's order, over the points that passed all gates.
  package let results: [ClaimResult]
  /// What is to be said of the other points, by the claim's name; nothing where all passed.
  package let gated: [String: GatedClaim]
  /// What the numbers mean, what is missing, and what is registered: a sentence each.
  package let notes: [String]

  /// Tests the claims by what is done. A claim that cannot be tested says why.
  /// - Parameter locked: SHA-256 of the registration that the recipe's lock names.
  init(_ recipe: Recipe, _ data: Findings, locked: String?) {
    let registration = RegistrationCheck(recipe, data, locked: locked)
    let results = Self.results(recipe, data, over: .passed, registration)
    let all = Self.results(recipe, data, over: .known, registration)
    self.results = results
    gated = Dictionary(
      all.compactMap { all in
        GatedClaim(all, in: data).map { (all.name, $0) }
      }
    ) { $1 }
    notes =
      results.isEmpty
      ? []
      : Self.meanings(results) + (gated.isEmpty ? [] : [GatedClaim.meaning])
        + Self.warnings(recipe, data)
        + registration.notes(results.map { ($0.name, $0.standing) })
  }

  private static func results(
    _ recipe: Recipe, _ data: Findings, over points: ClaimPoints,
    _ registration: RegistrationCheck
  ) -> [ClaimResult] {
    let measured = recipe.claims.map {
      ClaimMeasurement($0.name, $0.specification, in: data, over: points)
    }
    // A claim that is not tested yet keeps its share of the level, so that what comes out first is
    // not judged more mildly.
    let supports = Holm.adjusted(measured.map { $0.probabilities?.support ?? 1 })
    let oppositions = Holm.adjusted(measured.map { $0.probabilities?.opposition ?? 1 })
    /// What the next claim of a family may err in.
    func next(_ adjusted: [Double]) -> Double {
      let left = adjusted.count { $0 > ClaimResult.level }
      return ClaimResult.level / Double(max(1, left))
    }
    let (supporting, opposing) = (next(supports), next(oppositions))
    return measured.indices.map { index in
      let (name, claim) = recipe.claims[index]
      return ClaimResult(
        name: name, claim: claim, axes: data.axes, measurement: measured[index],
        support: supports[index], opposition: oppositions[index],
        needed: measured[index].needed(at: measured[index].isInFavour ? supporting : opposing),
        standing: registration.standing(of: name, claim))
    }
  }

  /// Whether the recipe claims nothing.
  package var isEmpty: Bool { results.isEmpty }

  /// What the stages behind the claims say against their own numbers.
  private static func warnings(_ recipe: Recipe, _ data: Findings) -> [String] {
    let runs = recipe.claims.flatMap { _, claim in
      [claim.first, claim.second].flatMap { recipe.runs(of: claim, at: $0) }
    }
    return data.lineage(of: runs.compactMap { data[$0.name] }).warnings
  }

  private static func meanings(_ results: [ClaimResult]) -> [String] {
    let formats = OrderedSet(results.map(\.unit))
    let one = results.filter(\.isOfOneRun).map(\.name)
    let obstacles = results.compactMap { result in
      result.obstacle.map { "\(result.name) is not tested: \($0)." }
    }
    let family = results.count == 1 ? "" : " after Holm's adjustment over \(results.count) claims"
    return [
      "Differences are the first point minus the second in \(formats.joined(separator: " or ")), "
        + "with 95 % intervals.",
      "A claim is supported where its one-sided test has p ≤ 0.05\(family), and refuted where the "
        + "test of its opposite has.",
    ]
      + (one.isEmpty
        ? []
        : [
          "One run on each side (\(one.joined(separator: ", "))): runs are taken not to vary, and "
            + "the test speaks of problems alone."
        ]) + obstacles
  }
}

/// What came of a claim.
package struct ClaimResult: Sendable {
  package enum Verdict: String, Sendable {
    case supported
    case refuted
    case notDecided = "not decided"
    /// Runs are missing.
    case open
  }

  package let name: String
  package let claim: ClaimSpecification
  package let standing: ClaimStanding
  /// The p value of the claim's test, adjusted; 1 where there is no test.
  package let support: Double
  /// The p value of the opposite's test, adjusted; 1 where there is no test.
  package let opposition: Double
  /// How many more runs on each side, or problems, would decide if the difference and all deviations
  /// stayed as they are; nil where that cannot be told.
  let needed: (source: Estimate.Source, more: Int)?
  let measurement: ClaimMeasurement
  let first: AxisPoint
  let second: AxisPoint

  /// What a test may err in, one-sided.
  static let level = 0.05

  init(
    name: String, claim: ClaimSpecification, axes: OrderedDictionary<String, [JSONValue]>,
    measurement: ClaimMeasurement, support: Double, opposition: Double,
    needed: (source: Estimate.Source, more: Int)?, standing: ClaimStanding
  ) {
    self.name = name
    self.claim = claim
    self.measurement = measurement
    self.support = support
    self.opposition = opposition
    self.needed = needed
    self.standing = standing
    (first, second) = (axes.point(claim.first), axes.point(claim.second))
  }

  package var verdict: Verdict {
    if measurement.done < measurement.planned { return .open }
    if measurement.probabilities == nil { return .notDecided }
    if support <= Self.level { return .supported }
    return opposition <= Self.level ? .refuted : .notDecided
  }

  /// The first point's mean minus the second's, in the unit in which the value is shown; nil until
  /// all runs are done.
  package var difference: Double? { measurement.difference }
  /// The bounds of its 95 % interval.
  package var interval: ClosedRange<Double>? { measurement.estimate?.interval() }
  var obstacle: String? { measurement.obstacle }

  /// Whether the verdict speaks of problems alone.
  var isOfOneRun: Bool { measurement.estimate?.runs == 1 }

  /// What differences are in.
  var unit: String {
    switch measurement.format {
    case .percent: "percentage points"
    case .tokens: "tokens"
    case .integer, .decimal: "the value's unit"
    }
  }
}
