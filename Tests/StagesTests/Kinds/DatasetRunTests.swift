import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

@Suite(.ownThread) struct DatasetRunTests {
  private func context(
    _ folder: ScratchFolder, inputs: [String: InputArtifact] = [:]
  ) throws -> StageContext {
    try StageContext(
      instance: "test", inputs: inputs, outputDirectory: folder.url,
      workDirectory: folder.url.appending(path: "work-\(UUID().uuidString)"),
      folders: DataFolders(
        searchPaths: [folder.url], downloads: folder.url.appending(path: "downloads")))
  }

  @Test func aDatasetIsReadAndSplitThroughFiles() throws {
    let folder = try ScratchFolder()
    let lines = (0..<6).map { #"{"problem": "What is \#($0)?", "solution": "\#($0)"}"# }
    let file = try folder.write(lines.joined(separator: "\n"), "x.jsonl")
    var parameters = DatasetStage.Parameters()
    (parameters.task, parameters.source) = (.math, "x.jsonl")
    let dataset = DatasetStage(parameters: parameters)
    let context = try context(folder)
    try dataset.run(context)
    let problems = context.output("problems")
    #expect(try RowTable(contentsOf: problems) == dataset.table(from: file))
    #expect(context.values["problems"] == .number(6))
    let digest = try SHA256Digest.hex(ofFile: file)
    #expect(
      try dataset.externalContent(in: context.folders)
        == [ExternalContent(name: "source", sha256: digest)])
    try split(problems, in: folder)
  }

  private func split(_ problems: URL, in folder: ScratchFolder) throws {
    var parameters = SplitStage.Parameters()
    (parameters.test, parameters.seed) = (2, 1)
    let input = InputArtifact(file: problems, key: "k", instance: "i", type: .problems)
    let context = try context(folder, inputs: ["problems": input])
    try SplitStage(parameters: parameters).run(context)
    let train = try RowTable(contentsOf: context.output("train"))
    let test = try RowTable(contentsOf: context.output("test"))
    #expect(train.count == 4 && test.count == 2)
    #expect(Set(try train.strings("id")).isDisjoint(with: try test.strings("id")))
    #expect(context.values["test_count"] == 2 && context.values["train_count"] == 4)
  }
}
