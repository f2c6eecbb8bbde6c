extension Statement {
  /// The statement in the published English, such as `If Zoey is a knight then Emma is a knave`.
  ///
  /// The published English has no words for statements within statements; here inner ones stand
  /// in brackets, so that every statement reads one way only.
  package func english(_ names: [String]) -> String {
    switch self {
    case .tellingTruth(let person): "\(names[person]) is a knight"
    case .lying(let person): "\(names[person]) is a knave"
    case .not(.tellingTruth(let person)): "\(names[person]) is not a knight"
    case .not(.lying(let person)): "\(names[person]) is not a knave"
    case .not(let part): "it is not true that \(part.inner(names))"
    case .and(let parts): parts.map { $0.inner(names) }.joined(separator: " and ")
    case .or(let parts): parts.map { $0.inner(names) }.joined(separator: " or ")
    case .implies(let first, let second): "If \(first.inner(names)) then \(second.inner(names))"
    case .iff(let first, let second): "\(first.inner(names)) if and only if \(second.inner(names))"
    }
  }

  private func inner(_ names: [String]) -> String {
    let text = english(names)
    switch self {
    case .tellingTruth, .lying, .not(.tellingTruth), .not(.lying): return text
    case .implies: return "(i" + text.dropFirst() + ")"
    default: return "(\(text))"
    }
  }
}
