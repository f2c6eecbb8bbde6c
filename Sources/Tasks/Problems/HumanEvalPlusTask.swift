import Base

/// Python functions judged by tests (HumanEval+): rows with `prompt`, `test` and `entry_point`.
package struct HumanEvalPlusTask: TaskDefinition {
  package init() {}
  package var name: String { "humaneval_plus" }
  /// Ours, which keeps tests and program apart, and the paper's, which runs them as one program.
  package var verifiers: [String] { ["humaneval_plus@1", "humaneval_plus@paper"] }
  /// Programs are judged by tests.
  package var goldColumn: String? { nil }
  /// The paper's layouts.
  package func defaultTemplate(for use: TaskUse) -> String { "humaneval_plus_\(use.rawValue)" }
  /// `load_humeval` of the authors' `dataset_loader.py`, where a time-out is a failed test.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -1, noAnswer: -1, badFormat: -2, timeout: -1)
  }

  /// Runs the code of each completion against the row's tests in the sandbox. The prompt is not
  /// put before it: the paper asks for the whole function.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let isPaper = try verifier(named: rules.verifier) == "humaneval_plus@paper"
    let codes = items.map { Self.code(of: $0.completion, use: rules.use) }
    var judged: [(item: Int, program: JudgedProgram)] = []
    for (index, item) in items.enumerated() {
      guard case .found(let code) = codes[index] else { continue }
      let subject = "the task 'humaneval_plus'"
      let tests = try item.row.text("test", for: subject)
      let entryPoint = try item.row.text("entry_point", for: subject)
      judged.append(
        (
          index,
          isPaper
            ? JudgedProgram(whole: "\(code)\n\(tests)\ncheck(\(entryPoint))")
            : JudgedProgram(program: code, tests: tests, entryPoint: entryPoint)
        ))
    }
    var verdicts = codes.map { Verdict($0 == .badFormat ? .badFormat : .noAnswer) }
    guard !judged.isEmpty else { return verdicts }
    let results = try Sandbox.locate().judge(
      judged.map(\.program), limits: rules.limits, threads: rules.threads,
      strength: rules.sandbox)
    for ((index, _), result) in zip(judged, results) {
      guard case .found(let code) = codes[index] else { continue }
      verdicts[index] = Verdict(result.outcome, extracted: code)
    }
    return verdicts
  }

  package func facts() throws -> [String: JSONValue] {
    ["sandbox": try Sandbox.locate().json]
  }

  package enum Code: Hashable {
    case found(String)
    case missing
    case badFormat
  }

  /// Training reads the first code block inside the answer, an evaluation the last one of the
  /// first answer or, without one, of everything.
  package static func code(of completion: String, use: TaskUse) -> Code {
    let text: String
    switch use {
    case .train:
      guard let answer = ResponseFormat.strictAnswer(in: completion) else { return .badFormat }
      text = answer.stripped
    case .evaluate:
      text = CodeBlock.firstAnswer(in: completion) ?? completion
    }
    let code = CodeBlock.find(in: text, last: use == .evaluate) ?? text.stripped
    return code.isEmpty ? .missing : .found(code)
  }
}

extension SandboxVerdict {
  fileprivate var outcome: Outcome {
    switch self {
    case .passed: .correct
    case .failed: .wrong
    case .timedOut: .timeout
    }
  }
}
