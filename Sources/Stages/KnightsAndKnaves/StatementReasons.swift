/// Why a statement is true or false, and what follows from its being so, in English.
extension Statement {
  /// The statement's value as far as the known roles settle it part by part (Kleene's logic).
  package func value(given roles: [Bool?]) -> Bool? {
    switch self {
    case .tellingTruth(let person): return roles[person]
    case .lying(let person): return roles[person].map { !$0 }
    case .not(let part): return part.value(given: roles).map { !$0 }
    case .and(let parts):
      let values = parts.map { $0.value(given: roles) }
      return values.contains(false) ? false : values.contains(nil) ? nil : true
    case .or(let parts):
      let values = parts.map { $0.value(given: roles) }
      return values.contains(true) ? true : values.contains(nil) ? nil : false
    case .implies(let first, let second):
      return Statement.or([.not(first), second]).value(given: roles)
    case .iff(let first, let second):
      guard let a = first.value(given: roles), let b = second.value(given: roles) else {
        return nil
      }
      return a == b
    }
  }

  /// What must be so for the statement to have a value; nil where the statement says it itself.
  func demand(_ value: Bool) -> String? {
    switch (self, value) {
    case (.tellingTruth, _), (.lying, _), (.not(.tellingTruth), _), (.not(.lying), _): nil
    case (.not, true): "what comes after \"not true that\" has to be false"
    case (.not, false): "what comes after \"not true that\" has to be true"
    case (.and, true): "every part of it has to be true"
    case (.and, false): "at least one part of it has to be false"
    case (.or, true): "at least one part of it has to be true"
    case (.or, false): "no part of it can be true"
    case (.implies, true): "the first part cannot be true without the second"
    case (.implies, false): "the first part has to be true and the second part false"
    case (.iff, true): "its two parts have to be both true or both false"
    case (.iff, false): "one of its two parts has to be true and the other one false"
    }
  }

  /// The values of those parts that the known roles settle, such as
  /// `"Zoey is a knave" is false`; nil where there are none.
  func settledParts(
    _ names: [String], _ words: RoleWords, given roles: [Bool?]
  ) -> String? {
    let settled = parts.compactMap { part in
      part.value(given: roles).map { "\"\(part.english(names, words))\" is \($0)" }
    }
    return settled.isEmpty ? nil : settled.joined(separator: " and ")
  }

  /// Whether the statement is about a single person, with or without a `not`.
  var isSimple: Bool {
    switch self {
    case .tellingTruth, .lying, .not(.tellingTruth), .not(.lying): true
    default: false
    }
  }
}
