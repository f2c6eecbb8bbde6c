import OrderedCollections

/// Checks what tables and figures say of a target that is reached along an axis.
extension ReportChecks {
  /// Reports an axis whose values are no numbers, so that nothing runs along it.
  /// - Parameter hint: what to do instead, behind the message.
  func checkNumbers(
    of axis: String, _ key: String, _ places: ReportPlaces, hint: String = "",
    into sink: inout DiagnosticSink
  ) {
    guard let other = axes.values[axis]?.first(where: { $0.number == nil }) else { return }
    sink.report(
      places.place(of: key, element: 0),
      "'\(key)' needs an axis of numbers, but '\(axis)' has the value \(other.label)\(hint)")
  }

  /// Reports a cost that depends on an axis of which nothing is said.
  /// - Parameter named: the axes of which the table or figure says something.
  func checkCost(
    _ cost: String?, named: [String], _ places: ReportPlaces, into sink: inout DiagnosticSink
  ) {
    guard let cost else { return }
    for stage in stages([cost], "cost", places, into: &sink) where stage.isLinked {
      for axis in axes.sorted(stage.axes) where !named.contains(axis) {
        guard Set(axes.points(of: stage.axes).map { $0[axis] }).count > 1 else { continue }
        sink.report(
          places.place(of: "cost", element: 0),
          "the cost of '\(stage.declaration.name)' depends on the axis '\(axis)', of which the"
            + " \(places.what) says nothing")
      }
    }
  }
}
