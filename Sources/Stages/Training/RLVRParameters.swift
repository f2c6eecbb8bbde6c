import Model
import Runner
import Tasks

/// The loss of reinforcement learning by components (DESIGN section 8).
///
/// The defaults are the paper's code as released: centred advantages, token mean a micro-batch.
package struct PolicyLossParameters: ParameterSet {
  package var advantage = Advantage.centred
  package var normaliser = PolicyLoss.Normaliser.microbatchTokens
  /// How far below 1 the ratio may matter.
  package var clipLow = 0.2
  /// How far above 1 the ratio may matter.
  package var clipHigh = 0.2
  /// Weight of the divergence from the model at the start (k3 estimator); 0 needs no second model.
  package var kl = 0.0

  /// The paper's code as released.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("advantage", \.advantage, "how rewards become advantages"),
      Field("normaliser", \.normaliser, "what the sum over tokens is divided by"),
      Field("clip_low", \.clipLow, range: 0...1, "clip of the ratio below 1"),
      Field("clip_high", \.clipHigh, range: 0...10, "clip of the ratio above 1"),
      Field("kl", \.kl, range: .atLeast(0), "weight of the divergence from the starting model"),
    ]
  }
}

extension Advantage: ParameterChoice {}
extension PolicyLoss.Normaliser: ParameterChoice {}

package enum RewardChoice: String, ParameterChoice {
  /// The verdict, by the task's reward table.
  case verifier
  /// A coin: a control that carries no information.
  case random
  /// Correct for any answer in the right form: a control.
  case formatOnly = "format_only"
  /// The number that a recipe's own verifier gives; without one, the verdict's.
  case number

  /// The reward of a verdict.
  /// - Parameters:
  ///   - table: sets every reward.
  ///   - coin: what `random` throws.
  ///   - number: what a recipe's own verifier says beside the verdict.
  package func reward(
    for outcome: Outcome, by table: RewardTable, coin: RandomStream, number: Double? = nil
  ) -> Double {
    switch self {
    case .verifier: return table.reward(for: outcome)
    case .number: return number ?? table.reward(for: outcome)
    case .formatOnly: return table.reward(for: outcome == .badFormat ? .badFormat : .correct)
    case .random:
      var coin = coin
      return table.reward(for: coin.uniform() < 0.5 ? .correct : .wrong)
    }
  }
}

