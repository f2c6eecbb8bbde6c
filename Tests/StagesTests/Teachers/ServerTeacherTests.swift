import Base
import Foundation
import Runner
import Stages
import Synchronization
import TestSupport
import Testing

/// What a test changes while its server runs.
private final class ServerState: Sendable {
  let isBroken = Mutex(true)
}

/// `teacher: server` against a real server that misbehaves.
@Suite(.serialized, .ownThread) struct ServerTeacherTests {
  /// Puzzles, and traces by the server at an address. On a machine that is busy, answers that are
  /// sent at once can take longer than a second.
  private static func recipe(
    _ url: String, count: Int = 3, timeout: Int = 60, attempts: Int = 4, more: String = ""
  ) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: \(count), seed: 1}}
      traces:
        kind: write_traces
        inputs: {problems: puzzles}
        params:
          teacher: server
          server: {url: "\(url)", model: qwq, backoff: 0.01, timeout: \(timeout), concurrency: 2, attempts: \(attempts)\(more)}
    """
  }

  /// Answers as the solution of the puzzle would have it.
  private static let right = "Hm. </think> <answer> (1) A is a knight"

  @Test func everyFaultIsOvercome() throws {
    let faults: [MisbehavingTeacher.Act] = [
      .status(429, headers: ["Retry-After": "0"]), .status(500), .status(503), .cut, .hangUp,
      .garbage("<html>"), .garbage(#"{"choices": []}"#),
    ]
    for fault in faults {
      let server = try MisbehavingTeacher { number, _ in number == 0 ? fault : .answer(Self.right) }
      defer { server.stop() }
      let run = try RecipeRun(Self.recipe(server.url, count: 1))
      #expect(run.summary.exitCode == 0, "\(fault): \(run.summary.outcomes)")
      #expect(server.requests.count == 2, "\(fault)")
      #expect(Set(server.requests.map(\.body)).count == 1)
      #expect(Set(server.requests.map { $0.headers["idempotency-key"] }).count == 1)
      let rows = try run.rows("traces", "traces")
      #expect(rows.map { $0["completion"] } == [.string(Self.right + "</answer>")])
      #expect(rows.map { $0["accepted"] } == [true])
    }
  }

  @Test func aLateAnswerIsAskedForAgain() throws {
    let server = try MisbehavingTeacher { number, _ in
      number == 0 ? .slow(seconds: 1.5, "late") : .answer(Self.right)
    }
    defer { server.stop() }
    let run = try RecipeRun(Self.recipe(server.url, count: 1, timeout: 1, attempts: 20))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(server.requests.count >= 2)
    #expect(Set(server.requests.map(\.body)).count == 1)
    let rows = try run.rows("traces", "traces")
    #expect(rows.map { $0["completion"] } == [.string(Self.right + "</answer>")])
  }

  /// Cancelling a request just when it ends by itself must not block either.
  @Test func timeoutsAreSurvivedByTheDozen() throws {
    let slow = 24
    let server = try MisbehavingTeacher { number, _ in
      number < slow ? .slow(seconds: 1.5, "late") : .answer(Self.right)
    }
    defer { server.stop() }
    let recipe = Self.recipe(server.url, count: slow, timeout: 1, attempts: 20)
      .replacing("concurrency: 2", with: "concurrency: 24")
    let run = try RecipeRun(recipe)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(try run.rows("traces", "traces").count == slow)
    #expect(server.requests.count >= 2 * slow)
  }

  @Test func everySamplingFieldIsSent() throws {
    let server = try MisbehavingTeacher { _, _ in .answer(Self.right) }
    defer { server.stop() }
    let run = try RecipeRun(Self.recipe(server.url, more: ", extra: {min_p: 0}"))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let body = try #require(server.requests.first?.body)
    let expected: [String: JSONValue] = [
      "model": "qwq", "temperature": 0.6, "top_p": 0.95, "top_k": 40, "max_tokens": 8192, "n": 1,
      "presence_penalty": 0, "frequency_penalty": 0, "stream": false,
      "stop": ["</answer>", "User:", "Assistant:"],
    ]
    for (name, value) in expected { #expect(body[name] == value, "\(name)") }
    #expect(body["min_p"]?.number == 0)
    #expect(body["prompt"]?.string?.hasSuffix("Assistant: <think>\n    ") == true)
    #expect(Set(server.requests.compactMap { $0.body["seed"]?.integer }).count == 3)
    #expect(server.requests.allSatisfy { $0.path == "/v1/completions" })
  }

  @Test func chatMessagesAndTheirThinking() throws {
    let server = try MisbehavingTeacher { _, _ in
      .garbage(
        #"{"choices": [{"message": {"reasoning_content": "Hm.", "content": "<answer> x"}}]}"#)
    }
    defer { server.stop() }
    let run = try RecipeRun(Self.recipe(server.url, count: 1, more: ", interface: chat"))
    let rows = try run.rows("traces", "traces")
    #expect(rows.map { $0["completion"] } == ["Hm.</think><answer> x</answer>"])
    let request = try #require(server.requests.first)
    #expect(request.path == "/v1/chat/completions")
    #expect(request.body["messages"]?.array?.first?["role"] == "user")
  }

  /// Rejected completions stay, each with the reason.
  @Test func rejectedCompletionsAreKeptWithTheReason() throws {
    let server = try MisbehavingTeacher { _, request in
      switch request.body["seed"]?.integer.map({ $0 % 3 }) {
      case 0: .answer("no tags at all")
      case 1: .truncated("and so on, and so")
      default: .status(400, body: "prompt too long")
      }
    }
    defer { server.stop() }
    let run = try RecipeRun(Self.recipe(server.url, count: 12))
    let rows = try run.rows("traces", "traces")
    #expect(rows.count == 12 && rows.allSatisfy { $0["accepted"] == false })
    let reasons = Set(rows.compactMap { $0["reason"]?.string })
    #expect(
      reasons == [
        "bad format", "cut off at max_tokens",
        "the server refused the request with status 400: prompt too long",
      ])
  }

  @Test func wrongAnswersAreAcceptedOnlyWhereFormatIsEnough() throws {
    let wrong = "Hm. </think> <answer> (1) Nobody is a knight"
    let server = try MisbehavingTeacher { _, _ in .answer(wrong) }
    defer { server.stop() }
    for (accept, isAccepted) in [("any", true), ("format", true), ("correct", false)] {
      let text = Self.recipe(server.url, count: 1) + "\n      accept: \(accept)"
      let rows = try RecipeRun(text).rows("traces", "traces")
      #expect(rows.map { $0["accepted"] } == [.boolean(isAccepted)], "\(accept)")
    }
  }

  /// Of all four answers to a puzzle for two, one about somebody else, and one without tags.
  @Test(arguments: [
    (
      "correct",
      ["", "bad format", "no answer can be read"] + Array(repeating: "wrong answer", count: 3)
    ),
    ("wrong", ["", "", "", "bad format", "no answer can be read", "right answer"]),
  ])
  func rightAndWrongAnswersCanBeParted(accept: String, reasons: [String]) throws {
    let answers = ["knight", "knave"].flatMap { first in
      ["knight", "knave"].map { "(1) Ann is a \(first)\n(2) Bob is a \($0)" }
    }
    let texts =
      (answers + ["(1) Zoe is a knight"]).map { "Hm. </think> <answer> \($0)" } + ["no tags at all"]
    let server = try MisbehavingTeacher { number, _ in .answer(texts[number % 6]) }
    defer { server.stop() }
    let text = Self.recipe(server.url, count: 1)
      .replacing("seed: 1}", with: "seed: 1, names: [Ann, Bob]}")
    let run = try RecipeRun(text + "\n      samples: 6\n      accept: \(accept)")
    let rows = try run.rows("traces", "traces")
    #expect(rows.compactMap { $0["reason"]?.string }.sorted() == reasons)
    #expect(rows.allSatisfy { $0["accepted"] == .boolean($0["reason"] == "") })
  }

  /// What was answered before a failure is on the disk and is not asked again.
  @Test func nothingIsAskedTwiceAfterAFailure() throws {
    let state = ServerState()
    let server = try MisbehavingTeacher { number, _ in
      number >= 5 && state.isBroken.withLock { $0 } ? .status(500) : .answer(Self.right)
    }
    defer { server.stop() }
    let text = Self.recipe(server.url, count: 8, more: ", concurrency: 1")
      .replacing("concurrency: 2, ", with: "")
    let failed = try RecipeRun(text)
    guard case .failed(let sentence) = failed.summary.outcomes.last else {
      Issue.record("it did not fail")
      return
    }
    #expect(sentence.contains("in 4 attempts") && sentence.contains("run again"))
    #expect(server.requests.count == 5 + 4)
    state.isBroken.withLock { $0 = false }
    let kept = failed.folder.url.appending(path: "downloads")
    let again = try RecipeRun(text) { cache in
      let folder = cache.folder.deletingLastPathComponent().appending(path: "downloads")
      try FileManager.default.copyItem(at: kept, to: folder)
    }
    #expect(again.summary.exitCode == 0, "\(again.summary.outcomes)")
    #expect(server.requests.count == 5 + 4 + 3)
    let bodies = server.requests.prefix(5).map(\.body)
    #expect(!server.requests.suffix(3).contains { bodies.contains($0.body) })
  }

  @Test(arguments: [401, 404])
  func refusalOfEverythingEndsAtOnce(status: Int) throws {
    let server = try MisbehavingTeacher { _, _ in .status(status, body: "no such model") }
    defer { server.stop() }
    let run = try RecipeRun(
      Self.recipe(
        server.url, more: ", concurrency: 1"
      ).replacing("concurrency: 2, ", with: ""))
    guard case .failed(let sentence) = run.summary.outcomes.last else {
      Issue.record("it did not fail")
      return
    }
    #expect(sentence.contains("status \(status)") && sentence.contains("no such model"))
    #expect(server.requests.count == 1)
  }

  @Test func waitsGrowAndHeedTheServer() {
    let policy = RetryPolicy(attempts: 5, backoff: 1)
    #expect((0..<4).map { policy.wait(after: $0, retryAfter: nil, share: 0) } == [1, 2, 4, 8])
    #expect(policy.wait(after: 0, retryAfter: 7, share: 0) == 7)
    #expect(policy.wait(after: 3, retryAfter: 7, share: 0) == 8)
    #expect(policy.wait(after: 60, retryAfter: 1e9, share: 0.9) == RetryPolicy.longestWait)
    #expect(RetryPolicy.seconds(retryAfter: "12") == 12)
    #expect(RetryPolicy.seconds(retryAfter: "soon") == nil)
    let date = RetryPolicy.seconds(
      retryAfter: "Wed, 21 Oct 2015 07:28:00 GMT", now: Date(timeIntervalSince1970: 1_445_412_470))
    #expect(date == 10)
    #expect([429, 500, 502, 503, 529].allSatisfy(RetryPolicy.isTransient))
    #expect(![200, 400, 401, 404].contains(where: RetryPolicy.isTransient))
  }
}
