import Foundation
import Runner
import Stages
import Testing

/// Rows that others published, where they lie beside the package.
enum PublishedPuzzles {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/data/kk/Logic-RL").standardizedFileURL
  static var arePresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

  static func testRows(people: Int) throws -> [JSONValue] {
    let file = folder.appending(path: "\(people)ppl/test.jsonl")
    return try Data(contentsOf: file).split(separator: 0x0a).map { try JSONValue(parsing: $0) }
  }
}

@Suite struct KnightsPublishedTests {
  /// Skipped where the published rows are not at hand.
  @Test(.enabled(if: PublishedPuzzles.arePresent), arguments: 3...7)
  func testRowsComeOutByteForByte(people: Int) throws {
    var parameters = KnightsAndKnavesStage.Parameters()
    parameters.people = [people]
    parameters.start = 1000
    parameters.count = 100
    let ours = try KnightsAndKnavesStage(parameters: parameters).table().rows
    let published = try PublishedPuzzles.testRows(people: people)
    #expect(published.count == 100)
    for (row, theirs) in zip(ours, published) {
      for (field, value) in row where field != "id" && field != "people" {
        #expect(Array(value.text.utf8) == Array((theirs[field] ?? .null).text.utf8))
      }
    }
  }
}
