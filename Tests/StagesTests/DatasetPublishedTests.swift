import Foundation
import Runner
import Stages
import Testing

/// Published files. All tests are skipped where no benchmark data lies beside the project.
@Suite(.enabled(if: SourceFixtures.sharedDataIsThere)) struct DatasetPublishedTests {
  private func table(
    _ task: DatasetTask, _ path: String,
    _ change: (inout DatasetStage.Parameters) -> Void = { _ in }
  ) throws -> RowTable {
    var parameters = DatasetStage.Parameters()
    parameters.task = task
    change(&parameters)
    let stage = DatasetStage(parameters: parameters)
    return try stage.table(from: SourceFixtures.shared.appending(path: path))
  }

  /// The index lists that the paper's authors' loaders draw.
  private func authors() throws -> JSONValue {
    try JSONValue(
      parsing: Data(contentsOf: SourceFixtures.shared.appending(path: "splits/authors_seed42.json"))
    )
  }

  @Test func readsEveryRowWithAnIDOfItsOwn() throws {
    #expect(try table(.math, "math/math500_test.jsonl").count == 500)
    #expect(try table(.humanEvalPlus, "humaneval/HumanEvalPlus-OriginFmt.jsonl.gz").count == 164)
    #expect(
      try table(.knightsAndKnaves, "kk/Logic-RL/3ppl/test.jsonl").strings("id")[0] == "kk/3/1000")
    let leaf = "kk/mem-kk-logic/test/perturbed_leaf/people2_num100.jsonl.gz"
    #expect(try table(.knightsAndKnaves, leaf).count == 76)
  }

  @Test func splitsMMLUProOnLineFeedsOnly() throws {
    let all = try table(.mmluPro, "mmlu_pro/test.jsonl.gz")
    #expect(all.count == 12_032)
    let number = try #require(try all.strings("id").firstIndex(of: "5215"))
    #expect(all.row(number).values.contains { $0.text.unicodeScalars.contains("\u{85}") })
  }

  @Test func drawsTheAuthorsMATHProblems() throws {
    let drawn = try table(.math, "math/math_lighteval_train.jsonl.gz") {
      ($0.order, $0.seed, $0.skip, $0.take) = (.numpyPermutation, 42, 7400, 100)
    }
    let expected = try authors()["math_train100"]?["row_indices"]?.array?.compactMap(\.integer)
    let indices = try drawn.strings("id").map { Int($0.split(separator: "/")[1]) }
    #expect(indices == expected)
  }

  @Test func drawsTheAuthorsPhysicsQuestions() throws {
    let drawn = try table(.mmluPro, "mmlu_pro/test.jsonl.gz") {
      $0.filter = ["category": ["physics"]]
      ($0.order, $0.seed, $0.take) = (.numpyChoice, 42, 974)
    }
    let split = try authors()["mmlu_pro_train"]?["sample=0.75,categories=[physics]"]
    let lists = split?.object?.values.compactMap { $0.array?.map { $0.string ?? $0.text } } ?? []
    #expect(lists.contains(try drawn.strings("id")))
  }

  @Test func splitsHumanEvalAsTheAuthorsDo() throws {
    let all = try table(.humanEvalPlus, "humaneval/HumanEvalPlus-OriginFmt.jsonl.gz")
    var parameters = SplitStage.Parameters()
    (parameters.test, parameters.seed) = (114, 42)
    let sides = try SplitStage(parameters: parameters).sides(of: all)
    let expected = try authors()["humanevalplus_train50"]
    #expect(
      try sides.train.strings("id") == expected?["train_task_ids"]?.array?.compactMap(\.string))
    #expect(try sides.test.strings("id") == expected?["test_task_ids"]?.array?.compactMap(\.string))
    #expect(sides.removed == 0)
  }
}
