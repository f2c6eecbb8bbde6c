import OrderedCollections

/// The axes of a recipe, and which of their points are wanted.
package struct AxisSpace: Sendable {
  /// The values of each axis, in the recipe's order.
  package let values: OrderedDictionary<String, [JSONValue]>
  private let include: [AxisSelector]
  private let exclude: [AxisSelector]

  /// How many points a stage may have.
  package static let pointLimit = 10_000

  /// Describes the axes.
  /// - Parameters:
  ///   - include: where there are any, a point must agree with one of them.
  ///   - exclude: a point that one of them covers is left out.
  init(
    _ values: OrderedDictionary<String, [JSONValue]>, include: [AxisSelector] = [],
    exclude: [AxisSelector] = []
  ) {
    self.values = values
    self.include = include
    self.exclude = exclude
  }

  /// Some axes in the recipe's order.
  func sorted(_ axes: Set<String>) -> [String] { values.keys.filter(axes.contains) }

  /// How many points the axes have before any is left out; at most `Int.max`.
  func productSize(of axes: Set<String>) -> Int {
    axes.reduce(1) { size, axis in
      let (product, overflow) = size.multipliedReportingOverflow(by: values[axis]?.count ?? 1)
      return overflow ? Int.max : product
    }
  }

  /// The points of some axes that are wanted; the last axis varies fastest.
  ///
  /// A point of few axes is wanted if `exclude` does not cover it by these axes alone, and if it
  /// agrees with an `include` as far as these axes go. So whenever a point is wanted, its
  /// projection on fewer axes is, too.
  func points(of axes: Set<String>) -> [AxisPoint] {
    var points: [AxisPoint] = [[:]]
    for axis in sorted(axes) {
      points = points.flatMap { point in
        (values[axis] ?? []).map { value in
          var longer = point
          longer[axis] = value
          return longer
        }
      }
    }
    return points.filter(isWanted)
  }

  private func isWanted(_ point: AxisPoint) -> Bool {
    !exclude.contains { $0.covers(point) }
      && (include.isEmpty || include.contains { $0.agrees(with: point) })
  }
}

/// Some values of some axes: `{start: base, seed: [2, 3]}`.
struct AxisSelector: Sendable {
  /// The values of each axis that is named.
  let values: OrderedDictionary<String, [JSONValue]>

  /// Whether the point has all axes named, each at one of the values.
  func covers(_ point: AxisPoint) -> Bool {
    values.allSatisfy { axis, wanted in point[axis].map(wanted.contains) ?? false }
  }

  /// Whether no axis of the point stands at another value than those named.
  func agrees(with point: AxisPoint) -> Bool {
    values.allSatisfy { axis, wanted in point[axis].map(wanted.contains) ?? true }
  }
}

extension AxisPoint {
  /// The point's coordinates on some of its axes.
  package func projected(on axes: Set<String>) -> AxisPoint { filter { axes.contains($0.key) } }
}

extension JSONValue {
  /// How a scalar is written in names and inside of texts: strings without quotes.
  package var label: String { string ?? text }
}
