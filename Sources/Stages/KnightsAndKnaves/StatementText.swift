extension Statement {
  /// The statement in the published English, such as `If Zoey is a knight then Emma is a knave`.
  ///
  /// The published English has no words for statements within statements; here inner ones stand
  /// in brackets, so that every statement reads one way only.
  package func english(_ names: [String], _ roles: RoleWords = .published) -> String {
    switch self {
    case .tellingTruth(let person): "\(names[person]) is \(roles.aKnight)"
    case .lying(let person): "\(names[person]) is \(roles.aKnave)"
    case .not(.tellingTruth(let person)): "\(names[person]) is not \(roles.aKnight)"
    case .not(.lying(let person)): "\(names[person]) is not \(roles.aKnave)"
    case .not(let part): "it is not true that \(part.inner(names, roles))"
    case .and(let parts): parts.map { $0.inner(names, roles) }.joined(separator: " and ")
    case .or(let parts): parts.map { $0.inner(names, roles) }.joined(separator: " or ")
    case .implies(let first, let second):
      "If \(first.inner(names, roles)) then \(second.inner(names, roles))"
    case .iff(let first, let second):
      "\(first.inner(names, roles)) if and only if \(second.inner(names, roles))"
    }
  }

  private func inner(_ names: [String], _ roles: RoleWords) -> String {
    let text = english(names, roles)
    switch self {
    case .tellingTruth, .lying, .not(.tellingTruth), .not(.lying): return text
    case .implies: return "(i" + text.dropFirst() + ")"
    default: return "(\(text))"
    }
  }
}
