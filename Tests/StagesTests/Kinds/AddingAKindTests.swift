import Base
import Foundation
import Runner
import TestSupport
import Testing

/// The kind of `docs/adding-a-kind.md` compiles, and does what the page says.
@Suite struct AddingAKindTests {
  @Test func theExampleIsTheFileBesideThisOne() throws {
    let page = try String(
      contentsOf: ProjectFolder.documents.appending(path: "adding-a-kind.md"), encoding: .utf8)
    let file = ProjectFolder.root.appending(
      path: "Tests/StagesTests/Kinds/ShortProblemsStage.swift")
    let example = try #require(page.split(separator: "```swift\n").dropFirst().first)
    let code = try #require(example.split(separator: "```").first)
    // Within Stages, the example needs no import of it.
    let compiled = try String(contentsOf: file, encoding: .utf8)
    #expect(compiled.replacing("import Stages\n", with: "") == code)
  }

  @Test func theExampleRuns() throws {
    let folder = try ScratchFolder()
    let source = folder.file("problems.h5")
    let rows: [[String: JSONValue]] = [["problem": "2 + 2?"], ["problem": "And a longer one?"]]
    try RowTable(rows: rows, order: ["problem"]).write(to: source)
    var parameters = ShortProblemsStage.Parameters()
    parameters.characters = 10
    let context = try StageContext(
      instance: "short",
      inputs: [
        "problems": InputArtifact(
          file: source, key: "", instance: "all", type: ArtifactType("Problems"))
      ],
      outputDirectory: folder.url.appending(path: "out"), workDirectory: folder.url,
      folders: DataFolders(searchPaths: [], downloads: folder.url))
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "out"), withIntermediateDirectories: true)
    try ShortProblemsStage(parameters: parameters).run(context)
    let kept = try RowTable(contentsOf: context.output("problems"))
    #expect(try kept.strings("problem") == ["2 + 2?"])
    #expect(context.values["problems"] == .number(1))
    parameters.characters = 1
    #expect(throws: StageError.self) { try ShortProblemsStage(parameters: parameters).run(context) }
  }
}
