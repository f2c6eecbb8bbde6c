import Foundation
import Model
import TestSupport
import Testing

/// What the files beside a tokenizer say.
@Suite struct TokenizerSettingsTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    let file = GoldenTokens.folder.appending(path: "bytes.json")
    try FileManager.default.copyItem(at: file, to: folder.url.appending(path: "tokenizer.json"))
  }

  private func write(_ json: Any, _ name: String) throws {
    try JSONSerialization.data(withJSONObject: json)
      .write(to: folder.url.appending(path: name))
  }

  private func tokenizer(_ settings: [String: Any]) throws -> Tokenizer {
    try write(settings, "tokenizer_config.json")
    return try Tokenizer(contentsOf: folder.url)
  }

  private func edit(_ key: String, _ value: Any) throws {
    let file = folder.url.appending(path: "tokenizer.json")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    var object = try #require(json as? [String: Any])
    object[key] = value
    try write(object, "tokenizer.json")
  }

  @Test func tokensThatOnlySettingsNameAreAdded() throws {
    let plain = try Tokenizer(contentsOf: folder.url)
    let added = try tokenizer([
      "added_tokens_decoder": [
        "1000": ["content": "<sep>", "special": true],
        "1001": ["content": "<x>", "special": false, "lstrip": true, "normalized": false],
      ]
    ])
    #expect(added.encode("a<sep>b  <x>") == plain.encode("a") + [1000] + plain.encode("b") + [1001])
    #expect(added.specialTokens.map(\.text).contains("<sep>"))
    #expect(!added.specialTokens.map(\.text).contains("<x>"))
    let again = try Tokenizer(huggingFace: added.huggingFace)
    #expect(again.encode("a<sep>b  <x>") == added.encode("a<sep>b  <x>"))
    #expect(again.huggingFace == added.huggingFace)
  }

  @Test func addedTokensJSONCountsWhereNoDecoderDoes() throws {
    try write(["<sep>": 1000, "<y>": 1001], "added_tokens.json")
    try write(["additional_special_tokens": ["<sep>"]], "special_tokens_map.json")
    let read = try Tokenizer(contentsOf: folder.url)
    #expect(read.encode("<sep><y>") == [1000, 1001])
    #expect(read.isSpecial(1000) && !read.isSpecial(1001))
    let other = try tokenizer(["added_tokens_decoder": ["1000": ["content": "<z>"]]])
    #expect(other.encode("<z>") == [1000] && other.encode("<y>").count > 1)
  }

  @Test func namedTokensOfTheVocabularyBecomeSpecial() throws {
    let before = try Tokenizer(contentsOf: folder.url)
    let whole = before.encode("knave")
    try #require(whole.count == 1)
    let named = try tokenizer(["eos_token": ["content": "knave"], "pad_token": "[NOWHERE]"])
    #expect(named.isSpecial(whole[0]) && !before.isSpecial(whole[0]))
    #expect(named.vocabularySize == before.vocabularySize)
  }

  @Test(
    arguments: [
      (["added_tokens_decoder": ["5": ["content": "<sep>"]]], "has the id of another token, 5"),
      (["added_tokens_decoder": ["1000": ["content": "<|begin|>"]]], "has two ids"),
      (["added_tokens_decoder": ["x": ["content": "<sep>"]]], "'x' is not a token id"),
      (["add_bos_token": true, "bos_token": "<s>"], "bos_token '<s>' is not a token"),
      (["add_eos_token": true], "behind every text"),
    ] as [([String: any Sendable], String)])
  func contradictionsAreSentences(_ settings: [String: any Sendable], _ words: String) throws {
    let error = #expect(throws: TokenizerError.self) { try tokenizer(settings) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.contains("tokenizer_config.json") == true)
  }

  private static func template(_ parts: [String]) -> [String: any Sendable] {
    let single: [[String: any Sendable]] = parts.map {
      $0 == "A" ? ["Sequence": ["id": "A"]] : ["SpecialToken": ["id": $0]]
    }
    return [
      "type": "TemplateProcessing", "single": single,
      "special_tokens": ["<|begin|>": ["ids": [0]], "<|end|>": ["ids": [1]]],
    ]
  }

  /// Classes of Llama go by the settings, and add a token unless told otherwise.
  @Test(
    arguments: [
      ([], [:], []),
      (["<|begin|>"], [:], [0]),
      (["<|end|>", "<|begin|>"], [:], [1, 0]),
      (["<|begin|>"], ["add_bos_token": false, "bos_token": "<|begin|>"], [0]),
      (
        ["<|begin|>"],
        [
          "tokenizer_class": "LlamaTokenizerFast", "add_bos_token": false, "bos_token": "<|begin|>",
        ], []
      ),
      ([], ["add_bos_token": true, "bos_token": "<|begin|>"], [0]),
      ([], ["add_bos_token": true], []),
      (
        [],
        ["tokenizer_class": "Qwen2Tokenizer", "add_bos_token": true, "bos_token": "<|begin|>"], []
      ),
      ([], ["tokenizer_class": "LlamaTokenizerFast", "bos_token": "<|end|>"], [1]),
      ([], ["tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|end|>"], []),
      (["<|begin|>"], ["tokenizer_class": "LlamaTokenizer", "bos_token": "<|begin|>"], [0]),
    ] as [([String], [String: any Sendable], [Int32])])
  func textsBeginAsTheFilesSay(
    _ before: [String], _ settings: [String: any Sendable], _ expected: [Int32]
  ) throws {
    if !before.isEmpty { try edit("post_processor", Self.template(before + ["A"])) }
    let read = try tokenizer(settings)
    #expect(read.begin == expected)
    #expect(read.encode(beginning: "a") == expected + read.encode("a"))
    let again = try Tokenizer(huggingFace: read.huggingFace)
    #expect(again.begin == expected)
  }

  @Test(arguments: [
    (["A", "<|end|>"], "puts '<|end|>' behind every text"), (["<|begin|>"], "leaves the text out"),
    (["<|other|>", "A"], "names no token"),
  ])
  func otherTemplatesAreRefused(_ parts: [String], _ words: String) throws {
    try edit("post_processor", Self.template(parts))
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder.url) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  /// Files that were written on another system.
  @Test func marksAndCarriageReturnsAreNoMatter() throws {
    let expected = try Tokenizer(contentsOf: folder.url)
    let file = folder.url.appending(path: "tokenizer.json")
    let json = try Data(contentsOf: file)
    let model = try #require(
      (try JSONSerialization.jsonObject(with: json) as? [String: Any])?["model"] as? [String: Any])
    try (Data([0xEF, 0xBB, 0xBF]) + json).write(to: file)
    #expect(try Tokenizer(contentsOf: folder.url).encode("a knave") == expected.encode("a knave"))
    try FileManager.default.removeItem(at: file)
    let merges = try #require(model["merges"] as? [[String]]).map { $0.joined(separator: " ") }
    try Data("\u{FEFF}#version: 0.2\r\n\(merges.joined(separator: "\r\n"))\r\n".utf8)
      .write(to: folder.url.appending(path: "merges.txt"))
    let vocabulary = try JSONSerialization.data(withJSONObject: try #require(model["vocab"]))
    try (Data([0xEF, 0xBB, 0xBF]) + vocabulary).write(to: folder.url.appending(path: "vocab.json"))
    let read = try tokenizer([
      "tokenizer_class": "GPT2Tokenizer", "add_bos_token": true, "bos_token": "knave",
    ])
    #expect(read.encode("the kn") == (try gpt2(expected)).encode("the kn"))
    #expect(read.begin == expected.encode("knave"))
  }

  /// The same vocabulary, cut as GPT-2 does.
  private func gpt2(_ tokenizer: Tokenizer) throws -> Tokenizer {
    var object = try #require(
      try JSONSerialization.jsonObject(with: tokenizer.huggingFace) as? [String: Any])
    object["pre_tokenizer"] = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]
    return try Tokenizer(huggingFace: JSONSerialization.data(withJSONObject: object))
  }

  /// Vocabularies of characters tell apart what Unicode calls equivalent.
  @Test func equivalentTextsAreDifferentTokens() throws {
    let file = GoldenTokens.folder.appending(path: "characters.json")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    // The fixture is ASCII: JSON writes the other characters by their numbers.
    let both = text.replacingOccurrences(
      of: #""vocab": {"#, with: #""vocab": {"\u00c5": 5000, "A\u030a": 5001, "\u212b": 5002, "#)
    let read = try Tokenizer(huggingFace: Data(both.utf8))
    #expect(read.encode("\u{C5}") == [5000] && read.encode("\u{212B}") == [5002])
    #expect(read.token(of: "A\u{30A}") == 5001)
  }
}
