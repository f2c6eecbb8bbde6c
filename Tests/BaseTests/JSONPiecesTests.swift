import Base
import Testing

@Suite struct JSONPiecesTests {
  private static let others: [[String: JSONValue]] = [
    [:], ["version": 2], ["a": [1, [:]], "z": ["b": "\"\n"]],
  ]

  @Test(arguments: [0, 1, 2, 3_000], others)
  func piecesAreTheTextOfTheWhole(count: Int, others: [String: JSONValue]) {
    let keys = (0..<count).map { "sums[seed=\($0)]\u{e4}\"" }
    let members = Dictionary(
      uniqueKeysWithValues: keys.map { key -> (String, JSONValue) in
        (key, ["kind": "sums", "of": [1, 2.5, .null], "name": .string(key)])
      })
    let pieces = JSONValue.prettyPieces(others, "instances", keys) { members[$0] ?? .null }
    let whole = others.merging(["instances": .object(members)]) { $1 }
    #expect(pieces.joined() == JSONValue.object(whole).prettyText)
    #expect(pieces.count > count / 1_000)
  }
}
