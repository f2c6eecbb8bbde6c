import Base
import Runner
import Tasks

/// The teacher behind `teacher: model`.
struct LocalTeacher {
  private let parameters: WriteTracesParameters

  init(_ parameters: WriteTracesParameters) { self.parameters = parameters }

  /// `samples` completions of each problem. They are an artifact of their own, so that another
  /// `accept` samples nothing anew, and a killed run goes on where it was.
  func completions(_ problems: Problems, _ context: StageContext) throws -> [WrittenCompletion] {
    guard context.optionalInput("model") != nil else {
      throw StageError.failed("'teacher: model' needs a model; bind one to the input 'model'")
    }
    let part = CompletionsPart(
      problems: problems,
      template: try problems.task.template(named: parameters.prompt, for: .train),
      stopStrings: parameters.sampling.stop, samples: parameters.samples, seed: parameters.seed,
      sampling: sampling, server: parameters.engine == .server ? parameters.server : nil)
    let sampled = try part.sampled(in: context)
    if let server = sampled.server { context.publish(fact: server, as: "teacher") }
    let (problem, sample) = try (sampled.problems, sampled.samples)
    let (texts, truncated) = try (sampled.texts, sampled.truncated)
    return (0..<sampled.count).map {
      WrittenCompletion(
        problem: problem[$0], sample: sample[$0], text: texts[$0], isTruncated: truncated[$0],
        refusal: nil)
    }
  }

  private var sampling: SamplingParameters {
    var sampling = SamplingParameters()
    sampling.temperature = parameters.sampling.temperature
    sampling.topP = parameters.sampling.topP
    sampling.topK = parameters.sampling.topK
    sampling.maxTokens = parameters.sampling.maxTokens
    sampling.batchSize = parameters.batchSize
    return sampling
  }
}

/// A completion that a language model wrote for a problem.
struct WrittenCompletion {
  let problem: Int
  let sample: Int
  let text: String
  /// Whether it ran into the limit of tokens.
  let isTruncated: Bool
  /// Why there is none, where the server refused.
  let refusal: String?
}

/// Turns completions of a language model into traces: accepted ones, and rejected ones with the
/// reason.
struct TraceJudge {
  let problems: Problems
  let task: any TaskDefinition
  let template: PromptTemplate
  let acceptance: TraceAcceptance
  let ending: String
  let teacher: String
  let threads: Int

  func rows(for completions: [WrittenCompletion]) throws -> [[String: JSONValue]] {
    let ids = try problems.ids
    let texts = completions.map(trace)
    let items = zip(completions, texts).map { completion, text in
      GradingItem(
        row: problems.row(completion.problem), completion: text,
        id: "\(ids[completion.problem])#\(completion.sample)")
    }
    let verdicts = try task.grade(items, GradingRules(use: .train, threads: threads))
    return try completions.indices.map { index in
      let completion = completions[index]
      let id = ids[completion.problem]
      let reason = reason(completion, verdicts[index])
      return Traces.row(
        id: completion.sample == 0 ? "\(id)/trace" : "\(id)/trace\(completion.sample)",
        problemID: id, prompt: try template.render(problems.row(completion.problem)),
        text: texts[index], isAccepted: reason == nil, reason: reason ?? "", style: teacher,
        outcome: verdicts[index].outcome)
    }
  }

  /// The completion as it goes on from the prompt's `<think>`, with its ending.
  private func trace(_ completion: WrittenCompletion) -> String {
    var text = completion.text
    if let start = text.firstIndex(where: { !$0.isWhitespace }), text[start...].hasPrefix("<think>")
    {
      text = String(text[start...].dropFirst("<think>".count))
    }
    let isIncomplete = completion.isTruncated || completion.refusal != nil
    return isIncomplete || text.hasSuffix(ending) ? text : text + ending
  }

  private func reason(_ completion: WrittenCompletion, _ verdict: Verdict) -> String? {
    if let refusal = completion.refusal { return refusal }
    if completion.isTruncated { return "cut off at max_tokens" }
    switch (acceptance, verdict.outcome) {
    case (.wrong, .correct): return "right answer"
    case (.any, _), (_, .correct): return nil
    case (_, .badFormat): return "bad format"
    case (.format, _), (.wrong, .wrong): return nil
    case (.correct, .wrong): return "wrong answer"
    case (.correct, .noAnswer), (.wrong, .noAnswer): return "no answer can be read"
    case (.correct, .timeout), (.wrong, .timeout): return "out of time"
    }
  }
}
