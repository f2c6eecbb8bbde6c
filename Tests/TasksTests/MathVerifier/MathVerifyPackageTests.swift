import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// The worker with other scripts in place of the package's, so that no package is needed.
@Suite(.enabled(if: FakeWorker.python != nil, "needs python3"), .ownThread)
struct MathVerifyWorkerTests {
  @Test func manyQuestionsAreAnsweredInTheirOrder() throws {
    let pool = FakeWorker.pool()
    let requests = (0..<200).map { MathVerifyWorker.Request(gold: "\($0 % 3)", answer: "1") }
    for threads in [1, 3] {
      let replies = try pool.ask(requests, threads: threads)
      #expect(replies.count == 200)
      for (index, reply) in replies.enumerated() {
        #expect(reply == .judged(isEqual: index % 3 == 1, found: true, text: "1"))
      }
    }
  }

  @Test func aHangIsATimeOutAndTheNextQuestionIsAnswered() throws {
    let pool = FakeWorker.pool()
    let answers = ["1", "sleep", "1", "stop", "1", "die", "1", "flood", "1"]
    let requests = answers.map { MathVerifyWorker.Request(gold: "1", answer: $0) }
    let start = ContinuousClock.now
    let replies = try pool.ask(requests, threads: 1, limit: .milliseconds(500))
    #expect(ContinuousClock.now - start < .seconds(300))
    let right = MathVerifyWorker.Reply.judged(isEqual: true, found: true, text: "1")
    #expect(
      replies == [right, .timedOut, right, .timedOut, right, .timedOut, right, .timedOut, right])
  }

  @Test func textsOfAllKindsArriveAsTheyAre() throws {
    let long = String(repeating: "\\frac{1}{2} \u{e9}\u{2028}\n\"", count: 30_000)
    let reply = try FakeWorker.pool().ask([.init(gold: long, answer: long)], threads: 1)
    #expect(reply == [.judged(isEqual: true, found: true, text: long)])
  }

  @Test(arguments: [
    ("say(ready='0.7.0')", "it has version 0.7.0"), ("say(missing='no such module')", "no such"),
    ("sys.exit(3)", "ended before it was ready"),
  ])
  func anotherPackageIsASentence(line: String, words: String) throws {
    let python = try #require(FakeWorker.python)
    do {
      _ = try MathVerifyWorker(
        MathVerifyInstallation(python: python), script: FakeWorker.head + line + "\n")
      Issue.record("no error")
    } catch let error as MathVerifyError {
      #expect("\(error)".contains(words), "\(error)")
      #expect("\(error)".contains("WARMUP_MATH_VERIFY names"))
    }
  }

  @Test func withoutANetworkThereIsASentence() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    var environment = ProcessInfo.processInfo.environment
    environment["XDG_CACHE_HOME"] = folder.path
    environment["WARMUP_MATH_VERIFY"] = nil
    environment["PIP_NO_INDEX"] = "1"
    do {
      _ = try MathVerifyInstallation.locate(environment)
      Issue.record("no error")
    } catch let error as MathVerifyError {
      #expect("\(error)".contains("could not be installed into \(folder.path)"))
      #expect("\(error)".contains("try again with a network"))
    }
    #expect(!MathVerifyInstallation.isAtHand(environment))
    environment["WARMUP_MATH_VERIFY"] = "/nonexistent/python"
    #expect(throws: MathVerifyError.self) { try MathVerifyInstallation.locate(environment) }
  }
}

private enum FakeWorker {
  static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  static let head = """
    import json, os, signal, sys, time
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    def say(**reply):
        replies.write(json.dumps(reply) + "\\n")
        replies.flush()

    """

  private static let script =
    head + """
      say(ready="0.9.0")
      for line in sys.stdin.buffer:
          request = json.loads(line)
          answer = request["answer"]
          if answer == "sleep": time.sleep(1000)
          if answer == "stop": os.kill(os.getpid(), signal.SIGSTOP)
          if answer == "die": os._exit(1)
          if answer == "flood": replies.write("x" * 100000 + "\\n")
          say(equal=request["gold"] == answer, found=True, text=answer)

      """

  static func pool() -> MathVerifyPool {
    MathVerifyPool {
      try MathVerifyWorker(MathVerifyInstallation(python: python ?? ""), script: script)
    }
  }
}

/// The package itself, where it is installed.
@Suite(
  .enabled(if: MathVerifyInstallation.isAtHand(), "needs math-verify; see docs/verifiers.md"),
  .ownThread)
struct MathVerifyPackageTests {
  private func outcome(
    _ answer: String, _ gold: String, _ verifier: String, _ use: TaskUse = .evaluate
  ) throws -> Outcome {
    let item = GradingItem(row: ["answer": .string(gold)], completion: answer, id: "1")
    return try MathTask().grade([item], GradingRules(use: use, verifier: verifier))[0].outcome
  }

  @Test func theOrderOfTheArgumentsMatters() throws {
    #expect(try outcome("\\boxed{(1,2)}", "1<x<2", "paper") == .correct)
    #expect(try outcome("\\boxed{(1,2)}", "1<x<2", "paper_reversed") == .wrong)
    #expect(try outcome("\\boxed{1<x<2}", "(1,2)", "paper_reversed") == .correct)
  }

  @Test func rewardsAndScoresReadDifferently() throws {
    #expect(try outcome("so 5", "5", "paper") == .correct)
    #expect(try outcome("so", "5", "paper") == .noAnswer)
    #expect(try outcome("so </think><answer>5</answer>", "5", "paper", .train) == .noAnswer)
    #expect(try outcome("so </think><answer>\\boxed{5}</answer>", "5", "paper", .train) == .correct)
    #expect(try outcome("\\boxed{5}", "5", "paper", .train) == .badFormat)
  }

  @Test func nothingOutlivesItsTime() throws {
    let tower =
      "\\boxed{" + String(repeating: "7^{", count: 9) + "7" + String(repeating: "}", count: 10)
    let start = ContinuousClock.now
    #expect(try outcome(tower, "7", "paper") != .correct)
    #expect(ContinuousClock.now - start < .seconds(300))
  }
}
