import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Verifiers that a recipe brings, well behaved and not.
@Suite(.ownThread) struct ProcessTaskTests {
  private static let head =
    "import json, sys, os\nitems = [json.loads(line) for line in sys.stdin]\n"

  private func task(
    _ script: String, command: [String] = ["python3", "check.py"], files: [String: String] = [:],
    seconds: Int = 20
  ) throws -> ProcessTask {
    ProcessTask(
      try ProcessVerifier(
        command: command, files: files.merging(["check.py": script]) { $1 }, version: 3,
        prompts: [:], seconds: seconds))
  }

  private func grade(
    _ script: String, count: Int = 3, use: TaskUse = .evaluate,
    _ change: (String) throws -> ProcessTask
  ) throws -> [Verdict] {
    let items = (0..<count).map {
      GradingItem(
        row: ["question": .string("q\($0)"), "gold": .integer($0), "id": "row"],
        completion: "It is \($0 % 2).",
        id: "p\($0)#0")
    }
    return try change(script).grade(items, GradingRules(use: use, threads: 2))
  }

  private func grade(_ script: String, count: Int = 3) throws -> [Verdict] {
    try grade(script, count: count) { try task($0) }
  }

  @Test func eachLineIsJudgedByItsIDInWhateverOrder() throws {
    let script =
      Self.head + """
        for item in reversed(items):
          right = f"{item['gold']}." in item["completion"] and item["question"] == f"q{item['gold']}"
          answer = {"id": item["id"], "verdict": "correct" if right else "wrong"}
          if right: answer |= {"number": 0.5, "extracted": "é"}
          print(json.dumps(answer) + "\\n")
        """
    let verdicts = try grade(script, count: 70)
    #expect(verdicts.count == 70)
    #expect(verdicts.prefix(3).map(\.outcome) == [.correct, .correct, .wrong])
    #expect(verdicts[0].number == 0.5 && verdicts[0].extracted == "é")
    #expect(verdicts[2].number == nil && verdicts[2].extracted == nil)
    #expect(verdicts.dropFirst(2).allSatisfy { $0.outcome == .wrong })
  }

  @Test func filesAndTheUseAreKnownToIt() throws {
    let script = "import helper, sys\nhelper.judge(sys.argv[1])\n"
    let helper =
      Self.head + """
        def judge(table):
          words = json.load(open(table))
          for item in items:
            print(json.dumps({"id": item["id"], "verdict": words[os.environ["WARMUP_USE"]]}))
        """
    let files = [
      "helper.py": helper, "table.json": #"{"train": "bad_format", "evaluate": "timeout"}"#,
    ]
    for (use, outcome) in [(TaskUse.train, Outcome.badFormat), (.evaluate, .timeout)] {
      let verdicts = try grade(script, use: use) {
        try task($0, command: ["python3", "check.py", "table.json"], files: files)
      }
      #expect(verdicts.map(\.outcome) == [outcome, outcome, outcome])
    }
  }

  @Test(arguments: [
    ("print('{')", "it is not a JSON object"), ("print('[1]')", "it is not a JSON object"),
    ("print(json.dumps({'id': 'x', 'verdict': 'correct'}))", "its 'id' is none that it was given"),
    ("print(json.dumps({'verdict': 'correct'}))", "its 'id' is none that it was given"),
    (
      "print(json.dumps({'id': 'p0#0', 'verdict': 'right'}))",
      "its 'verdict' must be one of correct, wrong, no_answer, bad_format, timeout"
    ), ("print(json.dumps({'id': 'p0#0'}))", "its 'verdict' must be one of"),
    (
      "print(json.dumps({'id': 'p0#0', 'verdict': 'wrong', 'number': 'one'}))",
      "its 'number' is none"
    ),
    (
      "print(json.dumps({'id': 'p0#0', 'verdict': 'wrong', 'number': float('nan')}))",
      "it is not a JSON object"
    ),
    (
      "print(json.dumps({'id': 'p0#0', 'verdict': 'wrong'}) + '\\n' * 2, end='')\n"
        + "print(json.dumps({'id': 'p0#0', 'verdict': 'correct'}))", "the id has a verdict already"
    ),
    ("print(json.dumps({'id': 'p1#0', 'verdict': 'correct'}))", "left 2 of 3 completions without"),
    ("", "left 3 of 3 completions without a verdict, such as 'p0#0'"),
    ("raise ValueError('odd')", "status 1 and said: ValueError: odd; nothing was judged"),
    ("sys.exit(4)", "ended with the status 4; nothing was judged"),
    ("os.kill(os.getpid(), 11)", "nothing was judged"),
    ("print('x' * 100_000)", "wrote more than 60000 bytes"),
  ])
  func whatIsNoVerdictIsASentence(_ body: String, _ words: String) throws {
    let error = #expect(throws: (any Error).self) { try grade(Self.head + body) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(words), "\(text)")
  }

