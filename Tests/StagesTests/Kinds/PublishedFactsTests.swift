import Base
import Foundation
import Stages
import Tasks
import TestSupport
import Testing

/// What surprises in the published files comes through as it is. Skipped where there are none.
@Suite(.enabled(if: ProjectFolder.hasBenchmarkData, "no benchmark data lies beside the project"))
struct PublishedFactsTests {
  private func table(_ task: DatasetTask, _ path: String) throws -> RowTable {
    var parameters = DatasetStage.Parameters()
    parameters.task = task
    return try DatasetStage(parameters: parameters)
      .table(from: ProjectFolder.benchmarkData.appending(path: path))
  }

  @Test func puzzlesHaveTheirPublishedNumbers() throws {
    for people in 3...7 {
      let train = try table(.knightsAndKnaves, "kk/Logic-RL/\(people)ppl/train.parquet")
      #expect(try train.integers("index") == Array(100...999))
      let test = try table(.knightsAndKnaves, "kk/Logic-RL/\(people)ppl/test.parquet")
      #expect(try test.strings("id") == (1000...1099).map { "kk/\(people)/\($0)" })
    }
  }

  @Test(arguments: [(2, 76), (3, 93), (4, 94), (5, 98), (6, 100)])
  func perturbedPuzzlesAreFewerThanTheirFilesNameSays(people: Int, count: Int) throws {
    let path = "kk/mem-kk-logic/test/perturbed_leaf/people\(people)_num100.jsonl.gz"
    #expect(try table(.knightsAndKnaves, path).count == count)
  }

  @Test func levelsThatAreNoNumbersAreKept() throws {
    let train = try table(.math, "math/math_lighteval_train.jsonl.gz")
    let levels = try train.strings("level")
    #expect(levels.indices.filter { levels[$0] == "Level ?" } == [2773, 2832])
    #expect(try table(.math, "math/math500_test.jsonl").integers("level").count == 500)
  }

  @Test func questionsWhoseLetterAndNumberDisagreeAreKeptAsTheyAre() throws {
    let all = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet")
    let answers = try all.strings("answer")
    let numbers = try all.integers("answer_index")
    let ids = try all.strings("id")
    let odd = answers.indices.filter {
      answers[$0].utf8.first.map { Int($0) - 65 } != numbers[$0]
    }
    #expect(odd.map { ids[$0] } == ["3983"])
    let counts = all.rows.compactMap { $0["options"]?.array?.count }
    #expect(counts.min() == 3 && counts.max() == 10 && counts.count { $0 == 10 } == 9981)
  }

  @Test func math500LiesInsideTheTestSplitAndNotInTheTrainingSplit() throws {
    let measured = try table(.math, "math/math500_test.jsonl")
    let test = try table(.math, "math/math_lighteval_test.jsonl.gz")
    #expect(try OverlapCheck.overlap(of: measured, with: test).count == 500)
    let train = try table(.math, "math/math_lighteval_train.jsonl.gz")
    #expect(try OverlapCheck.overlap(of: measured, with: train).isEmpty)
  }

  @Test func questionsThatRepeatOthersAreKept() throws {
    let all = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet")
    let texts = try all.strings("question").map { Array($0.utf8) }
    #expect(texts.count - Set(texts).count == 389)
    let whole = all.rows.map {
      Array((($0["question"]?.text ?? "") + ($0["options"]?.text ?? "")).utf8)
    }
    #expect(whole.count - Set(whole).count == 158)
    let ids = try all.integers("question_id")
    #expect(ids == ids.sorted() && ids.first == 70 && ids.last == 12_256)
  }

  @Test func optionsKeepTheirBlanksAndRepetitions() throws {
    let all = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet")
    let options = all.rows.map { $0["options"]?.array?.compactMap(\.string) ?? [] }
    let blanks = options.count { row in
      row.map(\.unicodeScalars).contains {
        $0.first?.properties.isWhitespace == true || $0.last?.properties.isWhitespace == true
      }
    }
    #expect(blanks == 532)
    #expect(!options.joined().contains("N/A"))
    let ids = try all.strings("id")
    let repeating = ids.indices.filter { Set(options[$0]).count < options[$0].count }
    #expect(repeating.contains { ids[$0] == "8584" })
  }

  @Test func thoughtsAreInTheValidationRowsOnly() throws {
    let test = try table(.mmluPro, "mmlu_pro/test-00000-of-00001.parquet")
    #expect(try test.strings("cot_content").allSatisfy(\.isEmpty))
    let validation = try table(.mmluPro, "mmlu_pro/validation-00000-of-00001.parquet")
    #expect(try validation.strings("cot_content").allSatisfy { !$0.isEmpty })
    let categories = try validation.strings("category")
    #expect(Set(categories).allSatisfy { name in categories.count { $0 == name } == 5 })
  }

  @Test func programsComeWithTheirLongTestsAndOddCharacters() throws {
    let plus = try table(.humanEvalPlus, "humaneval/HumanEvalPlus-OriginFmt.jsonl.gz")
    let tests = try plus.strings("test")
    #expect(tests.map(\.unicodeScalars.count).max() == 502_066)
    let prompts = try plus.strings("prompt")
    #expect(prompts.count { !$0.utf8.allSatisfy { $0 < 128 } } == 10)
    #expect(tests.count { !$0.utf8.allSatisfy { $0 < 128 } } == 13)
    let original = try table(.humanEvalPlus, "humaneval/HumanEval.jsonl.gz")
    let ids = try plus.strings("id")
    #expect(try original.strings("id") == ids)
    let before = try original.strings("prompt")
    let changed = ids.indices.filter { !prompts[$0].utf8.elementsEqual(before[$0].utf8) }
    #expect(changed.map { ids[$0] } == ["HumanEval/115"])
  }

  @Test func splitsHaveTheirPublishedSizes() throws {
    #expect(try table(.math, "math/math_lighteval_train.jsonl.gz").count == 7500)
    let test = try table(.math, "math/math_lighteval_test.jsonl.gz")
    #expect(test.count == 5000)
    let subjects = try test.strings("type")
    #expect(zip(subjects, subjects.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func tracesAreReadWhole() throws {
    let folder = ProjectFolder.benchmarkData.appending(path: "longcot")
    func responses(_ name: String) throws -> [String] {
      try DatasetFile.rows(of: folder.appending(path: name)).compactMap {
        $0.fields["response"]?.string
      }
    }
    let anchors = try responses("thought_anchors_r1_distill.jsonl.gz")
    #expect(anchors.count == 67 && anchors.count { $0.contains("</think>") } == 59)
    #expect(try responses("kk_reasoning_gym_responses.jsonl.gz").count == 1300)
    #expect(try responses("qwen2.5-3b-rlft_think.jsonl.gz").count == 1702)
  }
}
