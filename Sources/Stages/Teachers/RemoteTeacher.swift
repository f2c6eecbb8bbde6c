import Base
import Foundation
import Runner
import Tasks

/// The teacher behind `teacher: server`.
struct RemoteTeacher {
  private let parameters: WriteTracesParameters
  private let client: CompletionClient
  private let teacher: ServerTeacher

  /// - Parameter store: where completions are kept between runs.
  /// - Throws: `ServerError`, `ServerKeyError`.
  init(_ parameters: WriteTracesParameters, keys: ServerKeys, store: URL) throws {
    self.parameters = parameters
    client = try CompletionClient(
      parameters.server, keys: keys, maxTokens: parameters.sampling.maxTokens)
    teacher = ServerTeacher(
      client: client, store: CompletionStore(folder: store),
      concurrency: parameters.server.concurrency)
  }

  /// `samples` completions of each problem.
  /// - Throws: `ServerError`, also where the server refuses every single request.
  func completions(
    _ problems: Problems, _ context: StageContext
  ) throws -> [WrittenCompletion] {
    let origins = (0..<problems.count).flatMap { problem in
      (0..<parameters.samples).map { (problem: problem, sample: $0) }
    }
    let answers = try teacher.answers(
      to: requests(problems), context.interruption, progress: context.progress)
    if let first = answers.first, case .failure(let error) = first,
      answers.allSatisfy({ if case .failure = $0 { true } else { false } })
    {
      throw error
    }
    return zip(origins, answers).map { origin, answer in
      switch answer {
      case .success(let completion):
        WrittenCompletion(
          problem: origin.problem, sample: origin.sample, text: completion.text,
          isTruncated: completion.isTruncated, refusal: nil)
      case .failure(let error):
        WrittenCompletion(
          problem: origin.problem, sample: origin.sample, text: "", isTruncated: false,
          refusal: error.description)
      }
    }
  }

  /// What the server says of itself, for the record.
  func description(_ interruption: Interruption) throws -> JSONValue {
    let models = try BlockingTask.run(interruption) { [client] in await client.models() }
    return [
      "model": .string(parameters.server.model), "url": .string(parameters.server.url),
      "models": .array(
        (models.array ?? []).map { model in
          ["id": model["id"] ?? .null, "owned_by": model["owned_by"] ?? .null]
        }),
    ]
  }

  private func requests(_ problems: Problems) throws -> [CompletionRequest] {
    let template = try problems.task.template(named: parameters.prompt, for: .train)
    let ids = try problems.ids
    return try (0..<problems.count).flatMap { problem in
      let prompt = try template.render(problems.row(problem))
      return (0..<parameters.samples).map { sample in
        let id = "\(ids[problem])#\(sample)"
        return CompletionRequest(
          id: id, prompt: prompt, seed: CompletionRequest.seed(parameters.seed, id: id),
          sampling: parameters.sampling, server: parameters.server)
      }
    }
  }
}

/// Has a server write completions, several at a time, and keeps each as it comes.
struct ServerTeacher {
  let client: CompletionClient
  let store: CompletionStore
  let concurrency: Int

  /// What came of a request: a completion, or why the server refused it.
  typealias Answer = Result<ServerCompletion, ServerError>

  /// The answers to requests, in their order. Requests that were answered before are not sent.
  /// - Throws: `ServerError` where the server cannot be used, `InterruptedError`, or what
  ///   keeping a completion throws.
  func answers(
    to requests: [CompletionRequest], _ interruption: Interruption, progress: any ProgressSink
  ) throws -> [Answer] {
    let known = requests.map { store.completion(for: $0.digest) }
    let missing = requests.indices.filter { known[$0] == nil }
    let done = requests.count - missing.count
    let fresh = try BlockingTask.run(interruption) {
      try await fetch(missing.map { requests[$0] }) { count in
        progress.update(StageProgress(done + count, of: requests.count, "completions"))
      }
    }
    var answers = known.map { $0.map { Answer.success($0) } }
    for (place, answer) in zip(missing, fresh) { answers[place] = answer }
    return answers.compactMap { $0 }
  }

  private func fetch(
    _ requests: [CompletionRequest], counted: @escaping @Sendable (Int) -> Void
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      var answers = [Answer?](repeating: nil, count: requests.count)
      var sent = 0
      var received = 0
      while received < requests.count {
        while sent < requests.count, sent - received < concurrency {
          let index = sent
          group.addTask { (index, try await fetch(requests[index])) }
          sent += 1
        }
        guard let (index, answer) = try await group.next() else { break }
        answers[index] = answer
        received += 1
        counted(received)
      }
      return answers.compactMap { $0 }
    }
  }

  private func fetch(_ request: CompletionRequest) async throws -> Answer {
    do {
      let completion = try await client.completion(request)
      try store.keep(completion, for: request)
      return .success(completion)
    } catch let error as ServerError {
      guard case .refused = error else { throw error }
      return .failure(error)
    }
  }
}

/// Completions that servers have sent, one file each, shared by all recipes.
///
/// A completion is on the disk before it counts as received, so that no request which was answered
/// is ever sent again.
struct CompletionStore: Sendable {
  let folder: URL

  /// What was once answered to a request, if anything.
  func completion(for digest: String) -> ServerCompletion? {
    guard let data = try? Data(contentsOf: file(digest)), let row = try? JSONValue(parsing: data),
      let text = row["text"]?.string, let isTruncated = row["truncated"]?.boolean
    else { return nil }
    return ServerCompletion(text: text, isTruncated: isTruncated)
  }

  func keep(_ completion: ServerCompletion, for request: CompletionRequest) throws {
    let digest = request.digest
    try FileManager.default.createDirectory(
      at: file(digest).deletingLastPathComponent(), withIntermediateDirectories: true)
    let row: JSONValue = [
      "id": .string(request.id), "request": request.body, "text": .string(completion.text),
      "truncated": .boolean(completion.isTruncated),
    ]
    try AtomicFile.write(row.text + "\n", to: file(digest))
  }

  private func file(_ digest: String) -> URL {
    folder.appending(path: "\(digest.prefix(2))/\(digest).json")
  }
}
