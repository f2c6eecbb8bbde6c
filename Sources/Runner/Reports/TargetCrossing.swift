/// Where a line first reaches a value.
package struct TargetCrossing: Sendable, Equatable {
  /// A measured point of a line, with what getting there costs, where that is known.
  package typealias Place = (x: Double, y: Double, cost: Double?)

  /// The place along the horizontal axis.
  package let x: Double
  /// What getting there costs; nil where nothing is said or known of it.
  package let cost: Double?
  /// Whether the first point is already there, so that it may have been reached earlier.
  package let isFirst: Bool

  /// Describes a place.
  package init(x: Double, cost: Double?, isFirst: Bool) {
    self.x = x
    self.cost = cost
    self.isFirst = isFirst
  }

  /// Finds the place by linear interpolation between two neighbours, for the place and for its cost
  /// alike.
  /// - Parameter points: the line, by ascending x.
  /// - Returns: nil where no point reaches the target.
  package init?(of target: Double, along points: [Place]) {
    guard let index = points.firstIndex(where: { $0.y >= target }) else { return nil }
    let end = points[index]
    guard index > 0 else {
      self.init(x: end.x, cost: end.cost, isFirst: true)
      return
    }
    let start = points[index - 1]
    let share = (target - start.y) / (end.y - start.y)
    func between(_ a: Double, _ b: Double) -> Double { a + share * (b - a) }
    let cost = start.cost.flatMap { first in end.cost.map { between(first, $0) } }
    self.init(x: between(start.x, end.x), cost: cost, isFirst: false)
  }
}
