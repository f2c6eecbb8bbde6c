import Foundation
import Runner

/// The teacher behind `teacher: server`.
struct RemoteTeacher {
  private let parameters: WriteTracesParameters
  private let client: CompletionClient
  private let teacher: ServerTeacher

  /// - Parameter store: where completions are kept between runs.
  /// - Throws: `ServerError`.
  init(_ parameters: WriteTracesParameters, environment: [String: String], store: URL) throws {
    self.parameters = parameters
    client = try CompletionClient(parameters.server, environment: environment)
    teacher = ServerTeacher(
      client: client, store: CompletionStore(folder: store),
      concurrency: parameters.server.concurrency)
  }

  /// `samples` completions of each problem.
  /// - Throws: `ServerError`, also where the server refuses every single request.
  func completions(
    _ problems: RowTable, _ context: StageContext
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

  private func requests(_ problems: RowTable) throws -> [CompletionRequest] {
    let template = try PromptTemplate.named(parameters.prompt)
    let ids = try problems.strings("id")
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
