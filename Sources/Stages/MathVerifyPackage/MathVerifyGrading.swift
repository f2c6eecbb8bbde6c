/// Grades as the authors' code does, by the Python package: their extraction, their comparison.
struct MathVerifyGrading {
  /// Whether the answer is handed over in the place of the reference, as in the authors' code. The
  /// package treats the two differently: "Order here is important!"
  let isReversed: Bool
  var pool = MathVerifyPool.shared

  /// A reward looks for the last box inside `<answer>`; a score leaves the whole output to the
  /// package.
  func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    var verdicts = [Verdict](repeating: Verdict(.noAnswer), count: items.count)
    var requests: [MathVerifyWorker.Request] = []
    var places: [Int] = []
    for (index, item) in items.enumerated() {
      let gold = "\\boxed{\(try MathTask.reference(of: item.row))}"
      switch Self.subject(of: item.completion, rules.use) {
      case .failure(let verdict): verdicts[index] = verdict.verdict
      case .success(let answer):
        places.append(index)
        requests.append(.init(gold: gold, answer: answer, isReversed: isReversed))
      }
    }
    guard !requests.isEmpty else { return verdicts }
    for (index, reply) in zip(places, try pool.ask(requests, threads: rules.threads)) {
      verdicts[index] = Self.verdict(reply)
    }
    return verdicts
  }

  private struct Refusal: Error { let verdict: Verdict }

  private static func subject(of completion: String, _ use: TaskUse) -> Result<String, Refusal> {
    guard use == .train else { return .success(completion) }
    guard let answer = ResponseFormat.strictAnswer(in: completion) else {
      return .failure(Refusal(verdict: Verdict(.badFormat)))
    }
    guard let box = BoxedAnswer.paper(in: answer) else {
      return .failure(Refusal(verdict: Verdict(.noAnswer)))
    }
    return .success(box)
  }

  private static func verdict(_ reply: MathVerifyWorker.Reply) -> Verdict {
    switch reply {
    case .timedOut: Verdict(.timeout)
    case .judged(true, _, let text): Verdict(.correct, extracted: text)
    case .judged(false, true, let text): Verdict(.wrong, extracted: text)
    case .judged(false, false, _): Verdict(.noAnswer)
    }
  }
}
