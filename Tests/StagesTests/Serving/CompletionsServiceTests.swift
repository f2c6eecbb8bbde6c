import Base
import Foundation
import Model
import Stages
import Synchronization
import TestSupport
import Testing

/// `/v1/completions` of `warmup serve`.
@Suite(.serialized, .ownThread) struct CompletionsServiceTests {
  private static let prompt: [Int32] = [40, 41, 42, 43]
  private static let ids: JSONValue = [40, 41, 42, 43]

  private static func tokens(_ answer: JSONValue) -> [[Int]] {
    (answer["choices"]?.array ?? []).map {
      ($0["token_ids"]?.array ?? []).compactMap(\.integer)
    }
  }

  @Test func greedyTokensAreTheSamplers() throws {
    let model = try VariedModel().artifact()
    let server = try ServedTestModel(model)
    let expected = try Sampler(weights: model.weights, pool: WorkerPool(threads: 1)).generate(
      [SamplingRequest(prompt: Self.prompt, streams: [RandomStream(seed: 0)])],
      options: SamplingOptions(temperature: 0, maxNewTokens: 24, stopTokens: [0]))[0][0]
    #expect(Set(expected.tokens).count > 3, "a model that says one thing only proves nothing")
    let answer = try server.complete([
      "prompt": Self.ids, "max_tokens": 24, "temperature": 0, "return_token_ids": true,
      "logprobs": 1,
    ])
    let choice = try #require(answer["choices"]?.array?.first)
    #expect(Self.tokens(answer) == [expected.tokens.map(Int.init)])
    #expect(choice["prompt_token_ids"] == Self.ids)
    #expect(
      choice["logprobs"]?["token_logprobs"]?.array?.compactMap(\.number)
        == expected.logProbabilities.map(Double.init))
    let isCut = expected.finish == .length
    #expect(choice["finish_reason"] == .string(isCut ? "length" : "stop"))
    #expect(answer["usage"]?["completion_tokens"]?.integer == expected.tokens.count)
    #expect(answer["usage"]?["prompt_tokens"]?.integer == 4)
  }

  /// What others ask at the same time changes nothing, and what is asked in another way waits.
  @Test func completionsDoNotDependOnOthers() throws {
    let server = try ServedTestModel(VariedModel().artifact())
    let questions: [[String: JSONValue]] = (0..<24).map { number in
      [
        "prompt": .array((0...number % 5).map { .integer(40 + $0 + number) }),
        "max_tokens": .integer(number % 3 == 0 ? 9 : 20), "temperature": 1.5,
        "seed": .integer(number), "return_token_ids": true, "n": .integer(1 + number % 2),
      ]
    }
    let alone = try questions.map { Self.tokens(try server.complete($0)) }
    let together = Mutex([[[Int]]](repeating: [], count: questions.count))
    DispatchQueue.concurrentPerform(iterations: questions.count) { number in
      let tokens = (try? server.complete(questions[number])).map(Self.tokens) ?? []
      together.withLock { $0[number] = tokens }
    }
    #expect(together.withLock { $0 } == alone)
    #expect(Set(alone.flatMap { $0 }).count > 20)
  }

  @Test func aStreamIsTheWholeTextInPieces() throws {
    let server = try ServedTestModel(VariedModel().artifact())
    let fields: [String: JSONValue] = [
      "prompt": "Ann is", "max_tokens": 30, "temperature": 1, "seed": 3, "stop": ["e"],
    ]
    let whole = try server.complete(fields)["choices"]?.array?.first
    let body = JSONValue.object(fields.merging(["stream": true]) { $1 }).text
    let events = try server.post(body).body.components(separatedBy: "\n\n").filter { !$0.isEmpty }
    #expect(events.allSatisfy { $0.hasPrefix("data: ") })
    #expect(events.last == "data: [DONE]")
    let choices = try events.dropLast().compactMap {
      try JSONValue(parsing: Data($0.dropFirst(6).utf8))["choices"]?.array?.first
    }
    #expect(choices.compactMap { $0["text"]?.string }.joined() == whole?["text"]?.string)
    #expect(choices.last?["finish_reason"] == whole?["finish_reason"])
    #expect(whole?["text"]?.string?.contains("e") == false)
  }

  /// Nothing that would change completions is ignored.
  @Test(arguments: [
    (#"[]"#, "not a JSON object"), (#"{"prompt": "x""#, "not valid JSON"),
    (#"{}"#, "'prompt' must be"),
    (#"{"prompt": ""}"#, "no tokens"), (#"{"prompt": []}"#, "no tokens"),
    (#"{"prompt": [1, -1]}"#, "token ids are integers"),
    (#"{"prompt": [99999999999]}"#, "token ids are integers"),
    (#"{"prompt": [1.5]}"#, "'prompt' must be"),
    (#"{"prompt": [1, 1.5]}"#, "token ids are integers"),
    (#"{"prompt": ["a", "b"]}"#, "one prompt at a time"),
    (#"{"prompt": "x", "max_tokens": 0}"#, "'max_tokens' must be"),
    (#"{"prompt": "x", "max_tokens": 5000}"#, "does not fit the model's context of 1024"),
    (#"{"prompt": "x", "temperature": -1}"#, "'temperature' must be"),
    (#"{"prompt": "x", "temperature": "warm"}"#, "'temperature' must be"),
    (#"{"prompt": "x", "top_p": 0}"#, "top_p must be above 0"),
    (#"{"prompt": "x", "top_k": -2}"#, "'top_k' must be"),
    (#"{"prompt": "x", "min_p": 0.1}"#, "'min_p' is not known"),
    (#"{"prompt": "x", "repetition_penalty": 1.05}"#, "'repetition_penalty' is not known"),
    (#"{"prompt": "x", "logprobs": 5}"#, "'logprobs' must be"),
    (#"{"prompt": "x", "n": 1000}"#, "'n' must be"),
    (#"{"prompt": "x", "stream": true, "n": 2}"#, "one completion"),
    (#"{"prompt": "x", "stop": 1}"#, "'stop' must be"),
    (#"{"prompt": "x", "guided_json": {}}"#, "'guided_json' is not known"),
    (#"{"prompt": "x", "model": "gpt-4"}"#, "there is no model 'gpt-4'"),
  ])
  func whatTheEngineDoesNotHaveIsRefused(body: String, words: String) throws {
    let server = try ServedTestModel(VariedModel().artifact())
    let answer = try server.post(body)
    let error = try JSONValue(parsing: Data(answer.body.utf8))["error"]
    #expect((400...404).contains(answer.status), "\(answer)")
    #expect(error?["message"]?.string?.contains(words) == true, "\(answer.body)")
    #expect(error?["type"] == "invalid_request_error")
  }

  @Test func neutralFieldsAndNullAreTaken() throws {
    let server = try ServedTestModel(VariedModel().artifact())
    let answer = try server.complete([
      "prompt": [Self.ids], "max_tokens": 2, "min_p": 0.0, "repetition_penalty": 1.0, "top_k": -1,
      "presence_penalty": 0, "logit_bias": .null, "user": "me", "best_of": 1, "suffix": .null,
      "model": "varied",
    ])
    #expect(answer["choices"]?.array?.count == 1)
  }
}
