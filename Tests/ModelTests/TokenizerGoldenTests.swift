import Foundation
import Model
import TestSupport
import Testing

/// Ids that the `tokenizers` package gives, made by Tests/Fixtures/tokenizers/make.py.
struct GoldenTokens: Decodable {
  let text: String
  let ids: [String: [Int32]]
  let decoded: [String: String]

  static let folder = FamilyTokenizer.folder

  static func load() throws -> [GoldenTokens] {
    try Data(contentsOf: folder.appending(path: "golden.jsonl")).split(separator: 0x0A)
      .map { try JSONDecoder().decode(GoldenTokens.self, from: $0) }
  }

  static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(huggingFace: Data(contentsOf: folder.appending(path: "\(name).json")))
  }
}

@Suite struct TokenizerGoldenTests {
  private static let gguf = ProcessInfo.processInfo.environment["WARMUP_SMOLLM2"]
  private static let ranks = ProcessInfo.processInfo.environment["WARMUP_QWEN_TIKTOKEN"]

  private func check(_ tokenizer: Tokenizer, _ name: String) throws {
    let rows = try GoldenTokens.load()
    #expect(rows.count > 50)
    for row in rows {
      let ids = tokenizer.encode(row.text)
      #expect(ids == row.ids[name], "\(row.text.debugDescription)")
      let decoded = try #require(row.decoded[name])
      #expect(tokenizer.decode(ids).utf8.elementsEqual(decoded.utf8))
    }
  }

  @Test(arguments: ["gpt2", "smollm2", "qwen2", "normalised"])
  func equalsTheOriginal(_ name: String) throws {
    try check(try GoldenTokens.tokenizer(name), name)
  }

  @Test(arguments: ["gpt2", "smollm2", "qwen2", "normalised"])
  func survivesARoundTrip(_ name: String) throws {
    let written = try GoldenTokens.tokenizer(name).huggingFace
    let again = try Tokenizer(huggingFace: written)
    #expect(again.huggingFace == written)
    try check(again, name)
  }

  // Skipped unless the environment variable WARMUP_SMOLLM2 names the GGUF file of SmolLM2-135M.
  @Test(.enabled(if: gguf != nil)) func equalsTheOriginalOnSmolLM2() throws {
    let path = try #require(Self.gguf)
    let tokenizer = try Tokenizer(gguf: GGUFFile(contentsOf: URL(filePath: path)))
    #expect(tokenizer.vocabularySize == 49152)
    try check(tokenizer, "SmolLM2-135M")
    try check(try Tokenizer(huggingFace: tokenizer.huggingFace), "SmolLM2-135M")
  }

  // Skipped unless the environment variable WARMUP_QWEN_TIKTOKEN names the file qwen.tiktoken.
  @Test(.enabled(if: ranks != nil)) func equalsTheOriginalOnQwen() throws {
    let path = try #require(Self.ranks)
    let tokenizer = try Tokenizer(contentsOf: URL(filePath: path))
    #expect(tokenizer.vocabularySize == 151_665)
    #expect(tokenizer.specialTokens.count == 14)
    try check(tokenizer, "Qwen2.5")
    try check(try Tokenizer(huggingFace: tokenizer.huggingFace), "Qwen2.5")
  }
}
