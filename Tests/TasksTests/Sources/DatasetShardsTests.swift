import Foundation
import Tasks
import TestSupport
import Testing

/// Which files of a folder are a set of rows.
@Suite struct DatasetShardsTests {
  private func files(_ names: [String], split: String? = nil) throws -> [String] {
    let folder = try ScratchFolder()
    for name in names {
      let file = folder.file(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: file)
    }
    return try DatasetShards.files(in: folder.url, split: split).map(\.lastPathComponent)
  }

  @Test func shardsAreTakenInTheOrderOfTheirNumbers() throws {
    let shards = (0..<11).map { "train-\($0 < 10 ? "0000" : "000")\($0)-of-00011.parquet" }
    let others = [
      "README.md", ".gitattributes", "dataset_infos.json", ".cache/x.parquet", "a.lock",
    ]
    #expect(try files(shards.reversed() + others) == shards)
    #expect(
      try files(["x-2-of-3.jsonl.gz", "x-0-of-3.jsonl.gz", "x-1-of-3.jsonl.gz"]).first
        == "x-0-of-3.jsonl.gz")
    #expect(try files(["all.csv"]) == ["all.csv"])
  }

  @Test func aSplitIsChosenByName() throws {
    let names = [
      "train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-00000-of-00001.parquet",
    ]
    #expect(try files(names, split: "train") == Array(names[0..<2]))
    #expect(try files(names, split: "test") == [names[2]])
    #expect(try files(["train.jsonl.zst", "test.jsonl"], split: "train") == ["train.jsonl.zst"])
  }

  @Test(arguments: [
    (
      ["train-00000-of-00002.parquet", "test-00000-of-00001.parquet"], nil as String?,
      "holds several splits: test (1 file), train (1 file); say which with 'split: test'"
    ),
    (
      ["train-00000-of-00003.parquet", "train-00002-of-00003.parquet"], nil,
      "lacks 1 file of the 3 of the split 'train': number 1; fetch the rest"
    ),
    (
      ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"], "trian",
      "has no split 'trian'; did you mean 'train'?"
    ),
    (["train.parquet", "train.jsonl"], nil, "holds the split 'train' in more than one way"),
    (["x-0-of-1.parquet", "x-00000-of-1.parquet"], nil, "in more than one way"),
    (["x-3-of-2.parquet", "x-0-of-2.parquet"], nil, "number 1"),
    (["README.md"], nil, "holds no files of rows"),
    (["data/train.parquet"], nil, "but data in it does; name that folder"),
  ])
  func saysWhyAFolderIsNoSet(_ names: [String], _ split: String?, _ words: String) {
    let error = #expect(throws: ShardError.self) { try files(names, split: split) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
