import Runner

/// A completion that a language model wrote for a problem.
struct WrittenCompletion {
  /// Which row of the problems.
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
  let problems: RowTable
  let task: any TaskDefinition
  let template: PromptTemplate
  let acceptance: TraceAcceptance
  let ending: String
  let teacher: String
  let threads: Int

  /// A row for each completion.
  func rows(for completions: [WrittenCompletion]) throws -> [[String: JSONValue]] {
    let ids = try problems.strings("id")
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
      return [
        "id": .string(completion.sample == 0 ? "\(id)/trace" : "\(id)/trace\(completion.sample)"),
        "problem_id": .string(id),
        "prompt": .string(try template.render(problems.row(completion.problem))),
        "completion": .string(texts[index]), "accepted": .boolean(reason == nil),
        "reason": .string(reason ?? ""), "style": .string(teacher),
        "outcome": .string(verdicts[index].outcome.rawValue),
      ]
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
    case (.any, _), (_, .correct): return nil
    case (_, .badFormat): return "bad format"
    case (.format, _): return nil
    case (.correct, .noAnswer): return "no answer can be read"
    case (.correct, .timeout): return "out of time"
    case (.correct, .wrong): return "wrong answer"
    }
  }
}
