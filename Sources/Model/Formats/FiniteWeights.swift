/// A parameter's value that is infinite or not a number.
package struct NotFiniteValue: Sendable, Equatable {
  /// The parameter's name.
  package let parameter: String
  /// Which of its values it is, row-major.
  package let index: Int
  /// The value.
  package let value: Float
}

extension Weights {
  /// The first value that is infinite or not a number: a model with one computes nothing.
  package func firstNotFinite() -> NotFiniteValue? {
    for entry in layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let found = buffer.withElements(range) { values in
        values.firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
      }
      if let (index, value) = found {
        return NotFiniteValue(parameter: entry.name, index: index, value: value)
      }
    }
    return nil
  }
}
