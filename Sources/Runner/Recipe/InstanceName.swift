import Base
import OrderedCollections

/// An instance as people name it: `stage[axis=value,…]`, the axes in any order, with blanks around
/// names and values if they like. Values are compared exactly, numbers as numbers.
package struct InstanceName {
  private let text: String
  private let stage: Substring
  /// What stands between the brackets; nil where there are none.
  private let coordinates: Substring?

  package init(_ text: String) {
    self.text = text
    let open = text.firstIndex(of: "[")
    stage = text[..<(open ?? text.endIndex)].trimmed
    let end = text.lastIndex { $0 != " " }
    if let open, let end, text[end] == "]", open < end {
      coordinates = text[text.index(after: open)..<end]
    } else {
      coordinates = open == nil ? nil : ""
    }
  }

  /// The one of some instances that is meant; nil where it is none, or where it may be several.
  package func find<Named>(
    among candidates: [Named],
    _ instance: (Named) -> (name: String, stage: String, point: AxisPoint)
  ) -> Named? {
    if let exact = candidates.first(where: { instance($0).name.utf8.elementsEqual(text.utf8) }) {
      return exact
    }
    let found = candidates.filter { candidate in
      let (_, stage, point) = instance(candidate)
      return stage == self.stage && means(point)
    }
    return found.count == 1 ? found[0] : nil
  }

  private func means(_ point: AxisPoint) -> Bool {
    guard let coordinates else { return point.isEmpty }
    return Self.matches(coordinates, Array(point.map { ($0.key, $0.value) }))
  }

  /// Whether a text lists coordinates, each once, in any order. A value may hold commas and equals
  /// signs, so that every way of reading it is tried.
  private static func matches(
    _ text: Substring, _ coordinates: [(axis: String, value: JSONValue)]
  ) -> Bool {
    if coordinates.isEmpty { return text.trimmed.isEmpty }
    let start = text.drop { $0 == " " }
    return coordinates.indices.contains { index in
      let (axis, value) = coordinates[index]
      guard start.hasPrefix(axis) else { return false }
      let sign = start.dropFirst(axis.count).drop { $0 == " " }
      guard sign.first == "=" else { return false }
      var others = coordinates
      others.remove(at: index)
      return ends(of: value, in: sign.dropFirst()).contains { rest in
        if others.isEmpty { return rest.trimmed.isEmpty }
        let comma = rest.drop { $0 == " " }
        return comma.first == "," && matches(comma.dropFirst(), others)
      }
    }
  }

  /// What may follow a value at the beginning of a text.
  private static func ends(of value: JSONValue, in text: Substring) -> [Substring] {
    var rests = [text, text.drop { $0 == " " }].filter { $0.hasPrefix(value.label) }
      .map { $0.dropFirst(value.label.count) }
    let word = text.prefix { $0 != "," }
    if value.isTyped(word.trimmed) { rests.append(text[word.endIndex...]) }
    return rests
  }
}

extension Substring {
  /// Without the blanks at its ends.
  fileprivate var trimmed: Substring {
    let start = drop { $0 == " " }
    return start[
      ..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)]
  }
}

/// Instances of a recipe that would have the same name, which then would say nothing.
struct NameCollision {
  private var owners: [String: AxisPoint] = [:]

  /// Notes a name.
  /// - Returns: a sentence where another point has it already.
  mutating func note(_ name: String, at point: AxisPoint, of stage: String) -> String? {
    guard let owner = owners.updateValue(point, forKey: name), owner != point else { return nil }
    return "two instances of '\(stage)' would both be called '\(name)': \(Self.words(owner)) and "
      + "\(Self.words(point)); write the values so that the names differ"
  }

  private static func words(_ point: AxisPoint) -> String {
    point.map { "\($0.key)=\($0.value.text)" }.joined(separator: ", ")
  }
}
