import Foundation
import TestSupport
import Testing

/// A piece of what `Tests/Fuzz/run.py` does: changed files of each format are read or refused.
@Suite struct FuzzTests {
  @Test func changedFilesAreReadOrRefused() async throws {
    let scratch = try ScratchFolder()
    let seeds = scratch.file("seeds").path
    let formats = [
      "yaml", "pack", "packed_file", "table", "model", "gguf", "safetensors", "tokenizer", "config",
      "parquet", "jsonl",
    ]
    for format in formats {
      let slow = ["pack", "packed_file", "tokenizer"].contains(format)
      let ending = try await Program.run(
        [format, "--seeds", seeds, "--seed", "7", "--count", slow ? "30" : "120"], of: "fuzz")
      let last = ending.output.split(separator: "\n").last ?? ""
      #expect(ending.code == 0, "\(format): the last case was \(last)")
      #expect(last.hasPrefix("done: "), "\(format)")
      let words = ending.output.split(separator: "\n").filter { $0.hasPrefix("words") }
      #expect(words.isEmpty, "\(format): \(words.first ?? "")")
    }
  }
}
