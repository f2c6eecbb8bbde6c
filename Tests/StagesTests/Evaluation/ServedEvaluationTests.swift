import Base
import Foundation
import Model
import Runner
import Stages
import Synchronization
import TestSupport
import Testing

/// `engine: server` of `evaluate` and `write_traces`, against this program's own server.
@Suite(.serialized, .ownThread) struct ServedEvaluationTests {
  /// What a test changes while its server runs.
  private final class Fault: Sendable {
    let isOn = Mutex(true)
  }

  private static func recipe(
    _ url: String, sampling: String = "temperature: 0", more: String = "",
    verifier: String = "paper"
  ) -> String {
    """
    version: 1
    name: test
    axes: {engine: [native, server]}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      base: {kind: pretrained_model, params: {source: varied}}
      scores:
        kind: evaluate
        inputs: {model: base, problems: puzzles}
        params:
          samples: 2
          max_tokens: 24
          template: knights_and_knaves_short
          verifier: \(verifier)
          engine: "${engine}"
          \(sampling)
          server: {url: "\(url)", dialect: warmup, backoff: 0.01, timeout: 60, concurrency: 3, attempts: 3\(more)}
    """
  }

  private static func failure(_ run: RecipeRun) -> String {
    guard case .failed(let sentence) = run.summary.outcomes.last else {
      return "it did not fail: \(run.summary.outcomes)"
    }
    return sentence
  }

  private static func fact(_ run: RecipeRun, _ name: String) -> JSONValue? {
    run.summary.plan.results.last?.values[name]
  }

