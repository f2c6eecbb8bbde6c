import Base
import Foundation
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

extension Preflight {
  /// Makes sure that models and checkpoints have room on the disk, that prompts have room in contexts and,
  /// where stages run in this process, that they have the memory.
  /// - Parameter isHere: whether they run in this process.
  /// - Returns: sentences about what may yet turn out too little.
  /// - Throws: `ContextNeed`, `DiskNeed` or `MemoryNeedError`.
  package static func checkRoom(
    _ plan: Plan, folders: DataFolders, threads: Int, cache: URL, isHere: Bool
  ) throws -> [String] {
    let needs = MemoryNeed.all(of: plan, folders: folders, threads: threads)
    if needs.isEmpty { return [] }
    try ContextNeed.check(needs)
    return [
      try DiskNeed.check(needs, cache: cache), isHere ? try MemoryNeed.check(needs) : nil,
    ].compactMap(\.self)
  }
}

/// Things from outside that a recipe needs and would not get.
package struct PreflightError: Error, CustomStringConvertible {
  let problems: [String]

  package var description: String { "nothing was run: " + problems.joined(separator: "\n") }
}