/// Parameters of `rlvr`. The defaults are the paper's (table 7).
package struct RLVRParameters: ParameterSet {
  package var steps = 250
  package var group = 10
  package var problemsPerStep = 10
  /// Completions of a micro-batch, for the normaliser of that name.
  package var microbatch = 4
  package var updatesPerBatch = 1
  package var loss = PolicyLossParameters()
  package var reward = RewardChoice.verifier
  package var rewards = RewardTable()
  /// Which of the task's verifiers grades; the first where nothing is said.
  package var verifier: String?
  /// The prompt template; the task's own for training where nothing is said.
  package var template: String?
  /// Whether completions that ran into `max_tokens` are left out of the loss.
  package var maskTruncated = false
  /// How many of the prompt's last tokens the loss sees; all where nothing is said. The paper's
  /// released code samples from the whole prompt and cuts it to 256 tokens for the loss.
  package var lossPromptTokens: Int?
  package var seed = 42
  /// How much must protect the machine from programs that are graded by running them.
  package var sandbox = SandboxStrength.strong
  package var checkpointSeconds = 30.0
  package var sampling = SamplingParameters()
  package var optimiser = OptimiserParameters()
  /// Adapters that are trained in the place of the weights; none trains all weights, as the paper does.
  package var lora: LoRA?
  package var leaveOut = 0
  package var engine = TrainingBackend.native
  package var trl = TRLReinforcementParameters()

  /// The paper's values.
  package init() {
    optimiser.beta2 = 0.99
    optimiser.weightDecay = 0.1
  }

  package static var fields: [Field<Self>] {
    [
      Field("steps", \.steps, range: 1...1_000_000, "batches of completions"),
      Field("group", \.group, range: 2...1024, "completions per problem"),
      Field("problems_per_step", \.problemsPerStep, range: 1...10_000, "problems per step"),
      Field("microbatch", \.microbatch, range: 1...10_000, "completions of a micro-batch"),
      Field("updates_per_batch", \.updatesPerBatch, range: 1...64, "updates on each batch"),
      Field("loss", \.loss, "the loss by components"),
      Field("reward", \.reward, "what is rewarded; random and format_only are controls"),
      Field("rewards", \.rewards, "rewards that differ from the task's"),
      Field("verifier", \.verifier, "one of the task's verifiers, such as paper or strict"),
      Field(
        "template", \.template, "prompt template, such as short or math_short; else the task's own"),
      Field(
        "mask_truncated", \.maskTruncated, "leave truncated completions out of loss and divisor"),
      Field(
        "loss_prompt_tokens", \.lossPromptTokens, range: .atLeast(1), later: true,
        "last tokens of the prompt that the loss sees, where it is not to see them all; the paper's "
          + "released code cuts them to 256 there, and only there"),
      Field("seed", \.seed, "seed of order and sampling"),
      Field(
        "sandbox", \.sandbox, identity: false,
        "weak: run programs even where no network and an end of all they start cannot be had"),
      Field(
        "checkpoint_seconds", \.checkpointSeconds, range: .atLeast(0), identity: false,
        "longest time between checkpoints, in seconds"),
      LoRA.field(\.lora),
      LeftOut.field(\.leaveOut, "problem"),
      Field("engine", \.engine, later: true, "who trains: this program, or TRL in Python"),
      Field("trl", \.trl, later: true, "how TRL samples and divides the work, for 'engine: trl'"),
    ] + SamplingParameters.fields.map { $0.lifted(through: \.sampling) }
      + OptimiserParameters.fields.map { $0.lifted(through: \.optimiser) }
  }

  /// A greedy sampler gives equal completions and no gradient; adapters are multiplied in float32.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if sampling.temperature == 0 {
      sink.report(
        positions["temperature"] ?? position,
        "reinforcement learning needs a temperature above 0, or all completions are the same")
    }
    lora?.check(against: optimiser, positions: positions, at: position, into: &sink)
    checkBackend(positions: positions, at: position, into: &sink)
  }
}

extension RLVRParameters {
  /// The loss in words and symbols, and which published recipe it equals, so that nobody has to
  /// trust a brand name.
  package var formula: String {
    let advantage =
      switch loss.advantage {
      case .centred: "A = r - mean(group)"
      case .scaled: "A = (r - mean(group)) / (std(group) + 1e-4)"
      case .batchScaled: "A = (r - mean(group)) / (std(batch) + 1e-4)"
      case .leaveOneOut: "A = r - mean(others of the group)"
      }
    let divisor =
      switch loss.normaliser {
      case .microbatchTokens: "tokens of its micro-batch of \(microbatch), mean over micro-batches"
      case .batchTokens: "tokens of the batch"
      case .sequence: "its completion's tokens, mean over completions"
      case .constant: "completions x \(sampling.maxTokens)"
      }
    let divergence = loss.kl == 0 ? "" : " + \(loss.kl) KL(reference)"
    let prompts = lossPromptTokens.map { ", prompts cut to their last \($0) tokens" } ?? ""
    return "\(advantage); loss = -sum min(ratio A, clip(ratio, 1 - \(loss.clipLow), "
      + "1 + \(loss.clipHigh)) A)\(divergence), each token divided by \(divisor)\(prompts)\(brand)"
  }

  private var brand: String {
    guard loss.kl == 0 else { return "" }
    switch (loss.advantage, loss.normaliser) {
    case (.centred, .microbatchTokens): return " (the paper's code as released)"
    case (.centred, .constant): return " (Dr. GRPO as its authors define it)"
    case (.scaled, .sequence): return " (GRPO)"
    case (.scaled, .batchTokens) where loss.clipHigh > loss.clipLow: return " (DAPO)"
    default: return ""
    }
  }
}
