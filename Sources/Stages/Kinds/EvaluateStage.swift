import Foundation
import Model
import Runner

/// Parameters of `evaluate`. The defaults are the paper's.
package struct EvaluateParameters: ParameterSet {
  /// Completions a problem.
  package var samples = 4
  /// The seed of the sampling.
  package var seed = 42
  /// Which of the task's verifiers grades, such as `strict`; the first where nothing is said.
  package var verifier: String?
  /// The prompt template; the task's own for evaluation where nothing is said.
  package var template: String?
  /// How much must protect the machine from programs that are graded by running them.
  package var sandbox = SandboxStrength.strong
  /// How completions are sampled.
  package var sampling = SamplingParameters()

  /// The paper's values.
  package init() {}

  /// What a recipe may say.
  package static var fields: [Field<Self>] {
    [
      Field("samples", \.samples, range: 1...100_000, "completions a problem"),
      Field("seed", \.seed, "seed of the sampling"),
      Field("verifier", \.verifier, "one of the task's verifiers, such as paper or strict"),
      Field(
        "template", \.template, "prompt template, such as short or math_short; else the task's own"),
      Field(
        "sandbox", \.sandbox, identity: false,
        "weak: run programs even where no network and an end of all they start cannot be had"),
    ] + SamplingParameters.fields.map { $0.lifted(through: \.sampling) }
  }
}

/// Samples completions of problems and grades them.
///
/// Sampling is an artifact of its own inside, so another verifier grades the same completions.
package struct EvaluateStage: Stage {
  package static let kind = "evaluate"
  package static let version = 2
  package static let summary = "Samples completions of problems and grades them."
  package static let inputs = [
    Port("model", .model, "the model to measure"),
    Port("problems", .problems, "what to measure it on"),
    Port("trained_on", .problems, optional: true, "problems that must not be among them"),
  ]
  package static let outputs = [Port("scores", .scores, "a verdict for each completion")]

  let parameters: EvaluateParameters

  package init(parameters: EvaluateParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let problems = try RowTable(contentsOf: context.input("problems").file)
    try refuseOverlap(problems, context)
    if let warning = problems.attributes["warning"] {
      context.publish(fact: .string(warning), as: "warning")
    }
    let task = try TaskDefinitions.of(problems)
    let verifier = try task.verifier(named: parameters.verifier)
    let template = try task.template(named: parameters.template, for: .evaluate)
    let completions = try CompletionsPart(
      problems: problems, template: template, stopStrings: task.stopStrings,
      samples: parameters.samples, seed: parameters.seed, sampling: parameters.sampling
    ).sampled(in: context)
    let verdicts = try grade(completions, problems, task, context)
    let scores = ScoreSheet(problems: problems, completions: completions, verdicts: verdicts)
    try scores.table(task: task.name, verifier: verifier, template: template)
      .write(to: context.output("scores"))
    scores.publish(to: context)
    context.publish(fact: .string(verifier), as: "verifier")
    for (name, fact) in try task.facts() { context.publish(fact: fact, as: name) }
    context.publish(fact: .string(template.sha256), as: "template_sha256")
  }

  private func refuseOverlap(_ problems: RowTable, _ context: StageContext) throws {
    // A split that is known to leak says so itself, and tables repeat it.
    guard let trained = context.optionalInput("trained_on"), problems.attributes["warning"] == nil
    else { return }
    let overlap = try OverlapCheck.overlap(
      of: problems, with: RowTable(contentsOf: trained.file))
    guard overlap.isEmpty else {
      let first = overlap.prefix(3).joined(separator: ", ")
      throw StageError.failed(
        "\(overlap.count) of the \(problems.count) problems were trained on (\(first)…); "
          + "evaluate on others, for example with a split")
    }
  }

  private func grade(
    _ completions: RowTable, _ problems: RowTable, _ task: any TaskDefinition,
    _ context: StageContext
  ) throws -> [Verdict] {
    let index = try completions.integers("problem")
    let texts = try completions.strings("completion")
    let ids = try completions.strings("id")
    let items = (0..<completions.count).map {
      GradingItem(row: problems.row(index[$0]), completion: texts[$0], id: ids[$0])
    }
    return try task.grade(
      items,
      GradingRules(
        use: .evaluate, verifier: parameters.verifier,
        seed: UInt64(bitPattern: Int64(parameters.seed)), threads: context.threads,
        sandbox: parameters.sandbox))
  }
}
