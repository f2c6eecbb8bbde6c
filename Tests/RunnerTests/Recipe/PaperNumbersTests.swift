import Foundation
import Testing

/// The published numbers against each other: what the paper says twice must be the same twice.
@Suite struct PaperNumbersTests {
  /// What was trained on, with the tables of accuracy and length.
  private static let domains = [
    ("math_100", "table9", "table10"), ("humaneval_50", "table11", "table12"),
    ("physics", "table13", "table14"), ("history", "table15", "table16"),
  ]
  private static let own = [
    "math_100": "math500", "humaneval_50": "humaneval", "physics": "physics.test",
    "history": "history.test",
  ]

  @Test func everyFileIsThere() {
    let tables = ([2, 5] + (8...16)).map { "table\($0)" }
    let figures = ["figure2", "figure2_steps", "figure3", "figure4"]
    let rest = [
      "appendix_a1", "appendix_a4_2", "appendix_a4_3", "appendix_a5", "appendix_a7", "section2_4",
      "section3_1",
    ]
    #expect(Set(PaperNumbers.all.keys) == Set(tables + figures + rest))
  }

  @Test(arguments: PaperNumbers.all.keys.sorted())
  func aFileSaysWhereItsNumbersAreFrom(_ name: String) throws {
    let file = try PaperNumbers(name)
    let known: Set = [
      "source", "url", "unit", "spread", "passes", "model", "values", "with_guesses", "macro",
    ]
    #expect(file.keys.isSubset(of: known) && file.keys.isSuperset(of: ["source", "url", "unit"]))
    #expect(["percent", "tokens", "number"].contains(file.unit))
    #expect(!file.values.isEmpty)
    #expect(
      Set(file.values.map { "\($0.at.sorted { $0.key < $1.key }) \($0.name)" }).count
        == file.values.count)
    // Shares are between 0 and 100; differences of shares may be negative.
    if file.unit == "percent" { #expect(file.values.allSatisfy { abs($0.mean) <= 100 }) }
  }

  /// MMLU-Pro is a mean over categories with guesses, one category a mean with guesses, and the rest
  /// is neither.
  @Test(arguments: PaperNumbers.all.keys.sorted())
  func everyShareAndLengthSaysWhatItIs(_ name: String) throws {
    for value in try PaperNumbers(name).values {
      let place = value.at["benchmark"] ?? value.at["target"] ?? ""
      let isChoice = ["mmlu_pro", "physics", "history"].contains { place.hasPrefix($0) }
      let isShare = ["accuracy", "gain"].contains(value.name)
      if isShare { #expect(value.withGuesses == "\(isChoice)", "\(name): \(value)") }
      if isShare || ["mean_tokens", "relative_length"].contains(value.name) {
        #expect(value.macro == (place == "mmlu_pro" ? "category" : "none"), "\(name): \(value)")
      }
      if ["accuracy", "mean_tokens"].contains(value.name) {
        #expect(value.problems != nil, "\(name): \(value)")
      }
    }
  }

  /// How many numbers each table of the paper has.
  @Test(arguments: [
    ("table2", 36), ("table5", 24), ("table8", 8), ("table9", 12), ("table10", 12),
    ("table11", 12), ("table12", 12), ("table13", 16), ("table14", 16), ("table15", 16),
    ("table16", 16), ("figure2", 16), ("figure2_steps", 8), ("figure3", 30), ("figure4", 40),
  ])
  func aTableIsWhole(_ name: String, _ count: Int) throws {
    #expect(try PaperNumbers(name).values.count == count)
  }

  @Test(arguments: ["math500", "humaneval", "mmlu_pro"], ["base", "warmed"])
  func rowsThatComeAgainAreTheSame(_ benchmark: String, _ arm: String) throws {
    let point = ["arm": arm, "benchmark": benchmark]
    let first = try PaperNumbers("table2")
      .mean(["model": "Qwen2.5-3B", "arm": arm, "benchmark": benchmark])
    for (_, accuracy, length) in Self.domains {
      #expect(try PaperNumbers(accuracy).mean(point) == first)
      #expect(
        try PaperNumbers(length).mean(point) == PaperNumbers("table10").mean(point))
    }
  }

  /// Figure 3 is what tables 9, 11, 13 and 15 say outside of the domain.
  @Test func figure3FollowsFromTheTables() throws {
    for value in try PaperNumbers("figure3").values {
      let target = try #require(value.at["target"])
      let table = try #require(Self.domains.first { $0.0 == target }).1
      let gain = try gain(table, arm: value.at["arm"] ?? "", benchmark: value.at["benchmark"] ?? "")
      #expect(abs(gain - value.mean) < 0.051, "\(value.at): \(gain) and \(value.mean)")
    }
  }

  /// Figure 2 is what the tables say in the domain, but for physics, which carries a caveat.
  @Test(arguments: domains.map(\.0))
  func figure2FollowsFromTheTablesButForPhysics(_ target: String) throws {
    let table = try #require(Self.domains.first { $0.0 == target }).1
    let figure = try PaperNumbers("figure2")
    var gains: [String: Double] = [:]
    for arm in ["base_rl", "warmed", "warmed_rl"] {
      let benchmark = try #require(Self.own[target])
      gains[arm] = try gain(table, arm: arm, benchmark: benchmark)
    }
    gains["warmed_rl over base_rl"] = try #require(gains["warmed_rl"]) - #require(gains["base_rl"])
    for (arm, gain) in gains {
      let value = try figure.value(["target": target, "arm": arm])
      let agrees = abs(gain - value.mean) < 0.051
      #expect(agrees == (target != "physics"), "\(target), \(arm): \(gain) and \(value.mean)")
      #expect((value.caveat != nil) == (target == "physics"))
    }
  }

  /// Figure 4 is what tables 10, 12, 14 and 16 say, where they have the column.
  @Test func figure4FollowsFromTheTables() throws {
    var compared = 0
    for value in try PaperNumbers("figure4").values {
      let target = try #require(value.at["target"])
      let table = try PaperNumbers(try #require(Self.domains.first { $0.0 == target }).2)
      let benchmark = try #require(value.at["benchmark"])
      guard table.values.contains(where: { $0.at["benchmark"] == benchmark }) else { continue }
      let arm = try #require(value.at["arm"])
      let ratio =
        try table.mean(["arm": arm, "benchmark": benchmark])
        / table.mean(["arm": "base", "benchmark": benchmark]) - 1
      #expect(abs(ratio - value.mean) < 0.0051, "\(value.at): \(ratio) and \(value.mean)")
      compared += 1
    }
    #expect(compared == 28)
  }

  private func gain(_ table: String, arm: String, benchmark: String) throws -> Double {
    let numbers = try PaperNumbers(table)
    return try numbers.mean(["arm": arm, "benchmark": benchmark])
      - numbers.mean(["arm": "base", "benchmark": benchmark])
  }
}
