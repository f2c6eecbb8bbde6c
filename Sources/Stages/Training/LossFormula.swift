import Model
import Runner

extension ReinforcementParameters {
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
