import Base
import Foundation
import Stages
import Tasks
import TestSupport
import Testing

/// The files of puzzles that others published, where they lie beside the package, with the settings
/// under which they must come out.
enum PublishedPuzzles {
  struct Source: Sendable, CustomTestStringConvertible {
    let path: String
    let parameters: KnightsAndKnavesStage.Parameters

    init(
      _ path: String, people: Int, start: Int, count: Int,
      perturbation: PuzzlePerturbation = .none
    ) {
      self.path = path
      var parameters = KnightsAndKnavesStage.Parameters()
      (parameters.people, parameters.start, parameters.count) = ([people], start, count)
      parameters.perturbation = perturbation
      self.parameters = parameters
    }

    var file: URL { ProjectFolder.benchmarkData.appending(path: "kk/\(path)") }
    var testDescription: String { path }
  }

  static let arePresent = FileManager.default.fileExists(
    atPath: ProjectFolder.benchmarkData.appending(path: "kk").path)

  /// The ten files that the paper used.
  static let logicRL = (3...7).flatMap { people in
    [
      Source("Logic-RL/\(people)ppl/train.jsonl.gz", people: people, start: 100, count: 900),
      Source("Logic-RL/\(people)ppl/test.jsonl", people: people, start: 1000, count: 100),
    ]
  }

  /// The 21 test files of the original set.
  static let original = (2...8).flatMap { people in
    [
      ("clean", PuzzlePerturbation.none), ("perturbed_statement", .statement),
      ("perturbed_leaf", .leaf),
    ].map { name, perturbation in
      Source(
        "mem-kk-logic/test/\(name)/people\(people)_num100.jsonl.gz", people: people, start: 0,
        count: 100, perturbation: perturbation)
    }
  }
}

@Suite struct KnightsPublishedTests {
  /// Skipped where the published rows are not at hand.
  @Test(
    .enabled(if: PublishedPuzzles.arePresent),
    arguments: PublishedPuzzles.logicRL + PublishedPuzzles.original)
  func filesComeOutByteForByte(source: PublishedPuzzles.Source) throws {
    let ours = try KnightsAndKnavesStage(parameters: source.parameters).table().rows
    var dataset = DatasetStage.Parameters()
    (dataset.task, dataset.source) = (.knightsAndKnaves, source.path)
    let published = try DatasetStage(parameters: dataset).table(from: source.file).rows
    try #require(ours.count == published.count)
    let fields = PuzzleRow.order.filter { $0 != "id" && $0 != "people" }
    #expect(fields.count == 11)
    for (row, theirs) in zip(ours, published) {
      for field in fields {
        let expected = try #require(theirs[field]).text
        #expect(Array((row[field] ?? .null).text.utf8) == Array(expected.utf8), "\(field)")
      }
    }
  }
}
