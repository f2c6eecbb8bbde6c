import Base
import OrderedCollections
import Runner

/// Which runs a claim is given over.
enum ClaimPoints {
  /// Those at points that passed all gates.
  case passed
  /// All of which anything can be known: those that no gate stopped.
  case known

  /// The runs of some instances that count. Where one of a pair does not, the other does not either.
  func runs(
    of claim: ClaimSpecification, among instances: [PlannedInstance], in data: Findings
  ) -> [PlannedInstance] {
    let points = [claim.first, claim.second].map(data.axes.point)
    let own = instances.filter { instance in points.contains { $0.includes(instance.point) } }
    let out = own.filter { !counts($0, in: data) }.map { $0.point.projected(on: Set(claim.over)) }
    return own.filter { run in !out.contains { run.point.lies(on: $0) } }
  }

  private func counts(_ run: PlannedInstance, in data: Findings) -> Bool {
    switch self {
    case .passed: data.passes(run)
    case .known: run.state != .stopped
    }
  }
}

/// What is to be said of a claim whose runs did not all pass the gates.
package struct GatedClaim: Sendable {
  /// Where runs did not pass, such as `seed=33`.
  package let places: [String]
  /// How many runs gates stopped, so that nothing is known of them.
  package let unknown: Int
  /// What comes of it over all points of which anything is known; nil where these are just those
  /// that passed.
  package let result: ClaimResult?

  /// - Parameter result: the claim over all that is known.
  /// - Returns: nil where all runs passed.
  init?(_ result: ClaimResult, in data: Findings) {
    let claim = result.claim
    let stage = String(claim.value.prefix { $0 != "." })
    let runs = data.instances.filter { instance in
      instance.stageName == stage
        && [result.first, result.second].contains { $0.includes(instance.point) }
    }
    let failed = runs.filter { !data.passes($0) }
    if failed.isEmpty { return nil }
    places = OrderedSet(failed.flatMap { Self.places($0, data) }).elements
    unknown = failed.count { $0.state == .stopped }
    let (passed, known) = (ClaimPoints.passed, ClaimPoints.known)
    let isMore =
      known.runs(of: claim, among: runs, in: data).count
      > passed.runs(of: claim, among: runs, in: data).count
    self.result = isMore ? result : nil
  }

  private static func places(_ run: PlannedInstance, _ data: Findings) -> [String] {
    let gates = data.failedGates(at: run).map(\.point).filter { !$0.isEmpty }
    return gates.isEmpty ? [run.name] : gates.map(\.coordinates)
  }

  static let meaning =
    "Where points did not pass the gates, the first verdict is over those that did, the second over"
    + " all of which anything is known."

  /// `without seed=33`.
  var exception: String { "without \(GatedPlaces.text(places))" }

  /// What the second verdict is over, or why there is none.
  var scope: String {
    if unknown == 0 { return "over all points" }
    let runs = unknown == 1 ? "1 stopped run" : "\(unknown) stopped runs"
    return result == nil
      ? "over all points: nothing is known of \(runs)"
      : "over all points but \(runs), of which nothing is known"
  }

  var json: JSONValue {
    [
      "without": .array(places.map { .string($0) }), "unknown": .integer(unknown),
      "all": result?.json ?? .null,
    ]
  }
}
