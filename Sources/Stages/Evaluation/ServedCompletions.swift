import Base
import Foundation
import Model
import Runner
import Tasks

/// The completions of an evaluation by a server, which is sent token ids. Each is kept as it comes, so that
/// a run that was killed asks for the others only.
struct ServedCompletions: Sendable {
  let part: CompletionsPart
  let server: ServerParameters
  let dialect: ServerDialect
  let context: StageContext
  /// Survives a kill.
  let folder: URL

  /// What came, in the order of problems and samples, with what is known of the server.
  /// - Throws: `ServerError`, `ServerStartError`, `StageError`: nothing is published that is not whole.
  func table() throws -> Completions {
    let vocabulary = try PromptTokenizer(contentsOf: context.input("model").file)
    let prompts = try prompts(vocabulary)
    let answers = try BlockingTask.run(context.interruption) {
      try await connected { try await collect(requests(prompts, $0), vocabulary, $0) }
    }
    let rows = try answers.enumerated().map { index, answer in
      let prompt = prompts[index / part.samples]
      return Completions.row(
        problem: index / part.samples, problemID: prompt.id, sample: index % part.samples,
        prompt: prompt.text, text: try text(of: answer, vocabulary),
        tokens: answer.tokenCount ?? 0, isTruncated: answer.isTruncated)
    }
    let record = try ServerRecord(contentsOf: recordFile)
    return Completions(rows: rows, attributes: ["server": record?.description.text ?? "null"])
  }

  private var store: CompletionStore { CompletionStore(folder: folder.appending(path: "answers")) }
  private var recordFile: URL { folder.appending(path: "server.json") }

  private typealias Prompt = (id: String, text: String, tokens: [Int32])

  private func prompts(_ vocabulary: PromptTokenizer) throws -> [Prompt] {
    let ids = try part.problems.ids
    return try (0..<part.problems.count).map { problem in
      let text = try part.template.render(part.problems.row(problem))
      let tokens = try vocabulary.tokens(
        ofPrompt: text, id: ids[problem], maxTokens: part.sampling.maxTokens)
      return (ids[problem], text, tokens)
    }
  }

  private func requests(_ prompts: [Prompt], _ server: ServerParameters) -> [CompletionRequest] {
    let fields = dialect.fields(part.sampling, stopStrings: part.stopStrings)
    return prompts.flatMap { prompt in
      (0..<part.samples).map { sample in
        let id = "\(prompt.id)#\(sample)"
        return CompletionRequest(
          id: id, prompt: prompt.tokens, seed: CompletionRequest.seed(part.seed, id: id), fields,
          server)
      }
    }
  }

  /// The text is that of the tokens, where there are ids: servers leave out other tokens than this program.
  private func text(
    of answer: ServerCompletion, _ vocabulary: PromptTokenizer
  ) throws -> String {
    guard let tokens = answer.tokens else {
      return PromptTokenizer.cut(answer.text, at: part.stopStrings)
    }
    let size = vocabulary.configuration.vocabularySize
    guard tokens.allSatisfy({ (0..<size).contains(Int($0)) }) else {
      throw ServerError.unknownToken(vocabulary: size)
    }
    return vocabulary.text(of: tokens, stopStrings: part.stopStrings)
  }
}

extension ServedCompletions {
  /// Does something with the server, which is started for it where the recipe says so.
  private func connected<Value: Sendable>(
    _ body: @escaping @Sendable (ServerParameters) async throws -> Value
  ) async throws -> Value {
    guard let name = server.start else {
      var served = server
      if server.model.isEmpty {
        let offered = try await client(server).modelNames()
        guard offered.count == 1 else {
          throw ServerError.modelUnnamed(url: server.url, offered: offered)
        }
        served.model = offered[0]
      }
      return try await body(served)
    }
    let command = try ServerCommand(named: name, context.site)
    let artifact = try context.input("model").file
    let model = folder.appending(path: "served-model")
    if command.names(.model) {
      let whole = try ModelArtifact(contentsOf: artifact)
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try HuggingFaceExport.write(whole.weights, tokenizer: whole.tokenizer, to: model)
    }
    defer { try? FileManager.default.removeItem(at: model) }
    let values: [ServerCommand.Placeholder: String] = [
      .model: model.path, .artifact: artifact.path, .threads: "\(context.threads)",
      .precision: part.sampling.precision.rawValue, .python: context.site.python,
      .warmup: "/proc/\(getpid())/exe",
    ]
    let launcher = ServerLauncher(
      name: name,
      command: { port, name in
        command.filled(values.merging([.port: "\(port)", .name: name]) { $1 })
      }, parameters: server, folder: folder)
    context.progress.notice("\(context.instance): starting the server '\(name)'")
    return try await launcher.run(body)
  }

