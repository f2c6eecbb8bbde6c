import Foundation
import Model
import TestSupport
import Testing

/// The files that a tokenizer may come in.
@Suite struct TokenizerFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ data: Data, _ name: String) throws -> URL {
    let file = folder.url.appending(path: name)
    try data.write(to: file)
    return file
  }

  private var smollm2: Data {
    get throws { try Data(contentsOf: GoldenTokens.folder.appending(path: "smollm2.json")) }
  }

  /// All bytes, then all pairs of bytes, then triples, as a tiktoken file.
  private static func ranks(_ count: Int) -> Data {
    let bytes = (0...255 as ClosedRange<UInt8>)
    var tokens = bytes.map { [$0] }
    for first in bytes { for second in bytes { tokens.append([first, second]) } }
    for third in bytes where tokens.count < count {
      for first in bytes { for second in bytes { tokens.append([third, first, second]) } }
    }
    let lines = tokens.prefix(count).enumerated().map {
      "\(Data($1).base64EncodedString()) \($0)\n"
    }
    return Data(lines.joined().utf8)
  }

  @Test func aFileIsKnownByItsContent() throws {
    let file = try write(try smollm2, "any.name")
    let tokenizer = try Tokenizer(contentsOf: file)
    #expect(tokenizer.huggingFace == (try GoldenTokens.tokenizer("smollm2").huggingFace))
    _ = try write(try smollm2, "tokenizer.json")
    #expect(try Tokenizer(contentsOf: folder.url).huggingFace == tokenizer.huggingFace)
  }

  @Test func ranksOfQwenGetItsAddedTokens() throws {
    let file = try write(Self.ranks(151_643), "qwen.tiktoken")
    for place in [file, folder.url] {
      let tokenizer = try Tokenizer(contentsOf: place)
      #expect(tokenizer.vocabularySize == 151_665)
      #expect(tokenizer.specialTokens.map(\.id) == Array(151_643...151_656))
      #expect(tokenizer.encode("<|im_end|><|file_sep|>") == [151_645, 151_664])
      #expect(!tokenizer.isSpecial(151_657))
      // All pairs are tokens; the one of the lowest rank merges first, and NFC makes U+00E9.
      #expect(tokenizer.encode("ab") == [256 * (0x61 + 1) + 0x62])
      #expect(tokenizer.encode("e\u{301}") == tokenizer.encode("\u{E9}"))
      #expect(tokenizer.encode("12").count == 2)
    }
  }

  @Test func ranksOfGPT2GetItsAddedToken() throws {
    let tokenizer = try Tokenizer(contentsOf: try write(Self.ranks(50256), "r50k_base.tiktoken"))
    #expect(tokenizer.encode("<|endoftext|>") == [50256])
    #expect(tokenizer.encode("12").count == 1)
  }

  @Test(arguments: [
    ("", "it is empty"), ("hello\n", "neither JSON nor GGUF, and line 1"),
    ("IQ== 0\nIg== 2\n", "line 2"), ("IQ== 0\n\nI* 1\n", "line 3"), ("IQ== 0\n", "1 ranks"),
  ])
  func whatIsNoRankIsASentence(_ text: String, _ words: String) throws {
    let file = try write(Data(text.utf8), "x.tiktoken")
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: file) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.contains(file.path) == true)
  }

  @Test func aTokenThatNoMergeMakesIsRefused() throws {
    var lines = String(decoding: Self.ranks(50256), as: UTF8.self).split(separator: "\n")
    lines[400] = "\(Data("abcdef".utf8).base64EncodedString()) 400"
    let file = try write(Data(lines.joined(separator: "\n").utf8), "x.tiktoken")
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: file) }
    #expect(error?.description.contains("rank 400") == true)
  }

  @Test(arguments: [("qwen2", "Qwen2Tokenizer"), ("gpt2", "GPT2TokenizerFast")])
  func vocabularyAndMergesAreRead(_ name: String, _ className: String) throws {
    let original = try GoldenTokens.tokenizer(name)
    let json = try JSONSerialization.jsonObject(with: original.huggingFace)
    let file = try #require(json as? [String: Any])
    let model = try #require(file["model"] as? [String: Any])
    let added = try #require(file["added_tokens"] as? [[String: Any]])
    let decoder = Dictionary(uniqueKeysWithValues: added.map { ("\($0["id"] ?? "")", $0) })
    let settings: [String: Any] = ["tokenizer_class": className, "added_tokens_decoder": decoder]
    _ = try write(
      JSONSerialization.data(withJSONObject: try #require(model["vocab"])), "vocab.json")
    let merges = try #require(model["merges"] as? [String])
    _ = try write(Data("#version: 0.2\n\(merges.joined(separator: "\n"))\n".utf8), "merges.txt")
    _ = try write(JSONSerialization.data(withJSONObject: settings), "tokenizer_config.json")
    let read = try Tokenizer(contentsOf: folder.url)
    for row in try GoldenTokens.load() { #expect(read.encode(row.text) == row.ids[name]) }
  }

  @Test func aClassThatIsNotKnownIsRefused() throws {
    _ = try write(Data("{}".utf8), "vocab.json")
    _ = try write(Data(), "merges.txt")
    _ = try write(Data(#"{"tokenizer_class": "XTokenizer"}"#.utf8), "tokenizer_config.json")
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder.url) }
    #expect(error?.description.contains("'XTokenizer'") == true)
  }

  @Test func aFolderHoldsOneTokenizer() throws {
    let none = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder.url) }
    #expect(none?.description.contains("holds no tokenizer") == true)
    for name in ["b.tiktoken", "a.tiktoken"] { _ = try write(Data("IQ== 0".utf8), name) }
    let two = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder.url) }
    #expect(two?.description.contains("(a.tiktoken, b.tiktoken)") == true)
    let missing = folder.url.appending(path: "nowhere")
    #expect(throws: ModelImportError.self) { try Tokenizer(contentsOf: missing) }
  }

  @Test func oneTokenHasOneId() throws {
    let text = String(decoding: try GoldenTokens.tokenizer("qwen2").huggingFace, as: UTF8.self)
    let damaged = text.replacingOccurrences(
      of: #""content": "<tool_call>""#, with: #""content": "a""#)
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(huggingFace: Data(damaged.utf8))
    }
    #expect(error?.description.contains("'a' has two ids") == true)
  }
}
