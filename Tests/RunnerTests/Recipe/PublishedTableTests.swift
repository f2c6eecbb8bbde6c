import Base
import Foundation
import Runner
import TestSupport
import Testing

@Suite struct PublishedTableTests {
  private func read(_ text: String?, from name: String = "published.yaml") throws -> PublishedTable
  {
    let folder = try ScratchFolder()
    let file = folder.file(name)
    try text.map { try Data($0.utf8).write(to: file) }
    return try PublishedTable(contentsOf: file)
  }

  @Test func whatAFileSaysOfAllItsNumbersHoldsForEach() throws {
    let table = try read(
      """
      source: Doe
      unit: percent
      model: M
      values:
        - {at: {arm: base, size: 100}, mean: 43.8, deviation: 0.8, problems: 500}
        - {at: {arm: base, size: 1.5}, value: accuracy, mean: -3, model: N, caveat: it leaks}
      """)
    #expect(table.unit == .percent && table.passes == nil)
    #expect(table.values.map(\.model) == ["M", "N"])
    #expect(table.values.map(\.label) == ["arm=base, size=100", "arm=base, size=1.5, accuracy"])
    #expect(table.values[0].deviation == 0.8 && table.values[0].problems == 500)
    #expect(table.values[1].mean == -3 && table.values[1].caveat == "it leaks")
    let scaled = table.values[0].scaled(by: 0.01)
    #expect(scaled.mean == 43.8 * 0.01 && scaled.deviation == 0.8 * 0.01 && scaled.problems == 500)
  }

  @Test(arguments: [
    ("no.yaml", nil, "no.yaml cannot be read: there is no such file"),
    ("a.json", "{}", "a.json: published values are written in YAML, in a file that ends in .yaml"),
    ("a.csv", "row,column,mean\n", "a.csv: published values are written in YAML"),
    ("a.json", nil, "\n    - {at: {start: warmed}, value: accuracy, mean: 54.0, deviation: 1.4}"),
  ])
  func filesThatCannotBeReadSayWhy(name: String, text: String?, reason: String) throws {
    let error = #expect(throws: ReportError.self) { try read(text, from: name) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test func theExampleInTheMessageIsRight() throws {
    let error = #expect(throws: ReportError.self) { try read(nil, from: "a.csv") }
    let lines = try #require(error?.description).split(separator: "\n").dropFirst()
    #expect(try read(lines.joined(separator: "\n")).values.first?.mean == 54)
  }

  @Test(arguments: [
    ("values: [{at: {start: base}, men: 1}]", "published.yaml:1:30: unknown key 'men'"),
    ("values: [{at: {start: base}, mean: x}]", "published.yaml:1:36: expected a finite number"),
    ("values: [{at: {start: [a]}, mean: 1}]", "published.yaml:1:23: expected a value of the axis"),
    ("values: [{mean: 1}]", "published.yaml:1:10: missing key 'at'"),
    ("unit: percent, ", "published.yaml:1:7: unknown value 'percent,'"),
    ("values: [{at: {}, mean: 1, deviation: -1}]", "published.yaml:1:39: "),
    ("values: [{at: {a: 1}, mean: 1}, {at: {a: 1}, mean: 2}]", "1:9: a=1 has two numbers"),
    ("unit: percent\nvalues: [{at: {a: 1}, mean: 101}]", "2:9: a=1 is 101.0, which is not a perc"),
    ("values: [", "published.yaml:"),
  ])
  func mistakesHaveTheirPlaces(text: String, message: String) {
    let error = #expect(throws: ReportError.self) {
      try read(text + "\nsource: Doe\n")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  private static let projectFiles = ["paper/published", "rivals/published"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(
      at: ProjectFolder.experiments.appending(path: folder), includingPropertiesForKeys: nil)) ?? [])
      .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }

  @Test(
    .enabled(if: !projectFiles.isEmpty, "there are no published values in experiments"),
    arguments: projectFiles)
  func theProjectsFilesAreRead(file: URL) throws {
    let table = try PublishedTable(contentsOf: file)
    #expect(!table.values.isEmpty && table.unit != nil && table.url != nil)
  }
}