  private func client(_ server: ServerParameters) throws -> CompletionClient {
    try CompletionClient(
      server, keys: context.keys, maxTokens: part.sampling.maxTokens, bytesPerToken: 512)
  }

  /// Asks for what has not come yet, between two looks at which model the server has.
  private func collect(
    _ requests: [CompletionRequest], _ vocabulary: PromptTokenizer, _ server: ServerParameters
  ) async throws -> [ServerCompletion] {
    let client = try client(server)
    let first = try await probe(vocabulary, server, client)
    if let kept = try ServerRecord(contentsOf: recordFile) {
      try same(first, as: kept.probe)
    } else {
      let description = try await description(first, client)
      try ServerRecord(probe: first, description: description).write(to: recordFile)
    }
    let collector = CompletionCollector(
      client: client, store: store, concurrency: server.concurrency)
    let fresh = requests.filter { store.completion(for: $0.digest) == nil }
    let answers = try await collector.answers(to: requests, progress: context.progress)
    let completions = try answers.map { try $0.get() }
    let last = try await probe(vocabulary, server, client)
    do { try same(last, as: first) } catch {
      // Nobody knows which of them are the first model's.
      for request in fresh { try store.remove(request.digest) }
      throw error
    }
    return completions
  }

  private func probe(
    _ vocabulary: PromptTokenizer, _ server: ServerParameters, _ client: CompletionClient
  ) async throws -> ServerProbe? {
    var completions: [ServerCompletion] = []
    for request in try ServerProbe.requests(vocabulary, server, dialect) {
      completions.append(try await client.completion(request))
    }
    return ServerProbe(completions)
  }

  private func same(_ probe: ServerProbe?, as earlier: ServerProbe?) throws {
    guard let probe, let earlier else { return }
    let difference = probe.difference(from: earlier)
    guard difference <= ServerProbe.bound else {
      throw ServerError.changedModel(
        url: server.url, difference: difference, folder: folder.path)
    }
  }

  /// What is recorded of the server: what it says of itself, and how its probe compares with what the
  /// bound model computes.
  /// - Throws: `ServerError.otherModel`.
  private func description(
    _ probe: ServerProbe?, _ client: CompletionClient
  ) async throws -> JSONValue {
    var fields: [String: JSONValue] = ["dialect": dialect.json]
    if let start = server.start {
      fields["start"] = .string(start)
    } else {
      fields.merge(await client.description().object ?? [:]) { $1 }
    }
    guard let probe else {
      context.progress.notice(
        "\(context.instance): the server sends no token ids with log p, so which model it serves is not "
          + "known")
      fields["log_probability_difference"] = .null
      return .object(fields)
    }
    do {
      let model = try ModelArtifact(contentsOf: context.input("model").file)
      let pool = try WorkerPool(reserving: context.threads)
      let difference = probe.difference(from: try probe.weighed(by: model, pool: pool))
      guard difference <= ServerProbe.bound else {
        throw ServerError.otherModel(url: server.url, difference: difference)
      }
      fields["log_probability_difference"] = .number(difference)
    } catch let error as MemoryNeedError {
      context.progress.notice(
        "\(context.instance): which model the server has is not compared with the weights: \(error)"
      )
      fields["log_probability_difference"] = .null
    }
    return .object(fields)
  }
}

/// What is known of the server that completions come from.
private struct ServerRecord {
  /// Nil where the server sends nothing to compare.
  let probe: ServerProbe?
  let description: JSONValue

  init(probe: ServerProbe?, description: JSONValue) {
    self.probe = probe
    self.description = description
  }

  /// Nil where there is no file.
  init?(contentsOf file: URL) throws {
    guard let data = try? Data(contentsOf: file) else { return nil }
    let json = try JSONValue(parsing: data)
    probe = json["probe"].flatMap(ServerProbe.init(json:))
    description = json["description"] ?? .null
  }

  func write(to file: URL) throws {
    let json: JSONValue = ["probe": probe?.json ?? .null, "description": description]
    try AtomicFile.write(json.prettyText, to: file)
  }
}
