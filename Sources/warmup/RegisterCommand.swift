import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup register RECIPE`.
struct RegisterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register",
    abstract: "Record what a recipe claims and runs, before there are results.",
    discussion: """
      Writes <recipe>.registered.json beside the recipe: its claims, gates, axes, runs, numbers of \
      problems and the key of every instance. Commit it before you run: the commit is what proves when it \
      was written. Reports then say of each claim whether it was registered before the first of its \
      results, and what has changed since.
      """)

  @OptionGroup var options: RecipeOptions

  @Flag(help: "Replace a registration of other claims or keys; the new one names the old.")
  var again = false

  func run() throws {
    let workspace = try Workspace(options)
    if let packed = workspace.packed {
      throw ValidationError("\(packed.file.relativePath) is packed; register its recipe")
    }
    let (recipe, plan) = (workspace.recipe, try workspace.plan())
    let file = Registration.file(of: recipe.file)
    let old = try previous(beside: recipe.file)
    let estimate = PlanEstimate(plan, folders: workspace.folders)
    let new = try Registration(
      recipe, plan, problems: { estimate.problems[$0.name] },
      replaces: again ? Registration.digest(beside: recipe.file) : nil)
    if let old, old.isSame(as: new) {
      try StandardOutput.write(
        "\(file.relativePath): registered already, and nothing has changed\n")
      return
    }
    if old != nil, !again {
      throw RegisterError.registered(path: file.relativePath, changes: changes(from: old, to: new))
    }
    try AtomicFile.write(new.text, to: file)
    try StandardOutput.write(summary(of: new, recipe, file))
  }

  /// The registration that is there; nil also for one that cannot be read and is to be replaced.
  private func previous(beside recipe: URL) throws -> Registration? {
    do {
      return try Registration(beside: recipe)
    } catch  where again {
      return nil
    }
  }

  private func changes(from old: Registration?, to new: Registration) -> [String] {
    guard let old else { return [] }
    let claims = new.claims.sorted { $0.key < $1.key }.flatMap { name, claim in
      (old.claims[name]?.differences(from: claim) ?? ["it was not claimed"])
        .map { "claim '\(name)': \($0)" }
    }
    let dropped = old.claims.keys.filter { new.claims[$0] == nil }.sorted()
      .map { "claim '\($0)': it is no longer made" }
    let keys = new.keys.keys.filter { old.keys[$0] != new.keys[$0] }.sorted()
    let gone = old.keys.keys.filter { new.keys[$0] == nil }.count
    return claims + dropped + old.gateDifferences(from: new.gates)
      + (keys.isEmpty ? [] : ["\(keys.count) of \(new.keys.count) keys, such as of \(keys[0])"])
      + (gone == 0 ? [] : ["\(gone) instances that there are no longer"])
  }

  private func summary(of registration: Registration, _ recipe: Recipe, _ file: URL) -> String {
    let rows = recipe.claims.compactMap { name, _ in
      registration.claims[name].map { ["  " + name, sizes(of: $0), state(of: $0)] }
    }
    let count = recipe.claims.count == 1 ? "1 claim" : "\(recipe.claims.count) claims"
    let late = registration.claims.values.contains { !$0.results.isEmpty }
    return "Registered \(count) and \(registration.keys.count) keys: \(file.relativePath)\n"
      + AlignedText.lines(rows).map { $0 + "\n" }.joined()
      + "SHA-256 \(SHA256Digest.hex(of: Data(registration.text.utf8)))\n"
      + (late
        ? "Warning: what has results is marked so in the file, and reports will say it.\n" : "")
      + "Commit the file before you run: the commit proves when it was written, and no clock of "
      + "this machine does.\n"
  }

  private func sizes(of claim: RegisteredClaim) -> String {
    let problems = Set([claim.first.problems, claim.second.problems])
    let each = problems.count == 1 ? problems.first.flatMap(\.self) : nil
    return "\(claim.first.runs.count) and \(claim.second.runs.count) runs"
      + (each.map { " of \($0) problems" } ?? "")
  }

  private func state(of claim: RegisteredClaim) -> String {
    claim.results.isEmpty
      ? "no result yet" : "\(claim.results.count) of \(claim.runs.count) HAVE RESULTS ALREADY"
  }
}

/// Why a recipe is not registered.
enum RegisterError: Error, CustomStringConvertible {
  case registered(path: String, changes: [String])

  var description: String {
    switch self {
    case .registered(let path, let changes):
      "\(path) registers something else:\n" + changes.prefix(12).map { "  \($0)\n" }.joined()
        + "Nothing was written; --again writes a new registration, which names the old one"
    }
  }
}
