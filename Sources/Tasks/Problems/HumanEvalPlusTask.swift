import Base

/// Python functions judged by tests (HumanEval+): rows with `prompt`, `test` and `entry_point`.
package struct HumanEvalPlusTask: TaskDefinition {
  package init() {}
  package var name: String { "humaneval_plus" }
  /// Ours, which keep tests and program apart, and the paper's, which runs them as one program.
  package var verifiers: [String] {
    ["humaneval_plus@2", "humaneval_plus@1", "humaneval_plus@paper"]
  }
  package func knownHole(of verifier: String) -> String? {
    if verifier == verifiers[0] { return nil }
    return "\(verifier) takes a list for a number in HumanEval/2, /4, /32 and /45, whose tests ask "
      + "numpy's allclose"
  }
  /// Programs are judged by tests.
  package var goldColumn: String? { nil }
  /// The paper's layouts.
  package func defaultTemplate(for use: TaskUse) -> String { "humaneval_plus_\(use.rawValue)" }
  /// `load_humeval` of the authors' `dataset_loader.py`, where a time-out is a failed test.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -1, noAnswer: -1, badFormat: -2, timeout: -1)
  }

  /// Ten different words beside code, two of them words or numbers of the prompt.
  package func works(_ completion: String, on row: [String: JSONValue]) -> Bool {
    Working(
      of: completion, on: row["prompt"]?.string ?? "", before: ["```"], dropsCode: true
    ).hasWords(10, ofProblem: 2)
  }

  /// Runs the code of each completion against the row's tests in the sandbox. The paper asks for
  /// the whole function, so that the prompt is put before a bare body alone, and only by
  /// `humaneval_plus@2`.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let verifier = try verifier(named: rules.verifier)
    let subject = "the task 'humaneval_plus'"
    var codes: [Code] = []
    var judged: [(item: Int, program: JudgedProgram)] = []
    for (index, item) in items.enumerated() {
      let answer = FunctionAnswer(
        name: item.row["entry_point"]?.string ?? "", prompt: item.row["prompt"]?.string ?? "")
      codes.append(
        verifier == "humaneval_plus@2"
          ? Self.code(of: item.completion, use: rules.use, answer)
          : Self.code(of: item.completion, use: rules.use))
      guard case .found(let code) = codes[index] else { continue }
      let tests = try item.row.text("test", for: subject)
      let entryPoint = try item.row.text("entry_point", for: subject)
      var program = JudgedProgram(program: code, tests: tests, entryPoint: entryPoint)
      switch verifier {
      case "humaneval_plus@paper":
        program = JudgedProgram(whole: "\(code)\n\(tests)\ncheck(\(entryPoint))")
      case "humaneval_plus@2":
        program.imports = answer.imports
        program.comparesKinds = true
      default: break
      }
      judged.append((index, program))
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

  /// What `humaneval_plus@2` runs: training reads the answer, an evaluation the last answer that
  /// defines the function, closed or not, else what follows the thinking, and everything only
  /// where nothing was answered.
  package static func code(
    of completion: String, use: TaskUse, _ function: FunctionAnswer
  ) -> Code {
    let texts: [String]
    switch use {
    case .train:
      guard let answer = ResponseFormat.strictAnswer(in: completion) else { return .badFormat }
      texts = [answer]
    case .evaluate:
      let answers = ResponseFormat.answers(in: completion)
      let afterThinking = ResponseFormat.afterThinking(in: completion).map { [$0] } ?? []
      let everything = answers.allSatisfy(\.isBlank) ? [completion] : []
      texts = answers.reversed() + afterThinking + everything
    }
    return function.program(in: texts).map(Code.found) ?? .missing
  }

  /// What the other verifiers run: training reads the first code block inside the answer, an
  /// evaluation the last one of the first answer or, without one, of everything.
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
