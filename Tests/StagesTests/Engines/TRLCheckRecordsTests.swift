import Base
import Foundation
import Stages
import TestSupport
import Testing

/// What is kept of checks of an engine.
@Suite struct TRLCheckRecordsTests {
  @Test func theNewestOfTheSameVersionsOnTheSameDeviceCounts() throws {
    let folder = try ScratchFolder()
    let engine: JSONValue = ["device": "cuda", "versions": ["trl": "1.16.0"]]
    let other: JSONValue = ["device": "cpu", "versions": ["trl": "1.16.0"]]
    let records = TRLCheckRecords(file: folder.file("checks.jsonl"))
    #expect(records.newest(of: engine) == nil)
    let lines = [
      (engine, 1e-6), (engine, 2e-6), (other, 3e-6),
    ].map { engine, share in
      JSONValue.object(["engine": engine, "reinforced": .number(share)]).text
    }
    _ = try folder.write(lines.joined(separator: "\n") + "\n{\"half", "checks.jsonl")
    #expect(records.newest(of: engine) == ["reinforced": 2e-6])
    #expect(records.newest(of: other) == ["reinforced": 3e-6])
    #expect(records.newest(of: ["device": "cuda", "versions": ["trl": "1.16.1"]]) == nil)
  }

  @Test func theyLieAmongTheUsersData() {
    let records = TRLCheckRecords(["HOME": "/home/ann"])
    #expect(records?.file.path == "/home/ann/.local/share/warmup/engine-checks.jsonl")
    #expect(TRLCheckRecords([:]) == nil)
  }
}
