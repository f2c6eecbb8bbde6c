import Reports
import Tasks
import Testing

@Suite struct CompletionSlotsTests {
  private func evaluation(
    _ index: Int, arm: Int, run: String = "", _ marks: [String: [Bool]]
  ) -> CompletionSlots.Evaluation {
    let verdicts = marks.sorted { $0.key < $1.key }.flatMap { problem, samples in
      samples.enumerated().map { sample, isCorrect in
        GradedSample(problem: problem, sample: sample, outcome: isCorrect ? .correct : .wrong)
      }
    }
    return CompletionSlots.Evaluation(index: index, arm: arm, run: run, verdicts: verdicts)
  }

  @Test func flipsAreCountedInBothDirections() {
    let slots = CompletionSlots(
      [
        evaluation(0, arm: 0, ["a": [true, true], "b": [false], "c": [true]]),
        evaluation(1, arm: 1, ["a": [false, true], "b": [true], "d": [true]]),
      ], arms: 2)
    #expect(slots.count(from: 0, to: 1) == [.lost: 1, .won: 1, .bothCorrect: 1])
    #expect(slots.count(from: 1, to: 0) == [.lost: 1, .won: 1, .bothCorrect: 1])
    // What only one arm was asked is shown and compared with nothing.
    #expect(slots.slots.map(\.problem) == ["a", "a", "b", "c", "d"])
    #expect(slots.slots[3].change(from: 0, to: 1) == nil)
  }

  @Test func anArmWithoutRunsStandsInEveryRun() {
    let slots = CompletionSlots(
      [
        evaluation(0, arm: 0, ["a": [true]]), evaluation(1, arm: 1, run: "seed=1", ["a": [false]]),
        evaluation(2, arm: 1, run: "seed=2", ["a": [true]]),
      ], arms: 2)
    #expect(slots.slots.map(\.run) == ["seed=1", "seed=2"])
    #expect(slots.count(from: 0, to: 1) == [.lost: 1, .bothCorrect: 1])
  }

  @Test func flipsTakeTheFirstPlaces() {
    var first: [String: [Bool]] = [:]
    var second: [String: [Bool]] = [:]
    for index in 0..<100 {
      let name = "p\(index + 100)"
      (first[name], second[name]) = ([index < 30, false], [index >= 90, false])
    }
    let slots = CompletionSlots(
      [evaluation(0, arm: 0, first), evaluation(1, arm: 1, second)], arms: 2)
    let chosen = slots.chosen(20, from: 0, to: 1).map { $0.change(from: 0, to: 1) }
    // Half lost, a quarter won; an eighth flipped between other arms, of which there are none.
    #expect(chosen.count { $0 == .lost } == 10)
    #expect(chosen.count { $0 == .won } == 5)
    #expect(chosen.count == 20)
    #expect(slots.chosen(1_000, from: 0, to: 1).count == 200)
    // What one group leaves over goes to the flips that found no place.
    #expect(slots.chosen(180, from: 0, to: 1).count { $0.change(from: 0, to: 1) == .lost } == 30)
  }

  @Test func eachProblemComesOnceBeforeAnyComesTwice() {
    let marks = ["a": [true, true, true], "b": [true, true, true], "c": [true, true, true]]
    let slots = CompletionSlots([evaluation(0, arm: 0, marks)], arms: 1)
    #expect(slots.chosen(3, from: 0, to: 0).map(\.problem) == ["a", "b", "c"])
  }
}
