import Base
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct HumanEvalPlusCodeTests {
  /// The code that `humaneval_plus@1` and the paper run; nil where the format is broken or nothing is there.
  @Test(arguments: [
    ("x </think> <answer>```python\na=1\n```</answer>", "a=1", "a=1"),
    ("x </think> <answer>```python\na\n``` or ```python\nb\n```</answer>", "a", "b"),
    ("x </think> <answer>```\na\n``` ```python\nb\n```</answer>", "b", "b"),
    ("x </think> <answer>```\na\n``` ```\nb\n```</answer>", "a", "b"),
    ("x </think> <answer> a = 1 </answer>", "a = 1", "a = 1"),
    ("```python\na\n``` ```python\nb\n```", nil, "b"),
    ("<answer>```python\na\n```</answer> <answer>```python\nb\n```</answer>", nil, "a"),
    ("def f(): pass", nil, "def f(): pass"), ("", nil, nil),
    ("x </think> <answer>```python\na\n```", nil, "a"),
  ])
  func code(_ completion: String, _ train: String?, _ evaluate: String?) {
    #expect(HumanEvalPlusTask.code(of: completion, use: .train).text == train)
    #expect(HumanEvalPlusTask.code(of: completion, use: .evaluate).text == evaluate)
  }
}

extension HumanEvalPlusTask.Code {
  var text: String? { if case .found(let text) = self { text } else { nil } }
}

/// Skipped where there is no python3.
@Suite(.enabled(if: PythonForTests.isThere, "needs python3"), .serialized, .ownThread)
struct HumanEvalPlusTaskTests {
  private let row: [String: JSONValue] = [
    "task_id": "own/1", "prompt": "def double(x):\n", "entry_point": "double",
    "test":
      "def check(candidate):\n    assert candidate(4) == 8\n    assert candidate('ab') == 'abab'\n",
  ]

  @Test func verdicts() throws {
    let texts = [
      "x </think> <answer>```python\ndef double(x):\n    return 2 * x\n```</answer>",
      "x </think> <answer>```python\ndef double(x):\n    return x * x\n```</answer>",
      "x </think> <answer>```python\ndef double(x):\n    while True: pass\n```</answer>",
      "def double(x): return 2 * x", "x </think> <answer> </answer>",
    ]
    let items = texts.map { GradingItem(row: row, completion: $0, id: "1") }
    let limits = SandboxLimits(seconds: 1)
    let rules = GradingRules(use: .train, threads: 2, limits: limits)
    let verdicts = try HumanEvalPlusTask().grade(items, rules)
    #expect(verdicts.map(\.outcome) == [.correct, .wrong, .timeout, .badFormat, .noAnswer])
    #expect(verdicts[0].extracted == "def double(x):\n    return 2 * x")
  }

  @Test(
    .enabled(
      if: SharedData.exists("data/humaneval/HumanEvalPlus-OriginFmt.jsonl.gz"), "needs ../shared"))
  func publishedSolutionsPass() throws {
    let rows = try SharedData.compressedRows("data/humaneval/HumanEvalPlus-OriginFmt.jsonl.gz")
    let items = rows.compactMap { row -> GradingItem? in
      guard let prompt = row["prompt"]?.string, let code = row["canonical_solution"]?.string,
        let id = row["task_id"]?.string, let columns = row.object
      else { return nil }
      return GradingItem(row: columns, completion: "```python\n\(prompt)\(code)\n```", id: id)
    }
    try #require(items.count == 164)
    for verifier in ["2", "1", "paper"] {
      let start = ContinuousClock.now
      let rules = GradingRules(use: .evaluate, verifier: verifier, threads: 2)
      let verdicts = try HumanEvalPlusTask().grade(items, rules)
      print("HumanEval+ references, verifier \(verifier): \(ContinuousClock.now - start)")
      // The test of HumanEval/32 is broken upstream: it unpacks the number that it asks for.
      let failed = zip(items, verdicts).filter { $1.outcome != .correct }.map(\.0.id)
      #expect(failed == ["HumanEval/32"])
    }
  }

  /// The released tests of these problems ask `allclose`, or unpack what they get.
  @Test(
    .enabled(
      if: SharedData.exists("data/humaneval/HumanEvalPlus-OriginFmt.jsonl.gz"), "needs ../shared"))
  func oneLineCheatsFail() throws {
    let rows = try SharedData.compressedRows("data/humaneval/HumanEvalPlus-OriginFmt.jsonl.gz")
    let cheats = ["[]", "()", "[[]]", "0.0", "True", "float('nan')"]
    var passed: [String: [String]] = [:]
    for verifier in ["2", "1"] {
      let items = [2, 4, 32, 45].flatMap { number in
        cheats.map { cheat in
          let row = rows[number].object ?? [:]
          let name = row["entry_point"]?.string ?? ""
          let program = "def \(name)(*a, **k): return \(cheat)"
          return GradingItem(row: row, completion: program, id: "\(number) \(cheat)")
        }
      }
      let rules = GradingRules(use: .evaluate, verifier: verifier, threads: 2)
      let verdicts = try HumanEvalPlusTask().grade(items, rules)
      passed[verifier] = zip(items, verdicts).filter { $1.outcome == .correct }.map(\.0.id)
    }
    #expect(passed["2"] == [])
    #expect(
      passed["1"] == [
        "2 []", "2 ()", "2 [[]]", "4 []", "4 ()", "4 [[]]", "32 [[]]", "45 []", "45 ()", "45 [[]]",
      ])
  }
}
