import Base
import Foundation
import Runner
import Tasks

/// The teacher behind `teacher: server`.
struct RemoteTeacher {
  private let parameters: WriteTracesParameters
  private let client: CompletionClient
  private let collector: CompletionCollector

  /// - Parameter store: where completions are kept between runs.
  /// - Throws: `ServerError`, `ServerKeyError`.
  init(_ parameters: WriteTracesParameters, keys: ServerKeys, store: URL) throws {
    self.parameters = parameters
    client = try CompletionClient(
      parameters.server, keys: keys, maxTokens: parameters.sampling.maxTokens)
    collector = CompletionCollector(
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
    let answers = try collector.answers(
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
    try BlockingTask.run(interruption) { [client] in await client.description() }
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
          parameters.sampling, parameters.server)
      }
    }
  }
}

extension CompletionRequest {
  /// A completion of a text by a teacher.
  fileprivate init(
    id: String, prompt: String, seed: Int, _ sampling: TeacherSampling, _ server: ServerParameters
  ) {
    var fields: [String: JSONValue] = [
      "model": .string(server.model), "max_tokens": .integer(sampling.maxTokens),
      "temperature": .number(sampling.temperature), "top_p": .number(sampling.topP),
      "top_k": .integer(sampling.topK), "presence_penalty": 0, "frequency_penalty": 0,
      "seed": .integer(seed), "n": 1, "stream": false,
    ]
    if !sampling.stop.isEmpty { fields["stop"] = .array(sampling.stop.map { .string($0) }) }
    for (name, value) in server.extra { fields[name] = .number(value) }
    switch server.interface {
    case .completions:
      fields["prompt"] = .string(prompt)
      self.init(id: id, path: "completions", body: .object(fields))
    case .chat:
      fields["messages"] = [["role": "user", "content": .string(prompt)]]
      self.init(id: id, path: "chat/completions", body: .object(fields))
    }
  }
}
