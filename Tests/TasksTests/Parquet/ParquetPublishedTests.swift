import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Published Parquet files beside JSON Lines of the same rows. Skipped where there are none.
@Suite(.enabled(if: ProjectFolder.hasBenchmarkData, "no benchmark data lies beside the project"))
struct ParquetPublishedTests {
  private func rows(_ path: String) throws -> [String] {
    try DatasetFile.rows(of: ProjectFolder.benchmarkData.appending(path: path)).map {
      JSONValue.object($0.fields).text
    }
  }

  @Test(arguments: 3...7)
  func puzzlesEqualTheirTwins(people: Int) throws {
    let folder = "kk/Logic-RL/\(people)ppl"
    let test = try rows(folder + "/test.parquet")
    #expect(test.count == 100)
    #expect(try rows(folder + "/test.jsonl") == test)
    let train = try rows(folder + "/train.parquet")
    #expect(train.count == 900)
    #expect(try rows(folder + "/train.jsonl.gz") == train)
  }

  @Test func questionsEqualTheirTwins() throws {
    let test = try rows("mmlu_pro/test-00000-of-00001.parquet")
    #expect(test.count == 12_032)
    let twin = try rows("mmlu_pro/test.jsonl.gz")
    #expect(zip(test, twin).allSatisfy { $0.utf8.elementsEqual($1.utf8) } && twin.count == 12_032)
    let validation = try rows("mmlu_pro/validation-00000-of-00001.parquet")
    #expect(validation.count == 70)
    #expect(try rows("mmlu_pro/validation.jsonl") == validation)
  }
}
