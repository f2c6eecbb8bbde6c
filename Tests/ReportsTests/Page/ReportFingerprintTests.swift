import Base
import Foundation
import Reports
import Runner
import TestSupport
import Testing

@Suite struct ReportFingerprintTests {
  private static let text = """
    version: 1
    name: demo
    axes: {start: [base, warmed], seed: [1, 2]}
    stages:
      scores: {kind: measured, params: {start: "${start}", seed: "${seed}"}}
    tables:
      main: {value: scores.accuracy, rows: start, over: seed}
    """

  private let folder: ScratchFolder
  private let cache: Cache
  private let program: URL

  init() throws {
    folder = try ScratchFolder()
    cache = Cache(folder: folder.file("cache"))
    program = try folder.write("program", "program")
    try Folder.make(folder.file("tables"))
    let tables = ["md", "csv", "tex", "html"].map { "tables/main.\($0)" }
    for name in tables + ["report.md", "report.html"] { _ = try folder.write(name, name) }
  }

  /// What it is of a report on the recipe, all of which is done.
  private func fingerprint(
    _ text: String = Self.text, seal: String? = "sealed", registration: String? = nil,
    stopped: String? = nil, program: URL? = nil, state: PlannedInstance.State = .cached
  ) throws -> ReportFingerprint? {
    let recipe = try Recipe.parse(
      text, file: folder.file("demo.yaml"), registry: KindRegistry([MeasuredStage.self]))
    let items = recipe.instances.map { instance in
      if let stopped, instance.name == "scores[start=base,seed=1]" {
        return PlannedInstance(instance: instance, state: .stopped, reason: stopped)
      }
      let record = ArtifactRecord(
        key: "ab", fields: KeyFields(kind: "measured", kindVersion: 1, identity: [:]),
        instance: instance.name, parameters: [:], producers: [:], values: [:],
        started: Date(timeIntervalSince1970: 0), seconds: 1, resumedFrom: nil,
        machine: Machine(host: "node1", processor: "x", cores: 2), versions: [:])
      return PlannedInstance(
        instance: instance, state: state, reason: "",
        artifact: Artifact(folder: folder.url, record: record, seal: seal))
    }
    return ReportFingerprint(
      recipe, Plan(items: items), registration: registration, in: folder.url, cache: cache,
      program: program ?? self.program)
  }

  @Test func aReportThatWouldComeOutTheSameIsCurrent() throws {
    #expect(try fingerprint()?.isCurrent == false)
    try fingerprint()?.keep()
    #expect(try fingerprint()?.isCurrent == true)
    for other in [
      try fingerprint(Self.text + "\nsummary: other\n"), try fingerprint(seal: "other"),
      try fingerprint(registration: "ab"), try fingerprint(stopped: "a gate"),
      try fingerprint(program: try folder.write("another", "another")),
    ] {
      #expect(try #require(other).isCurrent == false)
    }
    // Of records of older versions nobody knows whether they are the same.
    #expect(try fingerprint(seal: nil) == nil)
  }

  @Test func whatARunHasJustMadeIsWhatTheNextOneFinds() throws {
    try fingerprint(state: .toRun)?.keep()
    #expect(try fingerprint(state: .cached)?.isCurrent == true)
    #expect(try fingerprint(state: .notAsked)?.isCurrent == false)
  }

  @Test(arguments: ["report.html", "report.md", "tables/main.csv"])
  func aReportThatSomebodyChangedIsNot(name: String) throws {
    try fingerprint()?.keep()
    _ = try folder.write("changed", name)
    #expect(try fingerprint()?.isCurrent == false)
    try FileManager.default.removeItem(at: folder.file(name))
    #expect(try fingerprint()?.isCurrent == false)
    _ = try folder.write(name, name)
    #expect(try fingerprint()?.isCurrent == true)
  }
}
