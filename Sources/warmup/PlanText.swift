import Runner

/// A plan as aligned lines for people.
struct PlanText {
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  var text: String {
    let nameWidth = plan.items.map(\.instance.name.count).max() ?? 0
    let kindWidth = plan.items.map { $0.instance.kind.kind.count }.max() ?? 0
    let lines = plan.items.map { line($0, nameWidth: nameWidth, kindWidth: kindWidth) }
    return lines.joined() + "\n\(plan.count(.toRun)) to run, \(plan.count(.cached)) cached, "
      + "\(plan.count(.blocked)) blocked\n"
  }

  private func line(_ item: PlannedInstance, nameWidth: Int, kindWidth: Int) -> String {
    let state = word(for: item.state).padded(to: 8)
    let name = item.instance.name.padded(to: nameWidth)
    let kind = item.instance.kind.kind.padded(to: kindWidth)
    let last = item.state == .toRun ? duration(item.lastSeconds) : ""
    return "\(state)  \(name)  \(kind)  \(item.reason)\(last)\n"
  }

  private func word(for state: PlannedInstance.State) -> String {
    switch state {
    case .cached: "cached"
    case .toRun: "to run"
    case .blocked: "blocked"
    }
  }

  private func duration(_ seconds: Double?) -> String {
    guard let seconds else { return "" }
    return " (took \(Int(seconds.rounded())) s last time)"
  }
}

extension String {
  /// The text with blanks after it up to a width.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
