import Base
import Foundation
import Testing

extension EndToEnd {
  /// `warmup grade`.
  @Suite struct GradeTests {
    private func grade(
      _ lines: String..., options: [String] = []
    ) async throws -> Program.Ending {
      let input = lines.map { $0 + "\n" }.joined()
      return try await Program.run(["grade"] + options + ["-"], input: Data(input.utf8))
    }

    @Test func everyLineIsAnsweredInItsOrder() async throws {
      let ending = try await grade(
        #"{"id": "a", "gold": "\\frac{1}{2}", "completion": "so \\boxed{0.5}"}"#,
        #"{"id": 7, "gold": "3", "completion": "so \\boxed{4}"}"#,
        #"{"id": "c", "gold": "3", "completion": "who knows"}"#, options: ["--task", "math"])
      #expect(ending.code == 0)
      #expect(
        ending.output == """
          {"extracted":"0.5","id":"a","verdict":"correct","verifier":"math@2"}
          {"extracted":"4","id":7,"verdict":"wrong","verifier":"math@2"}
          {"extracted":null,"guessed":false,"id":"c","verdict":"no_answer","verifier":"math@2"}

          """)
      #expect(ending.messages == "3 graded: correct 1, wrong 1, no_answer 1\n")
    }

    @Test func rewardsAndOtherVerifiersCanBeAskedFor() async throws {
      let text = "x </think> <answer>(1) Zoey is not a knight</answer>"
      let line = #"{"id": "1", "gold": "(1) Zoey is a knight", "completion": "\#(text)"}"#
      let task = ["--task", "knights_and_knaves", "--use", "train"]
      let paper = try await grade(line, options: task)
      #expect(paper.output.contains(#""reward":2.0,"verdict":"correct""#), "\(paper.output)")
      let strict = try await grade(line, options: task + ["--verifier", "strict"])
      #expect(strict.output.contains(#""reward":-0.5,"verdict":"wrong""#), "\(strict.output)")
    }

    @Test func theTasksOwnFieldsServeAsWell() async throws {
      let ending = try await grade(
        #"{"id": "1", "options": ["x", "y"], "answer": "B", "completion": "\\boxed{B}"}"#,
        #"{"id": "2", "gold": "A", "completion": "\\boxed{B}"}"#, options: ["--task", "mmlu_pro"])
      #expect(ending.messages == "2 graded: correct 1, wrong 1\n")
    }

    @Test(arguments: [
      ("mmlu_pro", #""gold": "nonsense""#), ("mmlu_pro", #""gold": "C", "options": ["x", "y"]"#),
      ("mmlu_pro", #""answer": """#), ("knights_and_knaves", #""gold": "nonsense""#),
      ("knights_and_knaves", #""gold": """#),
    ])
    func aGoldThatCannotBeReadIsRefused(task: String, gold: String) async throws {
      let line = #"{"id": "1", \#(gold), "completion": "</think> <answer></answer>"}"#
      let ending = try await grade(line, options: ["--task", task])
      #expect(ending.code == 1)
      #expect(ending.output.contains(#""verdict":"unreadable""#))
      #expect(ending.output.contains("line 1 cannot be graded: the right answer in the column"))
    }

    @Test(arguments: [
      ("[1]", nil, "line 2 is not a JSON object"),
      (#"{"id": "1"}"#, "1", "line 2 has no string 'completion'"),
      (#"{"completion": ""}"#, nil, "line 2 has no 'id'"),
      (#"{"completion": "", "id": [1]}"#, nil, "line 2 has no 'id'"),
      (
        #"{"id": "1", "completion": "", "gold": [3]}"#, "1",
        "line 2 has a 'gold' that is neither text nor a number"
      ),
      (
        #"{"id": "1", "completion": ""}"#, "1", "line 2 cannot be graded: the task 'math' needs"
      ),
      ("{\"id\": \"1\", \"completion\": \"\\ud800\"}", nil, "line 2 is not a JSON object"),
    ])
    func aBadLineIsAnsweredInItsPlaceAndTheRestIsGraded(
      line: String, id: String?, words: String
    ) async throws {
      let good = #"{"id": "7", "gold": "1", "completion": "1"}"#
      let ending = try await grade(good, line, "", good, options: ["--task", "math"])
      #expect(ending.code == 1)
      let answers = try ending.output.split(separator: "\n").map {
        try JSONValue(parsing: Data($0.utf8))
      }
      #expect(answers.map { $0["verdict"] } == ["correct", "unreadable", "correct"])
      #expect(answers.map { $0["line"] } == [nil, 2, nil])
      #expect(answers[1]["id"] == id.map(JSONValue.string) ?? .null)
      #expect(answers[1]["reason"]?.string?.contains(words) == true, "\(answers[1].text)")
      #expect(ending.messages == "2 graded: correct 2; 1 line could not be graded\n")
    }

    /// The program never sees more than one line that it has not answered.
    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        ("math", #""gold": "2""#, "2"),
        ("humaneval_plus", #""test": "def check(f): pass", "entry_point": "f""#, "f = 1"),
      ])
    func aLoneLineIsAnsweredBeforeTheNext(
      task: String, fields: String, completion: String
    ) async throws {
      func line(_ id: Int) -> String {
        #"{"id": \#(id), \#(fields), "completion": "\#(completion)"}"#
      }
      let said = try await Program.converse(
        ["grade", "--task", task, "-"], lines: [line(1), "what?", line(3), "{}", line(5)])
      #expect(said.code == 1)
      let answers = try said.answers.map { try JSONValue(parsing: Data($0.utf8)) }
      let ids: [JSONValue] = [1, .null, 3, .null, 5]
      #expect(answers.map { $0["id"] } == ids)
      #expect(answers.map { $0["line"] } == [nil, 2, nil, 4, nil])
      #expect(
        answers.map { $0["verdict"] }
          == ["correct", "unreadable", "correct", "unreadable", "correct"])
    }

    @Test func aGoldIsNoTest() async throws {
      let line = #"{"id": "1", "gold": "1", "completion": "1"}"#
      let ending = try await grade(line, options: ["--task", "humaneval_plus"])
      #expect(ending.output.contains("'humaneval_plus' is graded by its fields"))
    }

    @Test(arguments: [
      (["--task", "maths"], "did you mean 'math'?"),
      (["--task", "math", "--verifier", "lenient"], "has no verifier 'lenient'"),
    ])
    func unknownNamesAreSentences(options: [String], words: String) async throws {
      let ending = try await grade("", options: options)
      #expect(ending.code == 64)
      #expect(ending.messages.contains(words), "\(ending.messages)")
    }

    @Test func aFileIsReadToItsEnd() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appending(path: "answers.jsonl")
      let lines = (0..<3000).map { #"{"id": \#($0), "gold": "\#($0)", "completion": "\#($0)"}"# }
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      let ending = try await Program.run(["grade", "--task", "math", file.path], input: Data())
      #expect(ending.messages == "3000 graded: correct 3000\n")
      #expect(ending.output.split(separator: "\n").count == 3000)
      let missing = try await Program.run(
        ["grade", "--task", "math", "/none.jsonl"], input: Data())
      #expect(missing.code == 1)
      #expect(missing.messages.contains("/none.jsonl cannot be read"))
    }
  }
}
