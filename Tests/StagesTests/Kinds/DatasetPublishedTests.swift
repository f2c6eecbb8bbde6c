import Base
import Foundation
import Stages
import Tasks
import TestSupport
import Testing

/// Published files. All tests are skipped where no benchmark data lies beside the project.
@Suite(.enabled(if: ProjectFolder.hasBenchmarkData), .ownThread) struct DatasetPublishedTests {
  private func table(
    _ task: DatasetTask, _ path: String,
    _ change: (inout DatasetStage.Parameters) -> Void = { _ in }
  ) throws -> RowTable {
    var parameters = DatasetStage.Parameters()
    parameters.task = task
    change(&parameters)
    let stage = DatasetStage(parameters: parameters)
    return try stage.table(from: ProjectFolder.benchmarkData.appending(path: path))
  }

  /// The index lists that the paper's authors' loaders draw.
  private func authors() throws -> JSONValue {
    try JSONValue(
      parsing: Data(
        contentsOf: ProjectFolder.benchmarkData.appending(path: "splits/authors_seed42.json"))
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

  /// Every published right answer can be read, and none is rewritten.
  @Test(arguments: [
    ("mmlu_pro", "mmlu_pro/test.jsonl.gz"), ("mmlu_pro", "mmlu_pro/validation.jsonl"),
    ("knights_and_knaves", "kk/Logic-RL/3ppl/train.jsonl.gz"),
    ("knights_and_knaves", "kk/Logic-RL/7ppl/test.jsonl"),
    ("knights_and_knaves", "kk/mem-kk-logic/test/perturbed_leaf/people8_num100.jsonl.gz"),
    ("knights_and_knaves", "kk/mem-kk-logic/test/perturbed_statement/people5_num100.jsonl.gz"),
  ])
  func leavesRightAnswersAsTheyAre(task: String, path: String) throws {
    let file = ProjectFolder.benchmarkData.appending(path: path)
    let task = try TaskDefinitions.named(task)
    for row in try DatasetFile.rows(of: file) {
      #expect(try task.checked(row.fields) == row.fields)
    }
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

  @Test(arguments: [("physics", 974), ("history", 285)])
  func drawsTheAuthorsQuestionsOfACategory(category: String, count: Int) throws {
    let drawn = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet") {
      $0.filter = ["category": [category]]
      ($0.order, $0.seed, $0.take) = (.numpyChoice, 42, count)
    }
    let split = try authors()["mmlu_pro_train"]?["sample=0.75,categories=[\(category)]"]
    let expected = split?[category]?.array?.compactMap(\.integer)
    #expect(expected?.count == count)
    #expect(try drawn.strings("id").compactMap { Int($0) } == expected)
  }

  @Test func drawsTheAuthorsQuestionsOfEveryCategory() throws {
    let drawn = try table(.mmluPro, "mmlu_pro/test.jsonl.gz") {
      ($0.order, $0.seed, $0.take, $0.each) = (.numpyChoice, 42, 50, "category")
    }
    let key = "sample=50,all categories in order of first appearance"
    let lists = try #require(try authors()["mmlu_pro_train"]?[key]?.object)
    #expect(drawn.count == 14 * 50 && lists.count == 14)
    let ids = try drawn.strings("id")
    for (category, list) in lists {
      let ours = (0..<drawn.count).filter { drawn.row($0)["category"]?.string == category }
      #expect(ours.map { Int(ids[$0]) } == list.array?.map(\.integer), "\(category)")
    }
  }

  private func split(
    _ category: String, _ method: SplitMethod
  ) throws -> (train: RowTable, test: RowTable, removed: Int) {
    let all = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet") {
      $0.filter = ["category": [category]]
    }
    var parameters = SplitStage.Parameters()
    (parameters.train, parameters.method, parameters.seed) = (100, method, 42)
    return try SplitStage(parameters: parameters).sides(of: all)
  }

  /// The sums were made with numpy and Python from the same file.
  @Test(arguments: [
    (
      "physics", 1199, 90, "014f6e1ca7df06fbbd2538e432a454c9ba162e902642c5121d0bbd523cd2d9a1",
      "9c1988d191a1218a6bca02d6893e2ea3642276fb84afa0297be3bd1b51529e89"
    ),
    (
      "history", 281, 71, "d31ffe30b2181bfbebb085190dea5b13f5bc8b0fd490e177a3044393d1e5f9d1",
      "df7113e35eca9f82c11700f59fa44c6c93eaf30e0f07a16d9cbe92e1d8ddfcc5"
    ),
  ])
  func splitsMMLUProAsTheAuthorsDoAndSaysThatItLeaks(
    category: String, tests: Int, leaks: Int, train: String, test: String
  ) throws {
    let sides = try split(category, .mmluProAsReleased)
    let facts = try SplitStage.facts(of: sides)
    #expect(facts["train_ids_sha256"]?.string == train)
    #expect(facts["test_ids_sha256"]?.string == test)
    #expect(facts["test_count"]?.integer == tests)
    let warning = try #require(sides.test.attributes["warning"])
    #expect(warning.hasPrefix("\(leaks) of \(tests) test problems were trained on"))
    #expect(try OverlapCheck.overlap(of: sides.test, with: sides.train).count == leaks)
  }

  @Test(arguments: [("physics", 1199), ("history", 281)])
  func aCleanSplitTrainsOnTheSameQuestions(category: String, tests: Int) throws {
    let sides = try split(category, .numpyChoice)
    let released = try split(category, .mmluProAsReleased)
    #expect(sides.train == released.train && sides.test.count == tests)
    #expect(try OverlapCheck.overlap(of: sides.test, with: sides.train).isEmpty)
    #expect(sides.test.attributes["warning"] == nil)
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
