import Foundation
import Model
import TestSupport
import Testing

@Suite struct TokenizerTests {
  private let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
  private let texts = [
    "A knight always tells the truth, and a knave always lies.",
    "If Ann is a knight, then Ben is a knave: 12 and 345.\n\nSo Ben lies.",
  ]

  private func trained(_ size: Int = 300) throws -> Tokenizer {
    try Tokenizer.train(texts: texts, vocabularySize: size, specialTokens: special)
  }

  @Test func trainingIsDeterministic() throws {
    let first = try trained().huggingFace
    for _ in 0..<3 { #expect(try trained().huggingFace == first) }
  }

  @Test func trainingMergesTheMostFrequentPairAndTheSmallerBytesOfEqualOnes() throws {
    let tokenizer = try Tokenizer.train(
      texts: ["xy xy xy ba ba"], vocabularySize: 258, specialTokens: [])
    // " x" and "xy" occur twice and thrice; then " b" and "ba" and " xy" twice each.
    #expect(tokenizer.bytes(of: 256) == Array("xy".utf8))
    #expect(tokenizer.bytes(of: 257) == Array(" b".utf8))
  }

  @Test func trainingStopsWherePairsAreUnique() throws {
    let tokenizer = try Tokenizer.train(texts: ["abc"], vocabularySize: 400, specialTokens: [])
    #expect(tokenizer.vocabularySize == 256)
    #expect(throws: TokenizerError.self) {
      try Tokenizer.train(texts: ["abc"], vocabularySize: 258, specialTokens: special)
    }
  }

  @Test(arguments: [
    "", "A knight lies.", "né e\u{301} 日本 👩‍👩‍👧", "\u{0}\u{1}\r\n\t  x", "1234567890",
    "<|im_start|>A<|im_end|>",
  ])
  func decodesWhatItEncodes(_ text: String) throws {
    let tokenizer = try trained()
    for allowed in [true, false] {
      let ids = tokenizer.encode(text, allowSpecial: allowed)
      #expect(tokenizer.decode(ids).utf8.elementsEqual(text.utf8))
      #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
    }
  }

  @Test func matchesSpecialTokensOnlyWhereAllowed() throws {
    let tokenizer = try trained()
    #expect(tokenizer.encode("<|im_end|>") == [2])
    #expect(tokenizer.encode("<|im_end|>", allowSpecial: false).count > 1)
    #expect(tokenizer.token(of: "<|im_end|>") == 2)
    #expect(tokenizer.isSpecial(2) && !tokenizer.isSpecial(3))
    #expect(tokenizer.token(of: "no token at all") == nil)
    #expect(tokenizer.specialTokens.map(\.text) == special)
  }

  @Test func wordBeginsAfterTheBoundaryOfASpecialToken() throws {
    let tokenizer = try trained()
    let apart = tokenizer.encode("a knight") + [2] + tokenizer.encode(" knave")
    #expect(tokenizer.encode("a knight<|im_end|> knave") == apart)
  }

  @Test func unknownIdsAreEmpty() throws {
    let tokenizer = try trained()
    #expect(tokenizer.bytes(of: -1).isEmpty && tokenizer.bytes(of: 1_000_000).isEmpty)
    #expect(tokenizer.decode([3 + 0xE2]) == "\u{FFFD}")
  }

  @Test func longWordsTakeNoQuadraticTime() throws {
    let text = String(repeating: "knavery", count: 30_000)
    let duration = try processorTime {
      let tokenizer = try trained()
      #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
    #expect(duration < .seconds(20))
  }

  @Test func readsMergesAsPairsToo() throws {
    let tokenizer = try trained()
    let json = try JSONSerialization.jsonObject(with: tokenizer.huggingFace)
    var file = try #require(json as? [String: Any])
    var model = try #require(file["model"] as? [String: Any])
    let merges = try #require(model["merges"] as? [String])
    model["merges"] = merges.map { $0.split(separator: " ").map(String.init) }
    file["model"] = model
    let read = try Tokenizer(huggingFace: JSONSerialization.data(withJSONObject: file))
    #expect(read.huggingFace == tokenizer.huggingFace)
  }

  @Test(arguments: [
    (#""type": "Digits""#, #""type": "Whitespace""#, "pre-tokenizer Whitespace"),
    (#""add_prefix_space": false"#, #""add_prefix_space": true"#, "pre-tokenizer ByteLevel"),
    (
      #""post_processor": null"#, #""post_processor": {"type": "BertProcessing"}"#, "BertProcessing"
    ),
    (#""normalizer": null"#, #""normalizer": {"type": "Lowercase"}"#, "Lowercase"),
    (#""byte_fallback": false"#, #""byte_fallback": true"#, "byte_fallback"),
    (#""dropout": null"#, #""dropout": 0.1"#, "dropout"),
    (#""type": "BPE""#, #""type": "Unigram""#, "Unigram"),
    (#""<|im_end|>": 2"#, #""<|im_end|>": 3"#, "share an id"),
    (#""<|im_end|>": 2"#, #""<|im_end|>": 2000000000"#, "absurdly large"),
    (#""vocab""#, #""words""#, "'vocab' is missing"),
    ("\"merges\": [\n\"", "\"merges\": [\n\"zz ", "not a token"),
    ("{", "", "not valid JSON"),
  ])
  func refusesWhatItDoesNotKnow(_ old: String, _ new: String, _ words: String) throws {
    let text = String(decoding: try trained().huggingFace, as: UTF8.self)
    let range = try #require(text.range(of: old))
    let data = Data(text.replacingCharacters(in: range, with: new).utf8)
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(huggingFace: data) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }
}
