/// Why sampling ended early.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// A prompt has no tokens.
  case emptyPrompt(request: Int)
  /// A prompt leaves no room for a token within the model's context.
  case promptTooLong(request: Int, tokens: Int, contextLength: Int)
  /// The model's logits are infinite or not numbers.
  case logitsNotFinite(request: Int)
  /// The caller asked for it.
  case interrupted

  /// A sentence for people.
  public var description: String {
    switch self {
    case .emptyPrompt(let request):
      return "prompt \(request) has no tokens; a model needs at least one to go on from"
    case .promptTooLong(let request, let tokens, let contextLength):
      return "prompt \(request) has \(tokens) tokens, which leaves no room in the model's context "
        + "of \(contextLength); shorten the prompt or take another model"
    case .logitsNotFinite(let request):
      return "the model's logits for prompt \(request) are not finite; its weights are damaged"
    case .interrupted:
      return "sampling was interrupted"
    }
  }
}
