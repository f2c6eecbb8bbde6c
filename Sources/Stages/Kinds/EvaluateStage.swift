import Base
import Foundation
import Model
import Runner
import Tasks

/// Parameters of `evaluate`. The defaults are the paper's.
package struct EvaluateParameters: ParameterSet {
  /// Completions a problem.
  package var samples = 4
  package var seed = 42
  /// Which of the task's verifiers grades, such as `strict`; the first where nothing is said.
  package var verifier: String?
  /// The prompt template; the task's own for evaluation where nothing is said.
  package var template: String?
  /// How much must protect the machine from programs that are graded by running them.
  package var sandbox = SandboxStrength.strong
  /// What becomes of problems that the model was trained on.
  package var overlap = OverlapRule.refuse
  package var sampling = SamplingParameters()
  /// Who samples.
  package var engine = SamplingEngine.native
  /// The server, for `engine: server`.
  package var server = ServerParameters()

  /// The paper's values.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("samples", \.samples, range: 1...100_000, "completions per problem"),
      Field("seed", \.seed, "seed of the sampling"),
      Field("verifier", \.verifier, "one of the task's verifiers, such as paper or strict"),
      Field(
        "template", \.template, "prompt template, such as short or math_short; else the task's own"),
      Field(
        "sandbox", \.sandbox, identity: false,
        "weak: run programs even where no network and an end of all they start cannot be had"),
      Field(
        "overlap", \.overlap, later: true,
        "refuse to measure on problems that the model was trained on, or measure and report them"),
    ] + SamplingParameters.fields.map { $0.lifted(through: \.sampling) } + [
      Field("engine", \.engine, later: true, "who samples: this program, or a server"),
      Field("server", \.server, later: true, "the server, for 'engine: server'"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    engine.check(server, topK: sampling.topK, positions, at: position, into: &sink)
  }
}

/// What an evaluation does where problems were trained on.
package enum OverlapRule: String, ParameterChoice {
  /// Fails before it samples.
  case refuse
  /// Measures all the same, with a warning under every table.
  case report
}

