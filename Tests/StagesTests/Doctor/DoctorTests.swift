import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

@Suite(.ownThread) struct DoctorTests {
  /// The findings of a section about recipes in a folder of the test's own.
  private func findings(
    _ title: String, _ recipes: [String] = [], in folder: ScratchFolder
  ) throws -> [DoctorFinding] {
    let files = try recipes.enumerated().map { try folder.write($1, "\($0).yaml") }
    let surroundings = DoctorSurroundings(
      recipes: files, results: folder.url.appending(path: "results"))
    let section = DoctorReport.sections(surroundings).first { $0.title == title }
    return try #require(section).findings()
  }

  private func recipe(_ params: String) -> String {
    """
    version: 1
    name: test
    stages:
      problems: {kind: dataset, params: {task: math, \(params)}}
    """
  }

  private static let digest = SHA256Digest.hex(of: Data("hello".utf8))
  private static let other = String(repeating: "0", count: 64)

  @Test func filesArePresentChangedOrMissing() throws {
    let folder = try ScratchFolder()
    _ = try folder.write("hello", "here.jsonl")
    let found = try findings(
      "files",
      [
        recipe("source: here.jsonl"), recipe("source: here.jsonl, sha256: \(Self.digest)"),
        recipe("source: here.jsonl, sha256: \"\(Self.other)\""), recipe("source: gone.jsonl"),
        recipe("source: data/math/math500_test.jsonl"),
        recipe("source: \"https://example.org/x.jsonl\", sha256: \(Self.digest)"), "version: 2",
      ], in: folder)
    #expect(
      found.map(\.state).prefix(7) == [.good, .good, .wrong, .missing, .missing, .missing, .wrong])
    #expect(found[0].detail.contains(Self.digest))
    #expect(found[2].detail == "changed: SHA-256 \(Self.digest), pinned \(Self.other)")
    #expect(found[3].detail.contains(folder.url.path))
    #expect(found[4].advice?.contains("HuggingFaceH4/MATH-500") == true)
    #expect(found[5].advice == "A run that needs it fetches it.")
    #expect(found[6].advice?.contains("warmup validate") == true)
  }

  @Test func aFileThatManyInstancesNameIsLookedAtOnce() throws {
    let folder = try ScratchFolder()
    _ = try folder.write("hello", "here.jsonl")
    let text = """
      version: 1
      name: test
      axes: {seed: [1, 2, 3]}
      stages:
        problems:
          kind: dataset
          params: {task: math, source: here.jsonl, order: numpy_permutation, seed: "${seed}"}
      """
    let found = try findings("files", [text, recipe("source: here.jsonl")], in: folder)
    #expect(found.count { $0.name == "here.jsonl" } == 1)
  }

  @Test func everyKnownFileIsSpokenOf() throws {
    let found = try findings("files", in: try ScratchFolder())
    #expect(found.map(\.name) == BenchmarkFile.known.map(\.path))
    #expect(BenchmarkFile.known.allSatisfy { $0.sha256.count == 64 })
  }

  /// What the recipes under `experiments/` pin is what the program says of the files.
  @Test func experimentsPinTheKnownContents() throws {
    let folder = ProjectFolder.root.appending(path: "Tests").appending(path: "../experiments")
      .standardized
    var pinned = 0
    for recipe in RecipeFolder.below(folder) {
      let name = recipe.lastPathComponent
      for instance in try Recipe.load(recipe, registry: .standard).instances {
        guard instance.kind.name == "dataset" else { continue }
        let source = instance.parameters["source"]?.string
        let known = try #require(BenchmarkFile.known.first { $0.path == source }, "\(name)")
        #expect(instance.parameters["sha256"]?.string == known.sha256, "\(name): \(known.path)")
        pinned += 1
      }
    }
    #expect(pinned > 0)
  }

  @Test(
    .enabled(if: ProjectFolder.hasBenchmarkData, "no benchmark data lies beside the project"))
  func theKnownContentsAreThePublishedOnes() throws {
    let sums = try String(
      contentsOf: ProjectFolder.benchmarkData.appending(path: "SHA256SUMS"), encoding: .utf8)
    for known in BenchmarkFile.known {
      #expect(sums.contains("\(known.sha256)  \(known.path)\n"), "\(known.path)")
    }
  }

  @Test func librariesAndTheMachineAreNamed() throws {
    let folder = try ScratchFolder()
    let libraries = try findings("system libraries", in: folder)
    #expect(
      libraries.map(\.name) == ["libyaml", "OpenBLAS", "HDF5", "zlib", "Zstandard", "OpenSSL"])
    for library in libraries {
      #expect(library.detail.contains(#/\d+\.\d+/#), "\(library)")
    }
    let machine = try findings("this machine", in: folder)
    #expect(machine.map(\.name) == ["processor", "instructions", "memory", "free disk"])
    #expect(machine[3].detail.contains(folder.url.path))
  }

  @Test func theReportIsTextAndJSON() {
    let surroundings = DoctorSurroundings(recipes: [], results: URL(filePath: "/nonexistent"))
    let report = DoctorReport(surroundings)
    let titles = report.parts.map(\.title)
    #expect(titles.starts(with: ["this machine", "system libraries", "python"]))
    #expect(report.text.contains("system libraries\n  ok      libyaml"))
    #expect(report.json.object?.keys.sorted() == titles.sorted())
    #expect(report.json["system libraries"]?.array?.first?["name"] == "libyaml")
  }
}
