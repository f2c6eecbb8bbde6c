import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// Several files as one source.
@Suite(.ownThread) struct RowsSourceTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    let data = folder.file("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for (name, number) in [("train-0-of-2", 0), ("train-1-of-2", 1), ("test-0-of-1", 2)] {
      _ = try folder.write(
        #"{"problem": "\#(number)?", "answer": "\#(number)"}"#, "data/\(name).jsonl")
    }
  }

  private func stage(_ source: [String], _ change: (inout RowsSource) -> Void = { _ in })
    -> DatasetStage
  {
    var parameters = DatasetStage.Parameters()
    parameters.rows.source = SourceList(source)
    change(&parameters.rows)
    return DatasetStage(parameters: parameters)
  }

  private func context(external: [String: String] = [:]) throws -> StageContext {
    try StageContext(
      instance: "test", inputs: [:], outputDirectory: folder.url,
      workDirectory: folder.url.appending(path: "work-\(UUID().uuidString)"),
      folders: DataFolders(
        searchPaths: [folder.url], downloads: folder.url.appending(path: "downloads")))
  }

  private func answers(_ stage: DatasetStage) throws -> [String] {
    let context = try context()
    try stage.run(context)
    return try RowTable(contentsOf: context.output("problems")).strings("answer")
  }

  private func key(_ stage: DatasetStage) throws -> String {
    try stage.externalContent(in: context().folders)[0].sha256
  }

  @Test func foldersAndListsAreReadInOrder() throws {
    #expect(try answers(stage(["data"]) { $0.split = "train" }) == ["0", "1"])
    #expect(try answers(stage(["data"]) { $0.split = "test" }) == ["2"])
    let files = ["data/train-1-of-2.jsonl", "data/train-0-of-2.jsonl"]
    #expect(try answers(stage(files)) == ["1", "0"])
    #expect(throws: ShardError.self) { try answers(stage(["data"])) }
  }

  @Test func theKeyIsThatOfExactlyTheFilesRead() throws {
    let train = try key(stage(["data"]) { $0.split = "train" })
    let list = ["data/train-0-of-2.jsonl", "data/train-1-of-2.jsonl"]
    #expect(try key(stage(list)) == train)
    #expect(try key(stage(list.reversed())) != train)
    _ = try folder.write("{}", "data/test-0-of-1.jsonl")
    _ = try folder.write("x", "data/README.md")
    #expect(try key(stage(["data"]) { $0.split = "train" }) == train)
    let single = try key(stage(["data/train-0-of-2.jsonl"]))
    #expect(single == (try SHA256Digest.hex(ofFile: folder.file("data/train-0-of-2.jsonl"))))
    _ = try folder.write("{}", "data/train-1-of-2.jsonl")
    #expect(try key(stage(["data"]) { $0.split = "train" }) != train)
  }

  @Test func aPinIsThatOfAllFiles() throws {
    let pin = try key(stage(["data"]) { $0.split = "train" })
    let pinned = stage(["data"]) { ($0.split, $0.sha256) = ("train", pin) }
    #expect(try answers(pinned) == ["0", "1"])
    let other = stage(["data"]) { ($0.split, $0.sha256) = ("test", pin) }
    let error = #expect(throws: DataSourceError.self) { try answers(other) }
    #expect(error?.description.contains("but the recipe pins \(pin)") == true)
  }

  @Test func mistakesInRecipesAreFound() throws {
    func messages(_ source: String) -> String {
      do {
        _ = try Recipe.parse(
          "version: 1\nname: t\nstages:\n  d: {kind: dataset, params: {task: math, \(source)}}\n",
          file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
        return ""
      } catch { return error.diagnostics.map(\.message).joined() }
    }
    #expect(messages("source: [a.jsonl, b.jsonl]").isEmpty)
    #expect(messages("source: a.jsonl").isEmpty)
    #expect(messages("source: []").contains("'source' names no file"))
    #expect(messages("source: [a.jsonl, 'https://x.org/b']").contains("must stand alone"))
    #expect(messages("source: a.csv, separator: ';;'").contains("must be one ASCII character"))
  }
}
