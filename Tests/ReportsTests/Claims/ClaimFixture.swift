import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport

/// Two arms over some seeds, made up, and claims about them.
struct ClaimFixture {
  private var fixture = ReportFixture()
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A recipe of both arms over so many seeds.
  static func recipe(_ claims: String, seeds: Int) -> String {
    """
    version: 1
    name: demo
    axes: {start: [base, warmed], seed: [\((1...seeds).map(String.init).joined(separator: ", "))]}
    stages:
      scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
    claims:
    \(claims.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    """
  }

  /// Adds runs with the value `loss` alone, one a seed.
  mutating func add(_ start: String, losses: [Double], warning: String? = nil) {
    for (index, loss) in losses.enumerated() {
      var values: [String: JSONValue] = ["loss": .number(loss)]
      values["warning"] = warning.map { .string($0) }
      fixture.add("scores", ["start": .string(start), "seed": .integer(index + 1)], values)
    }
  }

  /// Adds a run of each seed in which so many of 20 problems are right, the first ones.
  mutating func add(_ start: String, right: [Int], problem: String = "problem") {
    for (index, right) in right.enumerated() {
      let problems = (0..<20).map { (key: "\(problem)-\($0)", value: $0 < right ? 1 : 0) }
      fixture.addScores(
        ["start": .string(start), "seed": .integer(index + 1)], of: problems, samples: 1)
    }
  }

  var file: URL { folder.file("demo.yaml") }

  /// What came of the claims.
  func report(
    _ claims: String, seeds: Int, registration: String? = nil, overrides: [String] = []
  ) throws -> RecipeReport {
    try fixture.report(
      Self.recipe(claims, seeds: seeds), overrides: overrides, in: folder.url,
      registration: registration)
  }

  func results(_ claims: String, seeds: Int) throws -> [ClaimResult] {
    try report(claims, seeds: seeds).claims.results
  }
}
