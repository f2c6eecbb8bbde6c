import Model
import Stages
import Testing

@Suite struct LossFormulaTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let advantage: Advantage
    let normaliser: PolicyLoss.Normaliser
    var clipHigh = 0.2
    var kl = 0.0
    let begins: String
    let ends: String

    var testDescription: String { "\(advantage.rawValue), \(normaliser.rawValue)" }
  }

  static let cases = [
    Case(
      advantage: .centred, normaliser: .microbatchTokens, begins: "A = r - mean(group); loss",
      ends: "tokens of its micro-batch of 4, mean over micro-batches (the paper's code as released)"
    ),
    Case(
      advantage: .centred, normaliser: .constant, begins: "A = r - mean(group); loss",
      ends: "divided by completions x 100 (Dr. GRPO as its authors define it)"),
    Case(
      advantage: .scaled, normaliser: .sequence, begins: "A = (r - mean(group)) / (std(group)",
      ends: "divided by its completion's tokens, mean over completions (GRPO)"),
    Case(
      advantage: .scaled, normaliser: .batchTokens, clipHigh: 0.28,
      begins: "A = (r - mean(group)) / (std(group)", ends: "divided by tokens of the batch (DAPO)"),
    Case(
      advantage: .scaled, normaliser: .batchTokens, begins: "A = (r - mean(group)) / (std(group)",
      ends: "divided by tokens of the batch"),
    Case(
      advantage: .batchScaled, normaliser: .sequence, begins: "A = (r - mean(group)) / (std(batch)",
      ends: "divided by its completion's tokens, mean over completions"),
    Case(
      advantage: .leaveOneOut, normaliser: .batchTokens,
      begins: "A = r - mean(others of the group)",
      ends: "divided by tokens of the batch"),
    Case(
      advantage: .scaled, normaliser: .sequence, kl: 0.04,
      begins: "A = (r - mean(group)) / (std(group)",
      ends: " + 0.04 KL(reference), each token divided by its completion's tokens, mean over "
        + "completions"),
  ]

  @Test(arguments: cases)
  func theFormulaSaysWhatIsComputed(_ example: Case) {
    var parameters = RLVRParameters()
    parameters.loss.advantage = example.advantage
    parameters.loss.normaliser = example.normaliser
    parameters.loss.clipHigh = example.clipHigh
    parameters.loss.kl = example.kl
    parameters.sampling.maxTokens = 100
    let formula = parameters.formula
    #expect(formula.hasPrefix(example.begins))
    #expect(formula.hasSuffix(example.ends))
    #expect(
      formula.contains("-sum min(ratio A, clip(ratio, 1 - 0.2, 1 + \(example.clipHigh)) A)"))
  }

  @Test func theFormulaSaysThatPromptsAreCut() {
    var parameters = RLVRParameters()
    #expect(!parameters.formula.contains("prompts"))
    parameters.lossPromptTokens = 256
    #expect(parameters.formula.contains(", prompts cut to their last 256 tokens (the paper's code"))
  }
}
