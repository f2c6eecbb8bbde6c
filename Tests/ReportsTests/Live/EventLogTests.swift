import Base
import Foundation
import Reports
import Runner
import TestSupport
import Testing

/// Files for TensorBoard.
@Suite struct EventLogTests {
  /// The bytes are those of tensorboard 2.21.0 (`tensorboard.summary.writer.record_writer`).
  @Test func eventsAreTensorBoards() {
    func hex(_ data: Data) -> String { data.map { String(format: "%02x", $0) }.joined() }
    #expect(
      hex(EventFile.opening(time: 1.5))
        == "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c")
    #expect(
      hex(EventFile.restart(step: 7, time: 1.5))
        == "0f000000000000006d532b0909000000000000f83f10073a020801774771c7")
    let values = ["reward": -0.41, "completions/mean_length": 12.5, "kl": .nan]
    #expect(
      hex(EventFile.scalars(values, step: 300, time: 1_764_300_000.25))
        == "3d000000000000006049f1ec0900001038454ada4110ac022a2f0a1e0a17636f6d706c6574696f6e732f6d65"
        + "616e5f6c656e67746815000048410a0d0a067265776172641585ebd1bede6cfda0")
  }

  /// The steps of an instance's files, in their order, with the tag of a record cut out by hand.
  private static func steps(_ folder: URL) throws -> (files: Int, steps: [Int]) {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    var steps: [Int] = []
    for name in names {
      var rest = try Data(contentsOf: folder.appending(path: name))[...]
      while rest.count > 12 {
        let length = rest.prefix(8).enumerated().reduce(0) {
          $0 + Int($1.element) << (8 * $1.offset)
        }
        let content = Array(rest.dropFirst(12).prefix(length))
        rest = rest.dropFirst(16 + length)
        // A step below 128 is one byte behind its key; a summary follows.
        if content.count > 11, content[9] == 0x10, content[11] == 0x2A {
          steps.append(Int(content[10]))
        }
      }
      #expect(rest.isEmpty, "records fill the file")
    }
    return (names.count, steps)
  }

  @Test func everyStepIsThereOnce() throws {
    let fixture = try LiveFixture()
    let folder = try ScratchFolder()
    let log = try EventLog(
      folder.url, fixture.plan, fixture.cache, clock: { 1_000 }, say: { Issue.record("\($0)") })
    let place = folder.file("tuned[seed=1]")
    try fixture.log([0, 1], of: 1)
    log.begin(fixture.title(1))
    log.read()
    #expect(try Self.steps(place) == (1, [1, 2]))
    try fixture.log([0.5], from: 3, of: 1)
    log.read()
    log.read()
    #expect(try Self.steps(place) == (1, [1, 2, 3]))
    // It goes back to a checkpoint, and then further.
    try fixture.log([0, 1], of: 1, anew: true)
    try fixture.log([0.7, 0.8], from: 3, of: 1)
    log.read()
    #expect(try Self.steps(place) == (1, [1, 2, 3, 4]))
    log.end(fixture.title(1), .interrupted)
    // Another process resumes it.
    let next = try EventLog(
      folder.url, fixture.plan, fixture.cache, clock: { 2_000 }, say: { Issue.record("\($0)") })
    next.begin(fixture.title(1))
    try fixture.log([1], from: 5, of: 1)
    next.end(fixture.title(1), .failed("no more chalk"))
    #expect(try Self.steps(place) == (1, [1, 2, 3, 4, 5]))
    #expect(!FileManager.default.fileExists(atPath: folder.file("tuned[seed=2]").path))
  }

  @Test func aFolderThatGoesEndsNoRun() throws {
    let fixture = try LiveFixture()
    let folder = try ScratchFolder()
    let said = Sentences()
    let log = try EventLog(
      folder.file("events"), fixture.plan, fixture.cache, clock: { 1_000 }, say: said.add)
    try FileManager.default.removeItem(at: folder.file("events"))
    try Data().write(to: folder.file("events"))
    try fixture.log([0, 1], of: 1)
    log.begin(fixture.title(1))
    log.read()
    log.read()
    #expect(said.all.count == 1)
    #expect(said.all[0].hasPrefix("TensorBoard's files are no longer written: "))
  }
}