  @Test func greedyCompletionsAreThoseOfTheEngine() throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact())
    let run = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let rows = try ["native", "server"].map { try run.rows("scores[engine=\($0)]", "scores") }
    #expect(rows[0].count == 8 && rows[1] == rows[0])
    #expect(Set(rows[0].compactMap { $0["completion"]?.string }).count > 2)
    #expect(run.parts("evaluate/completions").count == 2)
    #expect(Self.fact(run, "server")?["url"]?.string == server.url)
    let difference = try #require(
      Self.fact(run, "server")?["log_probability_difference"]?.number)
    #expect(difference < 1e-5)
    // Four prompts before and four after.
    #expect(server.requests.count == 8 + 8 && server.evaluations.count == 8)
    #expect(run.notices.isEmpty)
  }

  @Test func everyFieldIsSentAndNoPrompt() throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact())
    let sampling = "temperature: 0.9\n      top_k: 7"
    let run = try RecipeRun(Self.recipe(server.url, sampling: sampling), beside: model.folder)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let body = try #require(server.evaluations.first)
    let expected: [String: JSONValue] = [
      "temperature": 0.9, "top_p": 0.95, "top_k": 7, "max_tokens": 24, "n": 1, "min_p": 0,
      "repetition_penalty": 1, "presence_penalty": 0, "frequency_penalty": 0, "stream": false,
      "return_token_ids": true, "model": "varied",
    ]
    for (name, value) in expected { #expect(body[name] == value, "\(name)") }
    #expect(body["prompt"]?.array?.allSatisfy { $0.integer != nil } == true)
    #expect(Set(server.evaluations.compactMap { $0["seed"]?.integer }).count == 8)
  }

  /// Neither another address nor another pace is another result; another dialect is.
  @Test func theKeyHasWhatCanChangeACompletion() throws {
    let model = try VariedModel()
    let recipes = [
      Self.recipe("http://127.0.0.1:1/v1"),
      Self.recipe("http://localhost:2/v1", more: ", model: other, key_variable: WARMUP_KEY_X"),
      Self.recipe("http://127.0.0.1:1/v1").replacing("dialect: warmup", with: "dialect: vllm"),
      Self.recipe("http://127.0.0.1:1/v1", more: ", extra: {length_penalty: 2}"),
    ]
    let keys = try recipes.map { text in
      let recipe = try Recipe.parse(
        text, file: model.folder.file("t.yaml"), registry: .standard)
      let folders = DataFolders(
        searchPaths: [model.folder.url], downloads: model.folder.file("downloads"))
      let plan = Planner(cache: Cache(folder: model.folder.file("none")), folders: folders)
        .plan(recipe.instances)
      return plan.items.suffix(2).map(\.key)
    }
    #expect(keys[1] == keys[0])
    #expect(keys.map { $0[0] } == Array(repeating: keys[0][0], count: 4), "native")
    #expect(Set(keys.map { $0[1] }).count == 3)
  }

  /// Native results stay what they were before there were engines.
  @Test func nativeKeysKnowNoServer() throws {
    let model = try VariedModel()
    let texts = [
      Self.recipe("http://127.0.0.1:1/v1"),
      Self.recipe("http://127.0.0.1:1/v1").split(separator: "\n")
        .filter { !$0.contains("server:") && !$0.contains("engine: \"") }
        .joined(separator: "\n").replacing("axes: {engine: [native, server]}", with: ""),
    ]
    let keys = try texts.map { text in
      let recipe = try Recipe.parse(
        text, file: model.folder.file("t.yaml"), registry: .standard)
      let folders = DataFolders(
        searchPaths: [model.folder.url], downloads: model.folder.file("downloads"))
      return Planner(cache: Cache(folder: model.folder.file("none")), folders: folders)
        .plan(recipe.instances).items[2].key
    }
    #expect(keys[0] != nil && keys[0] == keys[1])
  }

  @Test func anotherVerifierAsksNothing() throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact())
    let first = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(first.summary.exitCode == 0, "\(first.summary.outcomes)")
    let asked = server.requests.count
    let second = try RecipeRun(
      Self.recipe(server.url, verifier: "strict"), beside: model.folder)
    #expect(second.summary.exitCode == 0, "\(second.summary.outcomes)")
    #expect(server.requests.count == asked)
    #expect(Self.fact(second, "server") == Self.fact(first, "server"))
  }

  /// Each fault comes once in the middle, and the rows are the same.
  @Test(arguments: ["hang up", "half a line", "status 503", "no JSON", "no end", "no ids"])
  func aFaultIsOvercomeOrSaid(fault: String) throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact()) { number, _, connection in
      guard number == 7 else { return false }
      switch fault {
      case "hang up": break
      case "half a line": connection.sendEvent(#"{"choices": [{"text": "Ann is"#)
      case "status 503": connection.send(HTTPFault(503, "later").response)
      case "no JSON": connection.send(HTTPResponse("nonsense"))
      case "no end":
        connection.send(
          HTTPResponse(["choices": [["text": "x", "token_ids": [1], "finish_reason": "abort"]]]))
      default:
        connection.send(HTTPResponse(["choices": [["text": "x", "finish_reason": "stop"]]]))
      }
      return true
    }
    let run = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    if fault == "no ids" {
      #expect(Self.failure(run).contains("does not say how many tokens"))
      return
    }
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(
      try run.rows("scores[engine=server]", "scores")
        == run.rows("scores[engine=native]", "scores"))
    #expect(server.requests.count == 17)
  }

  /// What came before a failure is kept, and the rest is asked alone.
  @Test func nothingIsAskedTwiceAfterAFailure() throws {
    let model = try VariedModel()
    let fault = Fault()
    let server = try ServedTestModel(model.artifact()) { number, _, connection in
      guard number >= 8, fault.isOn.withLock({ $0 }) else { return false }
      connection.send(HTTPFault(500, "out of memory").response)
      return true
    }
    let text = Self.recipe(server.url).replacing("concurrency: 3", with: "concurrency: 1")
    let failed = try RecipeRun(text, beside: model.folder)
    #expect(Self.failure(failed).contains("in 3 attempts"))
    #expect(server.evaluations.count == 4 + 3)
    fault.isOn.withLock { $0 = false }
    let again = try RecipeRun(text, beside: model.folder)
    #expect(again.summary.exitCode == 0, "\(again.summary.outcomes)")
    #expect(server.evaluations.count == 7 + 4)
    #expect(
      try again.rows("scores[engine=server]", "scores")
        == again.rows("scores[engine=native]", "scores"))
  }

  @Test func anotherModelIsFoundOut() throws {
    let (model, other) = (try VariedModel(), try VariedModel(seed: 2))
    let server = try ServedTestModel(other.artifact())
    let run = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(Self.failure(run).contains("does not serve the model that is bound"))
    #expect(server.evaluations.isEmpty)
  }

  /// The model is changed while it is asked; later the first one is served again.
  @Test func aChangedModelIsFoundOut() throws {
    let (model, other) = (try VariedModel(), try VariedModel(seed: 2))
    let second = try ServedTestModel(other.artifact())
    let fault = Fault()
    let server = try ServedTestModel(model.artifact()) { number, request, connection in
      guard number >= 8, fault.isOn.withLock({ $0 }),
        let answer = try? second.post(String(decoding: request.body, as: UTF8.self)),
        let json = try? JSONValue(parsing: Data(answer.body.utf8))
      else { return false }
      connection.send(HTTPResponse(json))
      return true
    }
    let run = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(Self.failure(run).contains("no longer serves the model that it did"))
    #expect(run.parts("evaluate/completions").count == 1, "native's alone")
    fault.isOn.withLock { $0 = false }
    let again = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(again.summary.exitCode == 0, "\(again.summary.outcomes)")
    #expect(
      try again.rows("scores[engine=server]", "scores")
        == again.rows("scores[engine=native]", "scores"))
  }

  @Test func aPromptThatIsChangedIsFoundOut() throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact()) { number, _, connection in
      connection.send(
        HTTPResponse([
          "choices": [["text": "x", "token_ids": [1], "finish_reason": "stop"]],
          "usage": ["prompt_tokens": 3],
        ]))
      return true
    }
    let run = try RecipeRun(Self.recipe(server.url), beside: model.folder)
    #expect(Self.failure(run).contains("must take token ids as they are"))
  }

  @Test(arguments: [
    ("server: {dialect: warmup}", "either 'url', of one that is running, or 'start'"),
    ("server: {url: \"http://x/v1\", start: warmup}", "either 'url'"),
    ("server: {url: \"http://x/v1\"}", "'dialect' is one of warmup, vllm, llama.cpp"),
    ("server: {start: mine}", "'dialect' is one of"),
    ("top_k: 5, server: {url: \"http://x/v1\", dialect: openai}", "has no top_k"),
    ("server: {start: warmup, interface: chat}", "'interface: chat' cannot"),
    ("server: {start: warmup, extra: {min_p: 0.1}}", "'extra' may not hold min_p"),
  ])
  func mistakesAreSaidBeforeAnythingRuns(params: String, words: String) throws {
    let text = Self.stage("engine: server, \(params)")
    let error = #expect(throws: RecipeError.self) { try RecipeRun(text) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func aServerThatIsNotUsedIsAMistake() throws {
    let text = Self.stage("server: {start: warmup}")
    let error = #expect(throws: RecipeError.self) { try RecipeRun(text) }
    #expect(error?.description.contains("'server' is for 'engine: server'") == true)
  }

  private static func stage(_ params: String) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 2, seed: 1}}
      base: {kind: pretrained_model, params: {source: varied}}
      scores:
        kind: evaluate
        inputs: {model: base, problems: puzzles}
        params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short, \(params)}
    """
  }

  /// Servers of the site file that do not come up.
  @Test(arguments: [
    (["sh", "-c", "echo no such GPU >&2; exit 3", "{port}", "{name}"], "no such GPU"),
    (["no-such-program", "{port}", "{name}"], "ended with status 127"),
    (["sleep", "60", "{port}"], "lacks {name}"),
    (["x", "{port}", "{name}", "{gpus}"], "names {gpus}, which nothing is filled in for"),
  ])
  func aServerThatDoesNotStartIsSaid(command: [String], words: String) throws {
    let model = try VariedModel()
    var site = Site()
    site.servers = ["mine": command]
    let run = try RecipeRun(
      Self.stage("engine: server, server: {start: mine, dialect: vllm}"), beside: model.folder,
      site: site)
    #expect(Self.failure(run).contains(words), "\(Self.failure(run))")
  }

  @Test func aServerThatNobodyKnowsIsSaid() throws {
    let model = try VariedModel()
    let run = try RecipeRun(
      Self.stage("engine: server, server: {start: mine, dialect: vllm}"), beside: model.folder)
    #expect(Self.failure(run).contains("below 'servers' in the site file"))
  }

  @Test func tracesOfABoundModelComeFromAServer() throws {
    let model = try VariedModel()
    let server = try ServedTestModel(model.artifact())
    let text = """
      version: 1
      name: test
      axes: {engine: [native, server]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}
        base: {kind: pretrained_model, params: {source: varied}}
        traces:
          kind: write_traces
          inputs: {problems: puzzles, model: base}
          params:
            teacher: model
            prompt: knights_and_knaves_short
            engine: "${engine}"
            sampling: {temperature: 0, top_p: 1, top_k: 0, max_tokens: 16}
            server: {url: "\(server.url)", dialect: warmup}
      """
    let run = try RecipeRun(text, beside: model.folder)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let rows = try ["native", "server"].map { try run.rows("traces[engine=\($0)]", "traces") }
    #expect(rows[0].count == 3 && rows[0] == rows[1])
    #expect(Self.fact(run, "teacher")?["dialect"] == "warmup")
  }
}