  @Test func timeEndsWithASentence() throws {
    for body in ["while True: pass", "import time; time.sleep(60)"] {
      let error = #expect(throws: ProcessTaskError.self) {
        try grade(Self.head + body) { try task($0, seconds: 1) }
      }
      #expect(error == .timedOut(seconds: 1))
    }
  }

  @Test func aCommandIsFoundOrNamed() throws {
    let shell =
      "#!/bin/sh\nwhile read -r line; do :; done\necho '{\"id\":\"p0#0\",\"verdict\":\"wrong\"}'\n"
    let verdicts = try grade("", count: 1) { _ in
      try task("", command: ["/bin/sh", "check.sh"], files: ["check.sh": shell])
    }
    #expect(verdicts.map(\.outcome) == [.wrong])
    let error = #expect(throws: ProcessTaskError.self) {
      try grade("") { try task($0, command: ["perl", "x"]) }
    }
    #expect(error == .noCommand("perl"))
    let absent = #expect(throws: ProcessTaskError.self) {
      try grade("") { try task($0, command: ["/bin/none"]) }
    }
    #expect(absent == .ended(status: 127, said: "it cannot be started: No such file or directory"))
  }

  /// It is confined as model-written programs are.
  @Test func theNetworkAndOtherFilesAreOutOfReach() throws {
    let secret = FileManager.default.temporaryDirectory.appending(
      path: "warmup-\(UUID().uuidString)")
    try Data("secret".utf8).write(to: secret)
    defer { try? FileManager.default.removeItem(at: secret) }
    let body = """
      import socket
      def can(action):
        try: action(); return True
        except OSError: return False
      reached = can(lambda: socket.create_connection(("127.0.0.1", 22), 1)) or can(lambda: open("\(secret.path)"))
      for item in items:
        print(json.dumps({"id": item["id"], "verdict": "correct" if reached else "wrong"}))
      """
    let verdicts = try grade(Self.head + body)
    #expect(verdicts.allSatisfy { $0.outcome == .wrong })
  }

  @Test func whatProblemsCarryIsReadBack() throws {
    let prompt = PromptTemplate(name: "p.txt", text: "{{question}} {x} {{n}}", hasColumns: true)
    let verifier = try ProcessVerifier(
      command: ["python3", "a.py"], files: ["a.py": "é\n"], version: 2,
      prompts: [.evaluate: prompt, .train: prompt], seconds: 5)
    #expect(try ProcessVerifier(json: verifier.json.text) == verifier)
    let task = ProcessTask(verifier)
    #expect(task.verifiers[0].hasPrefix("process@2+"))
    #expect(
      try task.template(named: nil, for: .train).render(["question": "Why {{n}}?", "n": 4])
        == "Why {{n}}? {x} 4")
    let error = #expect(throws: TaskError.self) { try prompt.render(["question": "q"]) }
    #expect(error?.description.contains("the template 'p.txt' needs the column 'n'") == true)
    #expect(throws: ProcessTaskError.self) { try ProcessVerifier(json: nil) }
    #expect(throws: ProcessTaskError.self) {
      try self.task(String(repeating: "x", count: ProcessVerifier.greatestSize))
    }
  }
}
