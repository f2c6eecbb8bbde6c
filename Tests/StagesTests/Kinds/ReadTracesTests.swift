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
}
