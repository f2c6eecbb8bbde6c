import Base
import Foundation
import Runner

/// What the registration beside a recipe says of a claim.
package enum ClaimStanding: Sendable, Equatable {
  /// As it is now, before the first of its results.
  case before
  /// As it is now, and it has no result yet.
  case awaited
  /// As it is now, when so many of its runs had results.
  case after(done: Int, runs: Int)
  /// In what it is another than the registered one.
  case changed([String])
  /// The lock of the runs does not name this registration.
  case unconfirmed
  /// Not at all.
  case none

  /// For programs.
  package var code: String {
    switch self {
    case .before: "before"
    case .awaited: "awaited"
    case .after: "after"
    case .changed: "changed"
    case .unconfirmed: "unconfirmed"
    case .none: "no"
    }
  }

  /// In a few words, behind *registered*.
  package var words: String {
    switch self {
    case .before: "before the first of its results"
    case .awaited: "yes; no result yet"
    case .after(let done, let runs): "only when \(done) of \(runs) runs had results"
    case .changed: "changed since"
    case .unconfirmed: "the results do not say"
    case .none: "no"
    }
  }
}

/// The registration beside a recipe, against what is claimed and planned now.
struct RegistrationCheck {
  private let recipe: Recipe
  private let data: Findings
  private let registration: Registration?
  private let digest: String?
  /// What the lock of the runs names.
  private let locked: String?
  private let fault: String?

  /// Reads the registration.
  /// - Parameter locked: SHA-256 of the registration that the recipe's lock names.
  init(_ recipe: Recipe, _ data: Findings, locked: String?) {
    self.recipe = recipe
    self.data = data
    self.locked = locked
    digest = Registration.digest(beside: recipe.file)
    do {
      registration = try Registration(beside: recipe.file)
      fault = nil
    } catch {
      registration = nil
      fault = error.description
    }
  }

  func standing(of name: String, _ claim: ClaimSpecification) -> ClaimStanding {
    guard let registration, let registered = registration.claims[name] else { return .none }
    let today = RegisteredClaim(claim, in: recipe)
    let changes =
      registered.differences(from: today) + registration.gateDifferences(from: recipe.gates)
      + keyChanges(today.runs, registration)
    if !changes.isEmpty { return .changed(changes) }
    if !registered.results.isEmpty {
      return .after(done: registered.results.count, runs: registered.runs.count)
    }
    if !today.runs.contains(where: { data[$0]?.isDone == true }) { return .awaited }
    return locked == digest ? .before : .unconfirmed
  }

  private func keyChanges(_ runs: [String], _ registration: Registration) -> [String] {
    let changed = runs.filter { name in
      guard let old = registration.keys[name], let key = data[name]?.key else { return false }
      return old != key
    }
    guard let first = changed.first else { return [] }
    let rest = changed.count == 1 ? "" : " and \(changed.count - 1) more"
    return ["other keys: \(first)\(rest)"]
  }

  private static func words(_ overrides: [String]) -> String {
    overrides.isEmpty
      ? "without --set" : "with " + overrides.map { "--set \($0)" }.joined(separator: " ")
  }

  /// Sentences on the registration as a whole, and on each claim that is not as it was registered.
  func notes(_ standings: [(name: String, standing: ClaimStanding)]) -> [String] {
    let file = Registration.file(of: recipe.file).lastPathComponent
    guard let registration, let digest else {
      return fault.map { [$0 + "."] } ?? [
        "Nothing is registered: 'warmup register' writes the claims down before there are results."
      ]
    }
    let changes = standings.compactMap { name, standing -> String? in
      guard case .changed(let changes) = standing else { return nil }
      return "\(name) is not what was registered: \(changes.joined(separator: "; "))."
    }
    let claimed = Set(recipe.claims.map(\.name))
    let dropped = registration.claims.keys.filter { !claimed.contains($0) }.sorted()
    let notes =
      changes
      + (dropped.isEmpty
        ? [] : ["Registered, and no longer claimed: \(dropped.joined(separator: ", "))."])
      + (standings.contains { $0.standing == .unconfirmed }
        ? ["The lock of the results names no or another registration, so that they may be older."]
        : [])
      + (registration.overrides == recipe.overrides
        ? [] : ["It was registered \(Self.words(registration.overrides))."])
      + (registration.replaces.map {
        ["This registration took the place of another one (SHA-256 \($0.prefix(12))…)."]
      } ?? [])
    return notes + [
      "Registered in \(file), SHA-256 \(digest.prefix(12))…. When that was is proved by the commit "
        + "of this file, not by the clock of this machine."
    ]
  }
}
