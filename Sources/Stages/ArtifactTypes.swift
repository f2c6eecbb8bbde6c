import Runner

extension ArtifactType {
  /// Weights, configuration and tokenizer.
  public static let model = ArtifactType("Model")
  /// Problems of one task, a row each.
  public static let problems = ArtifactType("Problems")
  /// Texts to train a language model on, a row each.
  public static let texts = ArtifactType("Texts")
  /// Long chains of thought with their prompts, a row each.
  public static let traces = ArtifactType("Traces")
  /// Completions that reinforcement learning sampled, a row each.
  public static let rollouts = ArtifactType("Rollouts")
  /// Completions that an evaluation sampled, a row each.
  public static let completions = ArtifactType("Completions")
  /// Verdicts of an evaluation, a row each.
  public static let scores = ArtifactType("Scores")
}
