import Runner

extension PackedTexts {
  /// Names, verdicts and what models wrote stay; problems, prompts and answers go.
  public static let standard = PackedTexts(
    kept: [
      "id", "problem_id", "completion", "outcome", "extracted", "style", "part", "level", "type",
      "subject", "category",
    ],
    answers: ["answer", "answer_index", "solution", "label", "target"])
}
