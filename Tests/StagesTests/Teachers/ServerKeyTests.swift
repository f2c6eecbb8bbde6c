import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// Keys of servers: which variables a recipe may name, and where the key goes.
@Suite(.serialized, .ownThread) struct ServerKeyTests {
  private static let secret = "sk-TOP/secret+1234"
  private static let right = "Hm. </think> <answer> (1) A is a knight"

  private static func recipe(_ url: String, variable: String = "WARMUP_KEY_LAB") -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 2, seed: 1}}
      traces:
        kind: write_traces
        inputs: {problems: puzzles}
        params:
          teacher: server
          accept: any
          server: {url: "\(url)", model: qwq, key_variable: \(variable), backoff: 0.01, timeout: 120, concurrency: 2, attempts: 2}
    """
  }

  private static let keys = ServerKeys(environment: ["WARMUP_KEY_LAB": secret])

  /// How a run ends, and whether a server's key is anywhere in what it leaves.
  private static func run(_ url: String) throws -> (ending: String, leaks: Bool, run: RecipeRun) {
    let run = try RecipeRun(recipe(url), keys: keys)
    let folder = run.folder.url
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let leaks = paths.contains { path in
      let bytes = try? Data(contentsOf: folder.appending(path: path))
      return bytes?.range(of: Data(secret.utf8)) != nil
    }
    let words = "\(run.summary.outcomes.last ?? .notAsked) \(run.notices)"
    return (words, leaks || words.contains(secret), run)
  }

  @Test func onlyWhatTheUserAllowsIsAKey() throws {
    let environment = [
      "AWS_SECRET_ACCESS_KEY": "a", "WARMUP_KEY_LAB": "b", "WARMUP_KEY_BAD": "c\r\nX: y",
    ]
    let keys = ServerKeys(environment: environment)
    #expect(try keys.key(in: "WARMUP_KEY_LAB") == "b")
    for (variable, words) in [
      ("AWS_SECRET_ACCESS_KEY", "--allow-key AWS_SECRET_ACCESS_KEY"), ("HOME", "may not use"),
      ("XWARMUP_KEY_LAB", "may not use"), ("WARMUP_KEY_NONE", "is not set"),
      ("WARMUP_KEY_BAD", "holds blanks"),
    ] {
      let error = #expect(throws: ServerKeyError.self) { try keys.key(in: variable) }
      #expect(error?.description.contains(words) == true, "\(variable)")
    }
    let allowed = ServerKeys(allowing: ["AWS_SECRET_ACCESS_KEY"], environment: environment)
    #expect(try allowed.key(in: "AWS_SECRET_ACCESS_KEY") == "a")
  }

  @Test func keysGoOnlyWhereNobodyReadsThem() throws {
    for url in [
      "https://example.org/v1", "HTTPS://example.org/v1", "http://localhost:8000/v1",
      "http://127.0.0.1:1/v1", "http://127.9.8.7/v1", "http://[::1]:8000/v1",
    ] {
      #expect(try ServerAddress(url).isConfidential, "\(url)")
    }
    for url in [
      "http://example.org/v1", "http://localhost.example.org/v1", "http://127.0.0.1.nip.io/v1",
      "http://128.0.0.1/v1", "http://10.0.0.1/v1", "http://[::2]/v1", "http://0.0.0.0/v1",
    ] {
      #expect(try !ServerAddress(url).isConfidential, "\(url)")
    }
    for url in [
      "", "localhost:8000", "ftp://localhost/v1", "file:///etc/passwd", "http:///v1",
      "http://127.0.0.1@example.org/v1", "http://user:pass@localhost/v1",
      "http://127.0.0.1\\@example.org/v1", "http://local host/v1", "http://localhost/v1#x",
    ] {
      #expect(throws: ServerError.self, "\(url)") { try ServerAddress(url) }
    }
  }

  /// What is for this machine would otherwise leave it.
  @Test(arguments: [
    (["http_proxy": "http://proxy:1"], true), (["ALL_PROXY": "http://proxy:1"], true),
    (["HTTP_PROXY": "http://proxy:1"], false), (["http_proxy": ""], false), ([:], false),
    (["http_proxy": "http://proxy:1", "no_proxy": "example.org, 127.0.0.1"], false),
    (["http_proxy": "http://proxy:1", "NO_PROXY": "*"], false),
    (["http_proxy": "http://proxy:1", "no_proxy": "localhost", "NO_PROXY": "*"], true),
  ])
  func aKeyForThisMachineGoesThroughNoProxy(environment: [String: String], isRefused: Bool) throws {
    let secrets = environment.merging(["WARMUP_KEY_LAB": Self.secret]) { $1 }
    let run = try RecipeRun(
      Self.recipe("http://127.0.0.1:1/v1"), keys: ServerKeys(environment: secrets))
    let ending = "\(run.summary.outcomes.last ?? .notAsked)"
    #expect(ending.contains("no_proxy") == isRefused, "\(ending)")
  }

  /// Planning finds it before anything runs.
  @Test func whatWouldBeRefusedIsKnownBefore() throws {
    for (url, variable, words) in [
      ("http://127.0.0.1:1/v1", "AWS_SECRET_ACCESS_KEY", "--allow-key AWS_SECRET_ACCESS_KEY"),
      ("http://example.org/v1", "WARMUP_KEY_LAB", "https://"),
      ("http://127.0.0.1@example.org/v1", "WARMUP_KEY_LAB", "not an address"),
    ] {
      let folder = try ScratchFolder()
      let recipe = try Recipe.parse(
        Self.recipe(url, variable: variable), file: folder.url.appending(path: "t.yaml"),
        registry: .standard)
      let folders = DataFolders(searchPaths: [], downloads: folder.url)
      let plan = Planner(cache: Cache(folder: folder.url), folders: folders)
        .plan(recipe.instances)
      let error = #expect(throws: PreflightError.self) { try Preflight.check(plan, Self.keys) }
      #expect(error?.description.contains(words) == true, "\(url)")
      let need = try #require(PlanEstimate(plan, folders: folders, keys: Self.keys).needs.first)
      #expect(need.advice.contains(url) && need.advice.contains("key in \(variable)"))
      #expect(need.advice.contains("would refuse"))
    }
  }

  @Test func noRedirectLeavesTheOrigin() throws {
    let other = try MisbehavingTeacher { _, _ in .answer(Self.right) }
    defer { other.stop() }
    for status in [301, 302, 303, 307, 308] {
      let server = try MisbehavingTeacher { _, _ in
        .status(status, headers: ["Location": other.url + "/completions?k=" + Self.secret])
      }
      defer { server.stop() }
      let (ending, leaks, _) = try Self.run(server.url)
      #expect(ending.contains("a redirect to http://127.0.0.1"), "\(ending)")
      #expect(!leaks)
      #expect(server.requests.first?.headers["authorization"] == "Bearer " + Self.secret)
    }
    #expect(other.requests.isEmpty)
  }

  @Test func redirectsWithinTheOriginAreFollowedForAWhile() throws {
    let server = try MisbehavingTeacher { _, request in
      request.path.contains("moved")
        ? .answer(Self.right) : .status(307, headers: ["Location": "/moved/completions"])
    }
    defer { server.stop() }
    let (ending, _, run) = try Self.run(server.url)
    #expect(run.summary.exitCode == 0, "\(ending)")
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer " + Self.secret })
    let loop = try MisbehavingTeacher { _, request in
      .status(307, headers: ["Location": request.path])
    }
    defer { loop.stop() }
    #expect(try Self.run(loop.url).ending.contains("a redirect"))
    #expect(loop.requests.count <= 12)
  }

  /// However the server writes it.
  @Test func anEchoedKeyIsNeverShown() throws {
    let escaped = Self.secret.replacing("/", with: "\\/")
    for body in [
      "bad key Bearer \(Self.secret)", #"{"error": "bad key \#(escaped)"}"#,
      #"{"\#(Self.secret.uppercased())": ["\#(escaped)"]}"#,
      String(repeating: "x", count: 295) + Self.secret,
    ] {
      for status in [400, 401, 500] {
        let server = try MisbehavingTeacher { _, _ in .status(status, body: body) }
        defer { server.stop() }
        let (ending, leaks, _) = try Self.run(server.url)
        #expect(!leaks && !ending.contains("TOP"), "\(ending)")
        if status == 401 { #expect(ending.contains("[k") || body.count > 300, "\(ending)") }
      }
    }
    let server = try MisbehavingTeacher { _, _ in .answer("It is \(Self.secret)." + Self.right) }
    defer { server.stop() }
    let (_, leaks, run) = try Self.run(server.url)
    #expect(!leaks)
    let row = try #require(try run.rows("traces", "traces").first)
    #expect(row["completion"]?.string?.hasPrefix("It is [key].Hm.") == true)
  }

  @Test func aFloodIsCutOff() throws {
    let server = try MisbehavingTeacher { _, _ in .flood(megabytes: 2000) }
    defer { server.stop() }
    let (ending, _, _) = try Self.run(server.url)
    #expect(ending.contains("longer than 1 MiB"), "\(ending)")
    #expect(server.floodedBytes < 1500 << 20)
    #expect(server.requests.count <= 2)
  }

  @Test func aDeepAnswerIsNoCompletion() throws {
    let server = try MisbehavingTeacher { _, _ in
      .garbage(#"{"choices":"# + String(repeating: "[", count: 300_000))
    }
    defer { server.stop() }
    #expect(try Self.run(server.url).ending.contains("no completion in JSON"))
  }
}
