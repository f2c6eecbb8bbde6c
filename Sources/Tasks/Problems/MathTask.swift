import Base

/// Competition mathematics (MATH, MATH-500): rows with `problem` and `solution` or `answer`.
package struct MathTask: TaskDefinition {
  package init() {}
  package var name: String { "math" }
  /// The native verifier, and the package of the paper with its arguments in the right and in the
  /// authors' order.
  package var verifiers: [String] {
    [MathAnswers.name, MathVerifier.name, "math@paper", "math@paper_reversed"]
  }
  package var goldColumn: String? { "answer" }
  package var acceptsUnboxed: Bool { true }
  /// The paper's layouts; the one for evaluation differs.
  package func defaultTemplate(for use: TaskUse) -> String { "math_\(use.rawValue)" }
  /// `load_math` of the authors' `dataset_loader.py`.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -1, badFormat: -2, timeout: -0.5)
  }

  /// Something is worked out, in a calculation or in steps, or said in twenty different words, three
  /// of them the problem's.
  package func works(_ completion: String, on row: [String: JSONValue]) -> Bool {
    let working = Working(
      of: completion, on: Problems.question(of: row) ?? "", before: ["\\boxed", "\\fbox"])
    return working.hasCalculation || working.hasSteps(2) || working.hasWords(20, ofProblem: 3)
  }

  /// Training asks for the format and reads the last box of the answer; an evaluation reads the
  /// last box of everything, else what looks most like a final answer.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let chosen = try verifier(named: rules.verifier)
    guard let native = NativeMathVerifier(named: chosen) else {
      return try MathVerifyGrading(isReversed: chosen.hasSuffix("reversed")).grade(items, rules)
    }
    return try items.map { item in
      let reference = try Self.reference(of: item.row, boxed: native.boxed)
      let found: String?
      switch rules.use {
      case .train:
        guard let answer = ResponseFormat.strictAnswer(in: item.completion) else {
          return Verdict(.badFormat)
        }
        found = native.boxed(answer)
      case .evaluate:
        found = native.find(item.completion)
      }
      guard let found, !found.isBlank else { return Verdict(.noAnswer) }
      let isRight = native.isEquivalent(found, reference)
      let isUnboxed = rules.use == .evaluate && native.boxed(item.completion) == nil
      return Verdict(isRight ? .correct : .wrong, extracted: found, isUnboxed: isUnboxed)
    }
  }

  /// The reference answer: the column `answer`, else the last box of `solution`, else a `solution`
  /// that is a number.
  /// - Parameter boxed: finds a box.
  /// - Throws: `TaskError.missingColumn`.
  static func reference(
    of row: [String: JSONValue], boxed: (String) -> String? = { BoxedAnswer.last(in: $0) }
  ) throws -> String {
    if let answer = row["answer"]?.answerText { return boxed(answer) ?? answer }
    if let solution = row["solution"], let answer = solution.answerText {
      if let box = boxed(answer) { return box }
      if solution.string == nil { return answer }
    }
    throw TaskError.missingColumn(
      subject: "the task 'math'", columns: ["answer", "solution (with a \\boxed answer)"],
      present: Array(row.keys))
  }
}

/// How a version of our own verifier finds an answer and compares it.
private struct NativeMathVerifier {
  /// The last box of an answer.
  let boxed: (String) -> String?
  /// The answer of a whole output.
  let find: (String) -> String?
  let isEquivalent: (_ answer: String, _ reference: String) -> Bool

  init?(named name: String) {
    switch name {
    case MathAnswers.name:
      boxed = AnswerFinder.boxed
      find = AnswerFinder.find
      isEquivalent = { MathAnswers.isEquivalent($0, to: $1) }
    case MathVerifier.name:
      boxed = { BoxedAnswer.last(in: $0) }
      find = { FinalAnswer.find(in: $0) }
      isEquivalent = { MathVerifier.isEquivalent($0, to: $1) }
    default: return nil
    }
  }
}

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
      verdicts[index] = Self.verdict(
        reply,
        isUnboxed: rules.use == .evaluate && BoxedAnswer.last(in: items[index].completion) == nil)
    }
    return verdicts
  }

  private struct RefusalError: Error { let verdict: Verdict }

  private static func subject(of completion: String, _ use: TaskUse) -> Result<String, RefusalError>
  {
    guard use == .train else { return .success(completion) }
    guard let answer = ResponseFormat.strictAnswer(in: completion) else {
      return .failure(RefusalError(verdict: Verdict(.badFormat)))
    }
    guard let box = BoxedAnswer.paper(in: answer) else {
      return .failure(RefusalError(verdict: Verdict(.noAnswer)))
    }
    return .success(box)
  }

  private static func verdict(_ reply: MathVerifyWorker.Reply, isUnboxed: Bool) -> Verdict {
    switch reply {
    case .timedOut: Verdict(.timeout)
    case .judged(true, _, let text): Verdict(.correct, extracted: text, isUnboxed: isUnboxed)
    case .judged(false, true, let text): Verdict(.wrong, extracted: text, isUnboxed: isUnboxed)
    case .judged(false, false, _): Verdict(.noAnswer)
    }
  }
}
