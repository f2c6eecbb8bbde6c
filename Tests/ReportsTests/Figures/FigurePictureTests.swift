import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

/// The pictures of `docs/figures.md` whose numbers are made up. After a change on purpose, look at
/// the new ones: `WARMUP_REDRAW=1 swift test --filter FigurePictureTests` draws them again.
@Suite struct FigurePictureTests {
  private static let folder = ProjectFolder.documents.appending(path: "images")

  private static func pictures() throws -> [any Figure] {
    var efficiency = FigureFixture.efficiency
    efficiency.title = "Accuracy over the number of problems"
    var lengths = FigureFixture.heatMap
    lengths.title = "Length of completions against the base model"
    var fixture = FigureFixture.domains
    fixture.results.removeLast()
    fixture.results = fixture.results.map { result in
      guard result.point["arm"] == "tuned", let length = result.values["mean_tokens"]?.number
      else { return result }
      return result.with(
        values: ["mean_tokens": .number(result.point["domain"] == "sums" ? 4800 / length : 84)])
    }
    return [
      try efficiency.figure(name: "figure-efficiency", data: FigureFixture.sizes.data),
      try lengths.figure(name: "figure-heat-map", data: fixture.data),
    ]
  }

  @Test func thePicturesOfTheDocumentsAreCurrent() throws {
    for picture in try Self.pictures() {
      let file = Self.folder.appending(path: picture.name + ".svg")
      if ProcessInfo.processInfo.environment["WARMUP_REDRAW"] != nil {
        try Data(picture.svg.utf8).write(to: file)
      }
      #expect(try Data(contentsOf: file) == Data(picture.svg.utf8), "\(picture.name)")
    }
  }
}
