import Base
import OrderedCollections

/// A part of a recipe's points, as `--only seed=1,2` names it: what one sitting runs of the whole.
package struct PlanPart: Sendable, Equatable {
  /// What names it, as `seed=1,2`.
  package let texts: [String]
  private let values: OrderedDictionary<String, [JSONValue]>

  /// Reads which values of which axes are asked for; an axis may be named several times.
  /// - Parameter axes: the recipe's, with their values.
  /// - Throws: `PlanPartError`.
  package init(
    _ texts: [String], of axes: OrderedDictionary<String, [JSONValue]>
  ) throws(PlanPartError) {
    self.texts = texts
    var chosen: OrderedDictionary<String, [JSONValue]> = [:]
    for text in texts {
      guard let split = text.firstIndex(of: "="), split > text.startIndex else {
        throw .malformed(text)
      }
      let axis = String(text[..<split])
      guard let all = axes[axis] else { throw .unknownAxis(axis, known: Array(axes.keys)) }
      let list = text[text.index(after: split)...]
      guard let values = Self.values(list, among: all) else {
        let words = list.split(separator: ",", omittingEmptySubsequences: false)
          .map { String($0.drop { $0 == " " }) }
        let unknown = words.first { word in !all.contains { $0.isTyped(word) } }
        throw .unknownValue(unknown ?? String(list), axis: axis, known: all.map(\.label))
      }
      chosen[axis, default: []] += values
    }
    values = chosen
  }

  /// The values that a text lists, with commas between them; nil where it lists none. A value may hold
  /// commas itself, so that every way of reading it is tried.
  private static func values(_ text: Substring, among all: [JSONValue]) -> [JSONValue]? {
    var end = text.endIndex
    while true {
      let word = text[..<end]
      let value =
        all.first { $0.isTyped(word) } ?? all.first { $0.isTyped(word.drop { $0 == " " }) }
      if let value {
        if end == text.endIndex { return [value] }
        if let rest = values(text[text.index(after: end)...], among: all) { return [value] + rest }
      }
      guard let comma = word.lastIndex(of: ",") else { return nil }
      end = comma
    }
  }

  /// Whether no axis of a point stands at a value that was not asked for.
  fileprivate func includes(_ point: AxisPoint) -> Bool {
    AxisSelector(values: values.mapValues { Set($0) }).agrees(with: point)
  }

  /// For people, as `--only seed=1,2`.
  package var words: String { texts.map { "--only \($0)" }.joined(separator: " ") }
}

extension Plan {
  /// The plan of which only a part is asked for: the instances at its points, as far as they need
  /// nothing from other points and wait for no gate there, as what gathers over an axis does. The
  /// others stay as they are.
  package func only(_ part: PlanPart) -> Plan {
    var isAsked: [Bool] = []
    for item in items {
      isAsked.append(
        part.includes(item.point) && item.instance.inputs.allSatisfy { isAsked[$0.producer] }
          && item.instance.guards.allSatisfy { isAsked[$0] })
    }
    let reason = "not asked for (\(part.words))"
    return Plan(
      items: zip(items, isAsked).map { $1 ? $0 : $0.left(reason, $0.artifact) })
  }

  /// The plan of which only some instances are asked for, with all that they need.
  package func only(_ isWanted: (PlannedInstance) -> Bool) -> Plan {
    var isNeeded = items.map { $0.isAsked && isWanted($0) }
    for (index, item) in items.enumerated().reversed() where isNeeded[index] {
      for input in item.instance.inputs { isNeeded[input.producer] = true }
      for gate in item.instance.guards { isNeeded[gate] = true }
    }
    return Plan(
      items: zip(items, isNeeded).map { $1 ? $0 : $0.left("not needed", $0.artifact) })
  }

  /// The plan as if there were no result of what is not asked for.
  package var withoutOthers: Plan {
    Plan(items: items.map { $0.isAsked ? $0 : $0.left($0.reason, nil) })
  }

  /// What is asked for.
  package var asked: [PlannedInstance] { items.filter(\.isAsked) }
}

extension PlannedInstance {
  /// The same instance, not asked for. A gate that is done stays judged.
  fileprivate func left(_ reason: String, _ artifact: Artifact?) -> PlannedInstance {
    PlannedInstance(
      instance: instance, state: .notAsked, reason: reason, fields: fields, key: key,
      artifact: artifact, lastSeconds: lastSeconds, outcome: artifact == nil ? nil : outcome)
  }
}

/// What can be wrong with `--only`.
package enum PlanPartError: Error, Sendable, Equatable, CustomStringConvertible {
  case malformed(String)
  case unknownAxis(String, known: [String])
  case unknownValue(String, axis: String, known: [String])

  package var description: String {
    switch self {
    case .malformed(let text):
      return "--only \(text): expected an axis with values, such as seed=1,2"
    case .unknownAxis(let axis, let known):
      return "--only: the recipe has no axis '\(axis)'\(suggestion(for: axis, among: known))"
    case .unknownValue(let value, let axis, let known):
      return "--only: the axis '\(axis)' has no value '\(value)'; it has "
        + known.joined(separator: ", ")
    }
  }
}
