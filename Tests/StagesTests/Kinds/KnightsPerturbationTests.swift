import Base
import Foundation
import Stages
import Tasks
import Testing

/// Digests come from the published generator, run with another seed.
@Suite struct KnightsPerturbationTests {
  private static func rows(
    _ perturbation: PuzzlePerturbation = .none, _ telling: PuzzleTelling = PuzzleTelling()
  ) throws -> [[String: JSONValue]] {
    var parameters = KnightsAndKnavesStage.Parameters()
    (parameters.people, parameters.count, parameters.seed) = ([5], 25, 77)
    (parameters.perturbation, parameters.drawn) = (perturbation, 25)
    parameters.telling = telling
    return try KnightsAndKnavesStage(parameters: parameters).table().rows
  }

  private static func digest(_ lines: [String]) -> String {
    SHA256Digest.hex(of: Data(lines.joined(separator: "\n").utf8))
  }

  private static func telling(_ change: (inout PuzzleTelling) -> Void) -> PuzzleTelling {
    var telling = PuzzleTelling()
    change(&telling)
    return telling
  }

  private static let tellings: [(PuzzleTelling, String)] = [
    (
      telling { $0.randomPair = true },
      "67c85e9656d9d5e3620c4dacae4de5b27eb3812b6bfa76079c807ec0ed0dad83"
    ),
    (
      telling { $0.flipRole = true },
      "9364bc7493e08404b2e707e68a24b0586a41eb3104e321eb0541fb1831e93b2e"
    ),
    (
      telling { $0.uncommonName = true },
      "d8b956a4b123c5675c029cbdfacd9062a702f4222ccc6d13d299ecae182b0965"
    ),
    (
      telling { $0.reorderStatement = true },
      "ed5c9cae87bae81b19fec7dc5940bfdf61ede68895b80358ec8b24225f662b34"
    ),
    (
      telling {
        ($0.randomPair, $0.flipRole, $0.uncommonName, $0.reorderStatement) = (
          true, true, true, true
        )
      },
      "183199ef308a04a850072114ebf48629f99f9d8a607993008571c1107c18f9e4"
    ),
  ]

  @Test(arguments: 0..<5)
  func tellingsAreThePublishedOnes(index: Int) throws {
    let (telling, digest) = Self.tellings[index]
    let lines = try Self.rows(.none, telling).map { row in
      let knight = try #require(row["knight_knave"]?["Knight"]?.string)
      return "\(row["quiz"]?.string ?? "")|\(row["solution_text"]?.string ?? "")|\(knight)"
    }
    #expect(Self.digest(lines) == digest)
  }

  @Test(arguments: [
    (
      PuzzlePerturbation.statement,
      "84f5e7e3a3c10aa6cf5c735b93b520c121b7c26224df1fc141f99fb3f7f09437"
    ),
    (.leaf, "f06efa5b9ae7e480cf3d2fac5a2e358749b9492fe2268fd00aa81a2b97d8ab92"),
  ])
  func changesAreThePublishedOnes(perturbation: PuzzlePerturbation, digest: String) throws {
    var lines = Array(repeating: "none", count: 25)
    for row in try Self.rows(perturbation) {
      lines[row["index"]?.integer ?? 0] = row["statements"]?.string ?? ""
    }
    #expect(Self.digest(lines) == digest)
  }

  /// One person says something else, the solution is another, and so is the id.
  @Test(arguments: [PuzzlePerturbation.statement, .leaf])
  func changesAreSmallAndMatter(perturbation: PuzzlePerturbation) throws {
    let clean = try Self.rows()
    for row in try Self.rows(perturbation) {
      let index = try #require(row["index"]?.integer)
      let (before, after) = (try ReadPuzzle(clean[index]).puzzle, try ReadPuzzle(row).puzzle)
      #expect(zip(before.statements, after.statements).count { $0 != $1 } == 1)
      #expect(before.uniqueSolution != after.uniqueSolution)
      #expect(row["id"] == .string("kk/seed77/\(perturbation.rawValue)/5/\(index)"))
    }
  }

  /// Traces use the words of the puzzle, and their answers pass the strict verifier.
  @Test(arguments: [TraceStyle.long, .short])
  func tracesSpeakTheWordsOfThePuzzle(style: TraceStyle) throws {
    let rows = try Self.rows(.none, Self.tellings[4].0)
    let traces = try TraceWriter(style: style, seed: 1).traces(for: rows) { _ in "" }.rows
    for (row, trace) in zip(rows, traces) {
      let text = try #require(trace["completion"]?.string)
      #expect(!text.lowercased().contains("knight") && !text.lowercased().contains("knave"))
      let item = GradingItem(row: row, completion: text, id: "1")
      let rules = GradingRules(use: .train, verifier: "strict")
      #expect(try KnightsAndKnavesTask().grade([item], rules)[0].outcome == .correct)
    }
  }
}
