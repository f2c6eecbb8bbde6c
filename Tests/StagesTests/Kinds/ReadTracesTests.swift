import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

@Suite struct ReadTracesTests {
  private func parameters(_ change: (inout ReadTracesStage.Parameters) -> Void = { _ in })
    -> ReadTracesStage.Parameters
  {
    var parameters = ReadTracesStage.Parameters()
    parameters.source = "x.jsonl"
    change(&parameters)
    return parameters
  }

  @Test func rowsBecomeAcceptedTraces() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(
      #"{"question": "Q1 <think>", "answer": "A1"}"# + "\n"
        + #"{"question": "Q2 <think>", "answer": "A2"}"# + "\n", "x.jsonl")
    let stage = ReadTracesStage(
      parameters: parameters { ($0.prompt, $0.completion) = ("question", "answer") })
    let table = try stage.table(from: file)
    #expect(try table.strings("prompt") == ["Q1 <think>", "Q2 <think>"])
    #expect(try table.strings("completion") == ["A1", "A2"])
    #expect(try table.booleans("accepted") == [true, true])
    #expect(Set(try table.strings("id")).count == 2)
    let first = ReadTracesStage(
      parameters: parameters {
        ($0.prompt, $0.completion, $0.take) = ("question", "answer", 1)
      })
    #expect(try first.table(from: file).rows == [table.row(0)])
  }

  @Test func aMissingColumnIsNamedWithItsLine() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(#"{"prompt": "Q", "completion": 3}"#, "x.jsonl")
    let error = #expect(throws: StageError.self) {
      try ReadTracesStage(parameters: parameters()).table(from: file)
    }
    let words = error.map { "\($0)" } ?? ""
    #expect(words.contains("x.jsonl:1:") && words.contains("'completion'"), "\(words)")
  }

  /// Plain texts beside traces, and a problem among them that is measured afterwards.
  @Test func plainTextsAreReplayedAmongTraces() throws {
    let folder = try ScratchFolder()
    let texts = [
      "The sun rose over the hill.", "Ann is a knight, and Bob is a knave.", "Rain fell.",
    ]
    let lines = texts.map { #"{"text": "\#($0)"}"# }
    _ = try folder.write(lines.joined(separator: "\n"), "general.jsonl")
    let run = try RecipeRun(
      """
      version: 1
      name: test
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 6, seed: 1}}
        ours: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
        general: {kind: read_traces, params: {source: general.jsonl, prompt: null, completion: text}}
        both: {kind: mix, inputs: {ours: ours, general: general}, params: {seed: 1}}
        texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 20}}
        base:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 300, hidden: 16, layers: 1, heads: 1, key_value_heads: 1, intermediate: 16, context: 1024}
        warmed: {kind: distill, inputs: {model: base, traces: both}, params: {epochs: 1, batch_size: 4}}
      """, beside: folder)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let rows = try run.rows("general", "traces")
    #expect(rows.map { $0["prompt"] } == ["", "", ""])
    #expect(rows.map { $0["completion"]?.string } == texts)
    #expect(run.summary.plan.results.last?.values["traces"] == .number(9))
  }
}
