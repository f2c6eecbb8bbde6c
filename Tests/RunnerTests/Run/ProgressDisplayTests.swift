import Base
import Foundation
import Runner
import Synchronization
import Testing

@Suite struct ProgressDisplayTests {
  /// A clock that stands still until it is moved, and what was written.
  private final class Stage: Sendable {
    private let time = Mutex(100.0)
    private let written = Mutex("")

    var output: DisplayOutput {
      DisplayOutput(
        write: { [self] text in written.withLock { $0 += text } },
        now: { [self] in time.withLock { $0 } }, columns: { 90 })
    }

    func wait(_ seconds: Double) { time.withLock { $0 += seconds } }

    /// What was written since the last call.
    func take() -> String {
      written.withLock { text in
        defer { text = "" }
        return text
      }
    }
  }

  private let stage = Stage()
  private let title = InstanceTitle(name: "warmed[seed=1]", kind: "distill", number: 2, total: 7)

  private func progress(_ done: Int, remark: String = "") -> StageProgress {
    StageProgress(done, of: 600, "steps", remark: remark)
  }

  @Test func plainLinesComeNowAndThen() {
    let display = PlainProgress(output: stage.output)
    display.begin(title)
    #expect(stage.take() == "[2/7] warmed[seed=1] (distill): begins\n")
    for step in 100..<500 {
      display.update(title, progress(step, remark: "loss 1.93"))
      stage.wait(0.125)
    }
    let lines = stage.take().split(separator: "\n")
    #expect(lines.count == 9)
    #expect(
      lines[0] == "[2/7] warmed[seed=1] (distill): 140/600 steps, 8.0/s, 58s left, loss 1.93")
    display.end(title, .ran(seconds: 72))
    #expect(stage.take() == "[2/7] warmed[seed=1] (distill): done in 1m 12s\n")
    display.end(title, .failed("no more chalk"))
    #expect(stage.take() == "[2/7] warmed[seed=1] (distill): failed: no more chalk\n")
  }

  @Test func theLiveLineIsRedrawnAtMostTenTimesASecond() {
    let display = TerminalProgress(hasColour: false, output: stage.output)
    display.begin(title)
    #expect(stage.take() == "\r\u{1B}[K2/7 warmed[seed=1]  distill")
    for step in 1...300 {
      stage.wait(0.011)
      display.update(title, progress(step))
    }
    let drawn = stage.take().split(separator: "\r").map { $0.dropFirst(3) }
    #expect(drawn.count == 30)
    #expect(
      drawn.last == "2/7 warmed[seed=1]  ██████████░░░░░░░░░░  300/600 steps  91/s  3.3s left")
  }

  @Test func theLiveLineNeverWrapsNorBreaks() {
    let display = TerminalProgress(hasColour: false, output: stage.output)
    display.begin(title)
    stage.wait(1)
    _ = stage.take()
    display.update(title, progress(1, remark: String(repeating: "much\n", count: 40)))
    let line = stage.take()
    #expect(line.count == 4 + 89)
    #expect(!line.contains("\n"))
  }

  @Test(arguments: [
    (InstanceOutcome.ran(seconds: 72), "✓ warmed[seed=1]  distill  1m 12s", 32),
    (.cached, "= warmed[seed=1]  distill  cached", 2),
    (.failed("no more chalk"), "✗ warmed[seed=1]  distill  no more chalk", 31),
    (.skipped("not begun"), "- warmed[seed=1]  distill  not begun", 2),
    (
      .interrupted,
      "! warmed[seed=1]  distill  stopped at the last checkpoint; run again to continue", 33
    ),
  ])
  func leavesALineForEachInstance(outcome: InstanceOutcome, line: String, colour: Int) {
    for hasColour in [false, true] {
      let display = TerminalProgress(hasColour: hasColour, output: stage.output)
      display.end(title, outcome)
      display.finish()
      if !hasColour { #expect(stage.take() == "\r\u{1B}[K\(line)\n") }
    }
    let mark = line.prefix(1)
    #expect(stage.take() == "\r\u{1B}[K\u{1B}[\(colour)m\(mark)\u{1B}[0m\(line.dropFirst())\n")
  }

  private func title(_ number: Int) -> InstanceTitle {
    InstanceTitle(name: "scores[seed=\(number)]", kind: "evaluate", number: number, total: 9)
  }

  @Test func instancesInARowOfWhichThereIsTheSameToSayShareALine() {
    let plain = PlainProgress(output: stage.output)
    for number in 1...3 { plain.end(title(number), .cached) }
    #expect(stage.take() == "")
    plain.begin(title(4))
    #expect(
      stage.take() == "[1–3/9] 3 instances: cached\n[4/9] scores[seed=4] (evaluate): begins\n")
    plain.end(title(4), .failed("no more chalk"))
    for number in 5...8 { plain.end(title(number), .skipped("skipped after the failure")) }
    plain.end(title(9), .skipped("another reason"))
    plain.finish()
    #expect(
      stage.take() == """
        [4/9] scores[seed=4] (evaluate): failed: no more chalk
        [5–8/9] 4 instances: skipped after the failure
        [9/9] scores[seed=9] (evaluate): another reason

        """)
    let terminal = TerminalProgress(hasColour: false, output: stage.output)
    for number in 1...3 { terminal.end(title(number), .cached) }
    terminal.end(title(4), .ran(seconds: 2))
    terminal.finish()
    #expect(
      stage.take()
        == "\r\u{1B}[K= 3 instances  cached\n✓ scores[seed=4]  evaluate  2.0s\n")
  }

  @Test func saysHowLongTheWholeRunWillTake() {
    let forecast = RunForecast.Seconds(own: 60, behind: 600)
    let title = InstanceTitle(
      name: "warmed", kind: "distill", number: 1, total: 3, forecast: forecast)
    let display = PlainProgress(interval: 0, output: stage.output)
    display.begin(title)
    display.update(title, progress(0))
    stage.wait(10)
    display.update(title, progress(60))
    let lines = stage.take().split(separator: "\n")
    #expect(lines[1].hasSuffix("0/600 steps, whole run about 11 min"))
    // 540 steps at 6 a second, and what is behind it.
    #expect(lines[2].hasSuffix("60/600 steps, 6.0/s, 1m 30s left, whole run about 12 min"))
  }

  @Test func programsReadAnObjectALine() throws {
    let display = JSONProgress(output: stage.output)
    let begun = InstanceTitle(
      name: "warmed", kind: "distill", number: 1, total: 3,
      forecast: RunForecast.Seconds(own: 60, behind: nil))
    display.begin(begun)
    display.update(begun, progress(1))
    stage.wait(2)
    display.update(begun, progress(3, remark: "loss \u{1B}[2J"))
    display.notice("waiting")
    display.end(begun, .failed("no more chalk"))
    display.end(title(2), .ran(seconds: 1.5))
    let lines = stage.take().split(separator: "\n")
    let objects = try lines.map { try JSONValue(parsing: Data($0.utf8)) }
    #expect(
      objects.map { $0["event"]?.string } == ["begin", "progress", "notice", "end", "end"])
    #expect(
      objects[0]["expected_seconds"]?.number == 60 && objects[0]["expected_seconds_behind"] == .null
    )
    #expect(objects[1]["done"] == 3 && objects[1]["seconds_left"]?.number == 597)
    #expect(!lines[1].contains("\u{1B}"))
    #expect(objects[3]["outcome"] == "failed" && objects[3]["reason"] == "no more chalk")
    #expect(objects[4]["outcome"] == "ran" && objects[4]["seconds"] == 1.5)
  }

  @Test func noticesStandAboveTheLiveLine() {
    let display = TerminalProgress(hasColour: false, output: stage.output)
    display.begin(title)
    _ = stage.take()
    display.notice("waiting")
    #expect(stage.take() == "\r\u{1B}[Kwaiting\n2/7 warmed[seed=1]  distill")
  }

  @Test func eachInstanceAtWorkHasALiveLine() {
    let display = TerminalProgress(hasColour: false, output: stage.output)
    display.begin(title(1))
    display.begin(title(2))
    let both = "1/9 scores[seed=1]  evaluate\n2/9 scores[seed=2]  evaluate"
    #expect(stage.take().hasSuffix("\r\u{1B}[K\(both)"))
    display.notice("waiting")
    #expect(stage.take() == "\r\u{1B}[K\u{1B}[A\u{1B}[Kwaiting\n\(both)")
    stage.wait(1)
    display.update(title(2), progress(300))
    #expect(
      stage.take()
        == "\r\u{1B}[K\u{1B}[A\u{1B}[K1/9 scores[seed=1]  evaluate\n"
        + "2/9 scores[seed=2]  ██████████░░░░░░░░░░  300/600 steps")
    display.end(title(1), .ran(seconds: 2))
    #expect(
      stage.take()
        == "\r\u{1B}[K\u{1B}[A\u{1B}[K✓ scores[seed=1]  evaluate  2.0s\n"
        + "2/9 scores[seed=2]  ██████████░░░░░░░░░░  300/600 steps")
    display.putOff(title(2))
    #expect(stage.take() == "\r\u{1B}[K")
  }

  @Test func moreLiveLinesThanAScreenHasAreCounted() {
    let display = TerminalProgress(hasColour: false, output: stage.output)
    for number in 1...9 { display.begin(title(number)) }
    let last = stage.take().split(separator: "\r").last ?? ""
    #expect(last.split(separator: "\n").count == 8)
    #expect(last.hasSuffix("7/9 scores[seed=7]  evaluate\nand 2 more"))
  }

  @Test func plainAndJSONLinesTellOfSeveralInstances() throws {
    let plain = PlainProgress(output: stage.output)
    let json = JSONProgress(output: stage.output)
    for display in [plain, json] as [any RunDisplay] {
      display.begin(title(1))
      display.begin(title(2))
      stage.wait(6)
      display.update(title(1), progress(1))
      display.update(title(2), progress(2))
      display.end(title(1), .ran(seconds: 2))
      stage.wait(6)
      display.update(title(1), progress(9))
      display.update(title(2), progress(3))
    }
    let lines = stage.take().split(separator: "\n")
    #expect(
      lines.prefix(6).dropFirst(2) == [
        "[1/9] scores[seed=1] (evaluate): 1/600 steps",
        "[2/9] scores[seed=2] (evaluate): 2/600 steps",
        "[1/9] scores[seed=1] (evaluate): done in 2.0s",
        "[2/9] scores[seed=2] (evaluate): 3/600 steps, 10.0/min, 59m 42s left",
      ])
    let objects = try lines.dropFirst(6).map { try JSONValue(parsing: Data($0.utf8)) }
    #expect(objects.map { $0["number"]?.integer } == [1, 2, 1, 2, 1, 2])
    #expect(objects.compactMap { $0["done"]?.integer } == [1, 2, 3])
  }

  @Test func neitherResumingNorAnotherPhaseDistortsTheSpeed() {
    let display = PlainProgress(interval: 0, output: stage.output)
    display.begin(title)
    display.update(title, progress(500))
    stage.wait(10)
    display.update(title, progress(501))
    stage.wait(1)
    display.update(title, StageProgress(1, of: 3, "completions"))
    let lines = stage.take().split(separator: "\n").map { $0.split(separator: ": ").last ?? "" }
    #expect(
      lines.dropFirst() == [
        "500/600 steps", "501/600 steps, 6.0/min, 16m 30s left", "1/3 completions",
      ])
  }

  @Test(arguments: [
    (true, ["TERM": "xterm"], "terminal, colour"), (false, ["TERM": "xterm"], "plain"),
    (true, ["TERM": "dumb"], "plain"), (true, [:], "plain"),
    (true, ["TERM": "xterm", "CI": "true"], "plain"),
    (true, ["TERM": "xterm", "NO_COLOR": "1"], "terminal"),
    (true, ["TERM": "xterm", "NO_COLOR": ""], "terminal, colour"),
  ])
  func suitsTheOutput(isTerminal: Bool, environment: [String: String], expected: String) {
    let display = DisplayOutput.standardDisplay(
      environment: environment, isTerminal: isTerminal, output: stage.output)
    display.end(title, .cached)
    display.finish()
    let text = stage.take()
    let found =
      text.hasPrefix("[") ? "plain" : text.contains("[2m") ? "terminal, colour" : "terminal"
    #expect(found == expected)
  }

  @Test(arguments: [
    (0.04, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m 00s"),
    (3599.6, "1h 00m"), (7500, "2h 05m"), (-1, "0.0s"), (.infinity, "277777h 46m"),
  ])
  func durationsForPeople(seconds: Double, text: String) {
    #expect(NumberText.compactDuration(seconds) == text)
  }
}
