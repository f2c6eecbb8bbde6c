import Runner
import Tasks

extension ArtifactType {
  /// Weights, configuration and tokenizer.
  package static let model = ArtifactType("Model")
  /// Problems of one task, a row each.
  package static let problems = ArtifactType("Problems")
  /// Texts to train a language model on, a row each.
  package static let texts = ArtifactType("Texts")
  /// Long chains of thought with their prompts, a row each.
  package static let traces = ArtifactType("Traces")
  /// Completions that reinforcement learning sampled, a row each.
  package static let rollouts = ArtifactType("Rollouts")
  /// Completions that an evaluation sampled, a row each.
  package static let completions = ArtifactType("Completions")
  /// Verdicts of an evaluation, a row each.
  package static let scores = ArtifactType("Scores")
}

extension PackedTexts {
  /// Names, verdicts and what models wrote stay; problems, prompts and answers go.
  package static let standard = PackedTexts(
    kept: Set(columnsKept.map(\.rawValue)).union(["level", "type", "subject", "category"]),
    answers: ["answer", "answer_index", "solution", "label", "target"])

  /// Names and verdicts stay, and nothing that is long.
  package static let verdictsAlone = PackedTexts(
    kept: standard.kept.subtracting([ColumnName.completion, .extracted].map(\.rawValue)),
    answers: standard.answers, keepsHashes: false)

  private static let columnsKept: [ColumnName] = [
    .id, .problemID, .completion, .outcome, .extracted, .style, .part, .mixedFrom,
  ]
}
