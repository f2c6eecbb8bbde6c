import Base
import Runner

/// What is looked at before anything of a plan runs, so that it does not fail after hours.
package enum Preflight {
  /// Makes sure that all servers may be asked, and that there is the TRL that would train.
  /// - Throws: `PreflightError`.
  package static func check(
    _ plan: Plan, _ keys: ServerKeys, _ site: Site = Site()
  ) throws {
    let asking = plan.items.filter { $0.isAsked && $0.state == .toRun }.map(\.instance)
    var problems = ServerUse.all(of: asking).compactMap { $0.problem(keys, site) }
    if let problem = TRLPresence.problem(site, for: asking) { problems.append(problem) }
    if !problems.isEmpty { throw PreflightError(problems: problems) }
  }
}

/// Things from outside that a recipe needs and would not get.
package struct PreflightError: Error, CustomStringConvertible {
  let problems: [String]

  package var description: String { "nothing was run: " + problems.joined(separator: "\n") }
}
