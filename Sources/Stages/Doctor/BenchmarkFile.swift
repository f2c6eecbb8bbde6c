/// A published file of problems that experiments name: where people get it, and which bytes are
/// meant. The text itself is not part of this project.
package struct BenchmarkFile: Sendable {
  /// The path below the folder of data.
  package let path: String
  /// SHA-256 of the bytes that the recipes under `experiments/` mean.
  package let sha256: String
  /// Where its makers give it out.
  package let origin: String
  /// What its makers allow.
  package let licence: String
  /// How many problems it holds.
  package let rows: Int

  /// Every file that is known.
  package static let known: [BenchmarkFile] = [
    BenchmarkFile(
      path: "math/math_lighteval_train.jsonl.gz",
      sha256: "60c114ac1ed34c4e3bb06c20dbfb03449de5becd82f45889f013836f81ba06bd",
      origin: "DigitalLearningGmbH/MATH-lighteval on Hugging Face, train, as JSON Lines",
      licence: "MIT", rows: 7500),
    BenchmarkFile(
      path: "math/math500_test.jsonl",
      sha256: "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
      origin: "HuggingFaceH4/MATH-500 on Hugging Face, test", licence: "MIT", rows: 500),
    BenchmarkFile(
      path: "humaneval/HumanEvalPlus-OriginFmt.jsonl.gz",
      sha256: "daa7661c8189924068069b0872a440b491edb60f8bdf431d5957adc88d18bae5",
      origin: "release v0.1.10 of evalplus/humanevalplus_release on GitHub",
      licence: "Apache-2.0", rows: 164),
    BenchmarkFile(
      path: "mmlu_pro/test-00000-of-00001.parquet",
      sha256: "b8c790c6cc613a4b71a413230db54bcf2e2053d876ffc4c4451c94908af9e1f5",
      origin: "TIGER-Lab/MMLU-Pro on Hugging Face, data/test-00000-of-00001.parquet",
      licence: "MIT", rows: 12032),
    BenchmarkFile(
      path: "mmlu_pro/validation-00000-of-00001.parquet",
      sha256: "a6db33e44c7a8d6a0a9665aabe6596a5e7436bebb62412d1219821283835e457",
      origin: "TIGER-Lab/MMLU-Pro on Hugging Face, data/validation-00000-of-00001.parquet",
      licence: "MIT", rows: 70),
  ]

  /// How to get it, as a sentence.
  var advice: String {
    "Get it from \(origin) (\(licence)), and put it into the folder that WARMUP_DATA names, as "
      + "\(path)."
  }

  /// The known file at a recipe's path.
  static func at(_ path: String) -> BenchmarkFile? {
    known.first { path == $0.path || path.hasSuffix("/" + $0.path) }
  }
}
