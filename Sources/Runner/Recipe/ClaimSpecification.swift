import Base
import OrderedCollections

/// A claim that a recipe makes of a value at two points of its axes, stated so that it can be tested.
package struct ClaimSpecification: ParameterSet {
  /// The claim in words.
  package var says = ""
  /// What is compared, as `stage.value`.
  package var value = ""
  /// The axes that each side is the mean over; runs pair up at their points.
  package var over: [String] = []
  private var greater: [[String: AxisText]] = []
  private var less: [[String: AxisText]] = []
  private var notLess: [[String: AxisText]] = []
  private var equivalent: [[String: AxisText]] = []
  /// How large a difference counts as none, in the unit in which the value is shown: percentage
  /// points for percentages. Nil for tests that take none.
  package var within: Double?

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("says", \.says, required: true, "the claim in words"),
      Field("value", \.value, required: true, "what is compared, as stage.value"),
      Field(
        "over", \.over, "the axes that each side is the mean over; runs pair up at their points"),
      Field("greater", \.greater, "two points: the first is greater than the second"),
      Field("less", \.less, "two points: the first is less than the second"),
      Field("not_less", \.notLess, "two points: the first is not less than the second by 'within'"),
      Field("equivalent", \.equivalent, "two points: they differ by less than 'within'"),
      Field(
        "within", \.within, range: 0...1e300,
        "how large a difference counts as none, in the unit in which the value is shown"),
    ]
  }

  /// What is said of the two points.
  package var test: ClaimTest { used?.test ?? .greater }
  /// The point of which it is said, as the value of each axis.
  package var first: [String: String] { point(0) }
  /// The point that it is compared with.
  package var second: [String: String] { point(1) }

  private var used: (test: ClaimTest, points: [[String: AxisText]])? {
    [(.greater, greater), (.less, less), (.notLess, notLess), (.equivalent, equivalent)]
      .first { !$0.1.isEmpty }
  }

  private func point(_ index: Int) -> [String: String] {
    guard let points = used?.points, points.indices.contains(index) else { return [:] }
    return points[index].mapValues(\.text)
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let places = ClaimTest.allCases.compactMap { test in
      positions[test.rawValue].map { (test: test, position: $0) }
    }.sorted { $0.position < $1.position }
    guard let test = places.first?.test else {
      sink.report(position, "a claim must say how two points compare: one of \(ClaimTest.list)")
      return
    }
    for (other, place) in places.dropFirst() {
      sink.report(
        place, "a claim says one thing: '\(test.rawValue)' or '\(other.rawValue)', not both")
    }
    if used?.points.count != 2 {
      sink.report(
        positions[test.rawValue] ?? position,
        "'\(test.rawValue)' needs two points, as in [{arm: warmed}, {arm: base}]")
    }
    checkMargin(of: test, positions: positions, into: &sink)
  }

  private func checkMargin(
    of test: ClaimTest, positions: [String: SourcePosition], into sink: inout DiagnosticSink
  ) {
    if test.hasMargin, !(within ?? 0 > 0),
      let place = positions["within"] ?? positions[test.rawValue]
    {
      sink.report(
        place, "'\(test.rawValue)' needs 'within' above 0: how large a difference counts as none")
    }
    if !test.hasMargin, let place = positions["within"] {
      sink.report(place, "'within' has no meaning beside '\(test.rawValue)'")
    }
  }
}

/// How a claim says that two points compare, by its key in the recipe.
package enum ClaimTest: String, CaseIterable, Sendable {
  case greater
  case less
  /// Greater, or less by no more than the margin.
  case notLess = "not_less"
  /// The margin apart at most.
  case equivalent

  package var hasMargin: Bool { self == .notLess || self == .equivalent }

  /// The keys for people: `'greater', 'less', …`.
  static var list: String { allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") }
}

extension OrderedDictionary<String, [JSONValue]> {
  /// The point of these axes that texts name, in the axes' order; what no axis has is left out.
  package func point(_ texts: [String: String]) -> AxisPoint {
    var point: AxisPoint = [:]
    for (axis, values) in self {
      if let text = texts[axis] { point[axis] = values.first { $0.label == text } }
    }
    return point
  }
}

extension Recipe {
  /// The instances that a side of a claim is the mean of.
  /// - Parameter side: one of the claim's two points.
  package func runs(of claim: ClaimSpecification, at side: [String: String]) -> [Instance] {
    let (stage, point) = (claim.value.prefix { $0 != "." }, axes.point(side))
    return instances.filter { $0.stageName == stage && point.includes($0.point) }
  }
}

/// Checks what a claim says against the stages and the axes.
extension ReportChecks {
  /// Reads a claim, reporting what is wrong with it.
  func claim(_ entry: RecipeEntry, into sink: inout DiagnosticSink) -> ClaimSpecification? {
    let places = ReportPlaces(withPointsAsText(entry), "claim")
    guard let claim = read(ClaimSpecification.self, places, into: &sink) else { return nil }
    let stages = stages([claim.value], "value", places, into: &sink)
    let before = sink.diagnostics.count
    let key = claim.test.rawValue
    for point in places.elements(of: key) { checkPoint(point, of: stages, into: &sink) }
    let named = Set(claim.first.keys).union(claim.second.keys)
    for axis in axes.sorted(named) where claim.first[axis] == nil || claim.second[axis] == nil {
      sink.report(
        places.place(of: key, element: claim.first[axis] == nil ? 0 : 1),
        "'\(key)' names the axis '\(axis)' at one of its points only; name it at both")
    }
    if claim.first == claim.second {
      sink.report(places.place(of: key, element: 1), "both points of '\(key)' are the same")
    }
    // What is wrong with an axis of a point is said there.
    let fitting = axes.sorted(named).filter { axis in
      stages.allSatisfy { !$0.isLinked || $0.axes.contains(axis) }
    }
    check([(key, fitting), ("over", claim.over)], of: stages, places, into: &sink)
    if sink.diagnostics.count == before, let stage = stages.first, stage.isLinked {
      checkRuns(of: claim, stage, places, into: &sink)
    }
    return claim
  }

  private func checkPoint(
    _ point: RecipeNode, of stages: [LinkedStage], into sink: inout DiagnosticSink
  ) {
    guard case .map(let entries) = point.value else { return }
    for entry in entries {
      check(entry.key, of: stages, at: entry.keyPosition, into: &sink)
      if let values = axes.values[entry.key] {
        _ = entry.node.value(of: entry.key, among: values, into: &sink)
      }
    }
  }

  private func checkRuns(
    of claim: ClaimSpecification, _ stage: LinkedStage, _ places: ReportPlaces,
    into sink: inout DiagnosticSink
  ) {
    let points = axes.points(of: stage.axes)
    for (index, side) in [claim.first, claim.second].enumerated() {
      let point = axes.values.point(side)
      if points.contains(where: point.includes) { continue }
      sink.report(
        places.place(of: claim.test.rawValue, element: index),
        "'include' and 'exclude' leave no '\(stage.declaration.name)' at \(point.coordinates)")
    }
  }
}
