import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// Columns under other names, and what they must hold.
@Suite(.ownThread) struct DatasetColumnsTests {
  private func rows(
    _ text: String, _ name: String = "x.jsonl",
    _ change: (inout DatasetStage.Parameters) -> Void = { _ in }
  ) throws -> [[String: JSONValue]] {
    let folder = try ScratchFolder()
    var parameters = DatasetStage.Parameters()
    change(&parameters)
    return try DatasetStage(parameters: parameters).table(from: folder.write(text, name)).rows
  }

  private func message(
    _ text: String, _ name: String = "x.jsonl",
    _ change: (inout DatasetStage.Parameters) -> Void = { _ in }
  ) throws -> String {
    do {
      return "read: \(try rows(text, name, change))"
    } catch { return sentence(for: error) }
  }

  /// A right answer must be found and be judged right, whatever the columns are called.
  @Test(arguments: [
    (#"{"id": 0, "problem": "1+1?", "answer": 2.0, "url": "x"}"#, [:]),
    (#"{"problem": "1+1?", "answer": "2"}"#, [:]),
    (#"{"ID": 5, "Problem": "1+1?", "Answer": 2}"#, [:]),
    (#"{"question": "1+1?", "answer": "Add.\n#### 2"}"#, [:]),
    (#"{"q": "1+1?", "a": "2"}"#, ["problem": "q", "answer": "a"]),
    (#"{"problem": "old", "q": "1+1?", "answer": "2"}"#, ["problem": "q"]),
    (#"{"problem": "1+1?", "solution": "So \\boxed{2}."}"#, [:]),
    (#"{"question": "1+1?", "answer": "B", "value": 2}"#, ["answer": "value"]),
  ])
  func mathIsReadUnderManyNames(_ row: String, _ columns: [String: String]) throws {
    let row = try #require(try rows(row) { $0.columns = columns }.first)
    #expect(row["problem"] == "1+1?")
    let item = GradingItem(row: row, completion: "It is \\boxed{2}.", id: "x")
    let wrong = GradingItem(row: row, completion: "It is \\boxed{3}.", id: "x")
    let verdicts = try MathTask().grade([item, wrong], GradingRules(use: .evaluate))
    #expect(verdicts.map(\.outcome) == [.correct, .wrong])
  }

  @Test func numbersInTheColumnOfIDsAreKeptApart() throws {
    let found = try rows(#"{"id": 7, "problem": "p", "answer": "2"}"#)
    #expect(found[0]["original_id"] == 7)
    #expect(found[0]["id"]?.string?.hasSuffix("/0") == true)
  }

  @Test func workedAnswersKeepTheirWorking() throws {
    let gsm = #"{"question": "q", "answer": "6*7 = <<6*7=42>>42\n#### 42"}"#
    let found = try rows(gsm)
    #expect(found[0]["answer"] == "42")
    #expect(found[0]["solution"]?.string?.hasPrefix("6*7 = ") == true)
    // A solution beside it says what the answer is, as it always did.
    let both = try rows(#"{"problem": "q", "solution": "s", "answer": "a #### 42"}"#)
    #expect(both[0]["answer"] == "a #### 42")
  }

  @Test(arguments: [
    (
      DatasetTask.mmluPro,
      #"{"question_id":1,"question":"q","options":"['a', 'b']","answer":"A","category":"law"}"#,
      "x.jsonl:1: the column 'options' holds the text \"['a', 'b']\", but the task 'mmlu_pro' needs a "
        + "list of texts"
    ),
    (
      .mmluPro, #"{"question_id":1,"question":"q","options":[1,2],"answer":"A","category":"law"}"#,
      "holds a list that begins with the integer 1"
    ),
    (
      .knightsAndKnaves, #"{"quiz":"q","names":["A"],"solution":"(1) A","index":1}"#,
      "'solution' holds the text \"(1) A\", but the task 'knights_and_knaves' needs a list of true and"
    ),
    (
      .humanEvalPlus, #"{"task_id":"t","prompt":"p","entry_point":"f","test":["t"]}"#,
      "'test' holds a list that begins with the text"
    ),
    (.math, #"{"problem":["p"],"answer":"2"}"#, "'problem' holds a list"),
    (.math, #"{"problem":"p","answer":NaN}"#, "'answer' holds NaN, which is not a number"),
    (.math, #"{"problem":"p","answer":["2"]}"#, "needs a text or a number there"),
    (
      .math, #"{"problem":"p","level":3}"#,
      "the row has no 'solution' and no 'answer', but level, problem"
    ),
  ])
  func whatColumnsHoldIsCheckedBeforeAnythingRuns(
    _ task: DatasetTask, _ row: String, _ words: String
  ) throws {
    let text = try message(row) { $0.task = task }
    #expect(text.contains(words), "\(text)")
  }

  @Test func aColumnThatIsNotThereCannotBeNamed() throws {
    let row = #"{"problem": "p", "answer": "2", "none": null}"#
    let text = try message(row) { $0.columns = ["answer": "none"] }
    #expect(text.contains("'columns' names the column 'none', but the rows have answer, problem"))
  }

  @Test func aNeededColumnThatCannotBeReadSaysWhy() throws {
    let file = ProjectFolder.root.appending(path: "Tests/Fixtures/parquet/kinds.parquet")
    var parameters = DatasetStage.Parameters()
    parameters.columns = ["answer": "raw"]
    let error = #expect(throws: DatasetError.self) {
      try DatasetStage(parameters: parameters).table(from: file)
    }
    #expect(
      error?.description.contains(
        "the column 'raw' is needed and cannot be read: the column 'raw' holds bytes") == true)
    parameters.columns = ["answer": "half", "problem": "day"]
    parameters.take = 2
    #expect(throws: DatasetError.self) {
      try DatasetStage(parameters: parameters).table(from: file)
    }
  }

  @Test func fieldsOfCSVAreWhatTheTaskNeeds() throws {
    let math = try rows("problem,answer,level\n\"1+1?\",02,5\n", "x.csv")
    #expect(math[0]["answer"] == "02" && math[0]["level"] == "5")
    let choice = try rows(
      "question_id,question,options,answer,category\n7,q,\"[\"\"x\"\", \"\"y\"\"]\",B,law\n",
      "x.csv"
    ) { $0.task = .mmluPro }
    #expect(choice[0]["options"] == ["x", "y"] && choice[0]["question_id"] == "7")
    let bad = try message("question_id,question,options,answer,category\n7,q,x|y,B,law\n", "x.csv")
    {
      $0.task = .mmluPro
    }
    #expect(bad.contains("'options' holds the text \"x|y\""), "\(bad)")
  }

  /// What is new stays out of keys where nobody uses it.
  @Test func keysAreAsTheyWere() {
    let names = DatasetStage.Parameters().identity.object?.keys.sorted()
    #expect(names == ["order", "seed", "skip", "take", "task", "where"])
    #expect(
      ReadTracesStage.Parameters().identity.object?.keys.sorted() == [
        "completion", "prompt", "take",
      ])
  }
}