/// Samples completions of problems and grades them.
///
/// Sampling is an artifact of its own inside, so another verifier grades the same completions.
package struct EvaluateStage: Stage {
  package static let kind = "evaluate"
  package static let version = 4
  package static let changes = [
    2: "keys name the verifier in full, also a default; completions are kept",
    3: "form and ability are told apart (accuracy_in_form, chance, worked); completions are kept",
    4: "worked counts steps whose outcomes stand behind colons, and accuracy_worked is published; "
      + "completions are kept",
  ]
  /// `correct`, `pass@k` and means over categories follow from the verdicts in its rows.
  package static let names = PublishedNames(
    values: shares + shares.map { $0 + "_macro" } + [
      "pass@{samples}", "accuracy_standard_error", "accuracy_in_form", "accuracy_worked",
      "above_chance", "unboxed", "mean_tokens_right", "mean_tokens_wrong", "problems", "samples",
      "number",
    ],
    facts: [
      "verdict", "warning", "verifier", "template_sha256", "sandbox", "selection", "server",
    ])
  /// What each completion has.
  private static let shares =
    [
      "accuracy", "chance", "format_rate", "worked", "truncated", "mean_tokens",
      "accuracy_with_guesses",
    ] + Outcome.allCases.map(\.rawValue)
  package static let summary = "Samples completions of problems and grades them."
  package static let example = """
    scores:
      kind: evaluate
      inputs: {model: tuned.at, problems: math}
      params: {samples: 4, temperature: 0.7, max_tokens: 512}
    """
  package static let inputs = [
    StagePort("model", .model, "the model to measure"),
    StagePort("problems", .problems, "what to measure it on"),
    StagePort(
      "trained_on", .problems, optional: true,
      "problems that must not be among them, beside what the model's own stages trained on"),
  ]
  package static let outputs = [StagePort("scores", .scores, "a verdict for each completion")]

  /// All but `unboxed`, which no row says, and what is known of the task.
  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    guard let table = try outputs.table("scores") else {
      throw StageError.failed("the verdicts are not there that its values follow from")
    }
    return try ScoreSheet.values(of: Scores(table))
  }

  let parameters: EvaluateParameters

  package init(parameters: EvaluateParameters) { self.parameters = parameters }

  package func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue {
    identity.naming(verifier: parameters.verifier, of: inputs["problems"])
      .naming(parameters.engine, parameters.server)
  }

  package func run(_ context: StageContext) throws {
    let problems = try Problems(contentsOf: context.input("problems").file)
    let overlap = try overlap(problems, context)
    let task = try problems.task
    let verifier = try task.verifier(named: parameters.verifier)
    let chosen = try chosenOnThem(problems, context)
    let warnings = ([problems.warning, overlap, task.knownHole(of: verifier)] + chosen)
      .compactMap(\.self)
    if !warnings.isEmpty {
      context.publish(fact: .string(warnings.joined(separator: "; ")), as: "warning")
    }
    let template = try task.template(named: parameters.template, for: .evaluate)
    let completions = try CompletionsPart(
      problems: problems, template: template, stopStrings: task.stopStrings,
      samples: parameters.samples, seed: parameters.seed, sampling: parameters.sampling,
      server: parameters.engine == .server ? parameters.server : nil
    ).sampled(in: context)
    if let record = completions.server { context.publish(fact: record, as: "server") }
    let verdicts = try grade(completions, problems, task, context)
    let sheet = try ScoreSheet(
      completions, verdicts, of: problems, task, verifier: verifier, template: template)
    try sheet.scores.table.write(to: context.output("scores"))
    try sheet.publish(to: context, countsUnboxed: task.acceptsUnboxed)
    context.publish(fact: .string(verifier), as: "verifier")
    for (name, fact) in try task.facts() { context.publish(fact: fact, as: name) }
    context.publish(fact: .string(template.sha256), as: "template_sha256")
  }

  /// Looks for problems that the model was trained on.
  /// - Returns: a warning where there are some and `overlap` is `report`.
  /// - Throws: `StageError.failed` where there are some and it is not.
  private func overlap(_ problems: Problems, _ context: StageContext) throws -> String? {
    // A split that is known to leak says so itself, and tables repeat it.
    if problems.warning != nil { return nil }
    let data = TrainingData(
      of: try context.input("model"), and: context.optionalInput("trained_on"))
    let found = try data.overlap(with: problems)
    if found.ids.isEmpty { return nil }
    let words = "\(found.ids.count) of the \(problems.count) problems were trained on"
    let place = "(\(found.ids.prefix(3).joined(separator: ", "))…, in \(found.places))"
    if parameters.overlap == .report { return "\(words) \(place)" }
    throw StageError.failed(
      "\(words) \(place); evaluate on others, for example with a split, or say 'overlap: report'")
  }

  /// What must be said of a model that was chosen on some of the problems.
  /// - Throws: `StageError.failed` where whoever chose it did not say that they are the test's.
  private func chosenOnThem(_ problems: Problems, _ context: StageContext) throws -> [String?] {
    let selections = try ModelSelection.all(in: context.input("model").file)
    return try selections.map { selection in
      let overlap = try selection.problems.overlap(with: problems.table)
      if overlap.isEmpty {
        context.publish(fact: .string(selection.proof), as: "selection")
        return nil
      }
      guard selection.isOnTest else {
        throw StageError.failed(selection.refusal(overlap, among: problems.count))
      }
      return selection.warning(overlap, among: problems.count)
    }
  }

  private func grade(
    _ completions: Completions, _ problems: Problems, _ task: any TaskDefinition,
    _ context: StageContext
  ) throws -> [Verdict] {
    let (index, texts, ids) = try (completions.problems, completions.texts, completions.ids)
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

/// Parameters of `perplexity`.
package struct PerplexityParameters: ParameterSet {
  /// Texts to read, beside those of the input.
  package var texts: [String] = []

  package init() {}

  package static var fields: [Field<Self>] {
    [Field("texts", \.texts, "texts to read, beside those of the input 'texts'")]
  }
}

/// How well a model predicts texts: exp of the mean of -log p over all tokens but each text's first.
///
/// A number that shows at once when weights were read wrongly, or when training has cost a model
/// its language.
package struct PerplexityStage: Stage {
  package static let kind = "perplexity"
  package static let version = 1
  package static let names = PublishedNames(
    values: ["negative_log_likelihood", "perplexity", "bits_per_byte", "tokens"])
  package static let summary = "Measures how well a model predicts texts."
  package static let example = """
    surprise:
      kind: perplexity
      inputs: {model: warmed, texts: words}
    """
  package static let inputs = [
    StagePort("model", .model, "the model to measure"),
    StagePort("texts", .texts, optional: true, "texts to read"),
  ]
  package static let outputs = [
    StagePort("scores", .scores, "tokens, bytes and -log p of each text")
  ]

  private let parameters: PerplexityParameters

  package init(parameters: PerplexityParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let model = try ModelArtifact(contentsOf: context.input("model").file)
    let bound = try context.optionalInput("texts").map { try Texts(contentsOf: $0.file).texts }
    let texts = parameters.texts + (bound ?? [])
    guard !texts.isEmpty else {
      throw StageError.failed("there is nothing to read; set 'texts' or bind the input 'texts'")
    }
    let engine = TrainingEngine(
      weights: model.weights, pool: try WorkerPool(reserving: context.threads))
    var scores: [[String: JSONValue]] = []
    for (index, text) in texts.enumerated() {
      try context.interruption.check()
      scores.append(try score(text, number: index, model, engine))
      context.progress.update(StageProgress(scores.count, of: texts.count, "texts"))
    }
    try RowTable(rows: scores, order: ["text", "tokens", "bytes"])
      .write(to: context.output("scores"))
    publish(scores, context)
  }

  private func score(
    _ text: String, number: Int, _ model: ModelArtifact, _ engine: TrainingEngine
  ) throws -> [String: JSONValue] {
    let tokens = model.tokenizer.encode(beginning: text)
    let first = max(1, model.tokenizer.begin.count)
    let limit = model.weights.configuration.contextLength
    guard tokens.count > first, tokens.count <= limit else {
      throw StageError.failed(
        "text \(number) has \(tokens.count) tokens; perplexity needs at least \(first + 1) and at most the model's "
          + "context of \(limit)")
    }
    var batch = PackedBatch()
    batch.append(tokens, inLoss: tokens.indices.map { $0 >= first })
    let sum = engine.logProbabilities(batch).reduce(0) { $0 - Double($1.logProbability) }
    guard sum.isFinite else {
      throw StageError.failed(
        "the model gives text \(number) a probability that is not finite, so its weights are damaged "
          + "or have grown without bounds; nothing was published. Try a smaller learning_rate in the "
          + "training that made it")
    }
    return [
      "text": .string(text), "tokens": .integer(tokens.count - first),
      "bytes": .integer(text.utf8.count), "negative_log_likelihood": .number(sum),
    ]
  }

  private func publish(_ scores: [[String: JSONValue]], _ context: StageContext) {
    for (name, value) in Self.values(of: scores) { context.publish(fact: value, as: name) }
  }

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.table("scores").map { values(of: $0.rows) } ?? [:]
  }

  private static func values(of scores: [[String: JSONValue]]) -> [String: JSONValue] {
    func total(_ name: String) -> Double { scores.reduce(0) { $0 + ($1[name]?.number ?? 0) } }
    let mean = total("negative_log_likelihood") / total("tokens")
    return [
      "negative_log_likelihood": .number(mean), "perplexity": .number(exp(mean)),
      "bits_per_byte": .number(total("negative_log_likelihood") / log(2) / total("bytes")),
      "tokens": .number(total("tokens")),
    ]
  }
}
