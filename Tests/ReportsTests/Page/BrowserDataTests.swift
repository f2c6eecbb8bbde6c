import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

/// Which two arms the browser of completions shows first.
@Suite struct BrowserDataTests {
  /// The names of the arms that are shown first, of three starts with two numbers of examples each.
  private static func firstArms(_ parts: String) throws -> [String] {
    var fixture = ReportFixture()
    for start in ["base", "warmed", "shuffled"] {
      for examples in [0, 4] {
        let rows: [[String: JSONValue]] = [
          [
            "problem_id": "p", "sample": 0, "tokens": 3, "outcome": "wrong", "correct": false,
            "extracted": "4", "prompt": "?", "truncated": false, "completion": "4",
          ]
        ]
        fixture.add(
          "scores", ["start": .string(start), "examples": .integer(examples)], ["accuracy": 0.2],
          tables: ["scores.h5": RowTable(rows: rows)])
      }
    }
    let folder = try ScratchFolder()
    try fixture.report(
      """
      version: 1
      name: demo
      axes: {start: [base, warmed, shuffled], examples: [0, 4]}
      stages: {scores: {kind: measured, params: {arm: "${start}${examples}"}}}
      \(parts)
      """, in: folder.url
    ).write(to: folder.url)
    let page = try String(contentsOf: folder.file("report.html"), encoding: .utf8)
    let start = try #require(page.range(of: #"id="completions-data">"#))
    let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
    let data = try JSONValue(parsing: Data(page[start.upperBound..<end.lowerBound].utf8))
    let board = try #require(data["start"]?.integer)
    let pair = data["benchmarks"]?.array?[board]["pair"]?.array?.compactMap(\.integer) ?? []
    return pair.compactMap { data["arms"]?.array?[$0].string }
  }

  @Test func aConfusionNamesThem() throws {
    let arms = try Self.firstArms(
      "figures: {flips: {confusion: scores.verdict, between: {start: [base, warmed]}, panels: examples}}"
    )
    #expect(arms == ["base · examples=4", "warmed · examples=4"])
  }

  /// They differ in what the table compares, and in nothing else.
  @Test func elseATableDoes() throws {
    let arms = try Self.firstArms(
      "tables: {main: {value: scores.accuracy, rows: start, columns: examples, baseline: {start: base}}}"
    )
    #expect(arms == ["base · examples=4", "shuffled · examples=4"])
  }

  @Test func elseTheFirstAndTheLast() throws {
    #expect(try Self.firstArms("") == ["base · examples=0", "shuffled · examples=4"])
  }
}
