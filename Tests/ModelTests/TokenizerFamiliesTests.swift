import Foundation
import Model
import TestSupport
import Testing

/// Tokenizers by the rules of model families, with ids of the `tokenizers` package, made by
/// Tests/Fixtures/tokenizers/compare.py.
@Suite struct TokenizerFamiliesTests {
  private static let names = [
    "llama3", "olmo2", "qwen3", "gpt4", "gpt4o", "deepseek", "deepseek3", "coder", "behaviours",
    "gemma", "llama2", "mistral",
  ]

  private struct Row: Decodable {
    let text: String
    /// The tokenizers that give these ids.
    let ids: [String: [String]]
    let decoded: [String: String]

    func ids(of name: String) -> [Int32]? {
      ids.first { $0.value.contains(name) }?.key.split(separator: " ").compactMap { Int32($0) }
    }
  }

  private func check(_ tokenizer: Tokenizer, _ name: String) throws {
    let rows = try Data(contentsOf: GoldenTokens.folder.appending(path: "families.jsonl"))
      .split(separator: 0x0A).map { try JSONDecoder().decode(Row.self, from: $0) }
    #expect(rows.count == 220)
    for row in rows {
      let expected = try #require(row.ids(of: name))
      #expect(tokenizer.encode(beginning: row.text) == expected, "\(row.text.debugDescription)")
      let text = tokenizer.decode(expected)
      #expect(
        text.utf8.elementsEqual((row.decoded[name] ?? row.text).utf8), "\(text.debugDescription)")
    }
  }

  @Test(arguments: names)
  func equalsTheOriginal(_ name: String) throws {
    try check(try Tokenizer(huggingFace: FamilyTokenizer.file(name)), name)
  }

  @Test(arguments: names)
  func survivesARoundTrip(_ name: String) throws {
    let written = try Tokenizer(huggingFace: FamilyTokenizer.file(name)).huggingFace
    let again = try Tokenizer(huggingFace: written)
    #expect(again.huggingFace == written)
    try check(again, name)
  }

  /// What goes on where a text ended gets no blank in front, and loses none.
  @Test(arguments: ["llama2", "mistral"])
  func continuationsGetNoBlank(_ name: String) throws {
    let tokenizer = try Tokenizer(huggingFace: FamilyTokenizer.file(name))
    let (whole, half) = (
      tokenizer.encode("the knave"), tokenizer.encode("knave", isContinuation: true)
    )
    #expect(tokenizer.decode(whole) == "the knave")
    #expect(tokenizer.decode(half, isContinuation: true) == "knave")
    #expect(tokenizer.encode("knave") != half)
    #expect(
      tokenizer.decode(tokenizer.encode(" x", isContinuation: true), isContinuation: true) == " x")
  }

  /// The names by which GGUF files mean these rules.
  @Test(arguments: [
    ("llama-bpe", "llama3", true), ("dbrx", "olmo2", nil), ("qwen2", "qwen3", nil),
    ("deepseek-r1-qwen", "qwen3", false), ("deepseek-llm", "deepseek", true),
  ])
  func namesOfGGUFMeanTheSame(_ pre: String, _ name: String, begins: Bool?) throws {
    let file = try #require(
      try JSONSerialization.jsonObject(with: FamilyTokenizer.file(name)) as? [String: Any])
    let model = try #require(file["model"] as? [String: Any])
    let vocabulary = try #require(model["vocab"] as? [String: Int])
    let merges = try #require(model["merges"] as? [[String]])
    var builder = GGUFBuilder()
    builder.add("tokenizer.ggml.model", type: 8, GGUFBuilder.text("gpt2"))
    builder.add("tokenizer.ggml.pre", type: 8, GGUFBuilder.text(pre))
    builder.add(
      "tokenizer.ggml.tokens", texts: vocabulary.sorted { $0.value < $1.value }.map(\.key))
    builder.add("tokenizer.ggml.merges", texts: merges.map { $0.joined(separator: " ") })
    let types = (0..<vocabulary.count).flatMap { GGUFBuilder.bytes(Int32($0 < 3 ? 3 : 1)) }
    builder.add(
      "tokenizer.ggml.token_type", type: 9,
      GGUFBuilder.bytes(UInt32(5)) + GGUFBuilder.bytes(UInt64(vocabulary.count)) + types)
    builder.add("tokenizer.ggml.bos_token_id", type: 4, [0, 0, 0, 0])
    if let begins { builder.add("tokenizer.ggml.add_bos_token", type: 7, [begins ? 1 : 0]) }
    try check(try Tokenizer(gguf: GGUFFile(builder.data, path: "x.gguf")), name)
  }

  /// Only expressions that can be read exactly are read.
  @Test(arguments: [
    (#"\w+"#, #"'\w'"#), (#"\p{Han}+"#, #"'\p{Han}'"#), ("(?<=a)b", "'(?<'"),
    ("[a-z&&[^b]]", "class in a class"),
    ("(ab)+", "without bound"), ("(?i:straße)", "where case is ignored"), ("(?i:fi)", "'fi'"),
    ("a{2}+", "'{…}'"), ("a**", "two repetitions"), ("*a", "nothing before"), ("(a", "without ')'"),
    ("a)", "without '('"), ("[z-a]", "ends before it begins"), (#"\b"#, #"'\b'"#), ("[]", "empty"),
    (#"\1"#, #"'\1'"#), ("a\\", "breaks off"), ("(((a{9}){9}){9}){9}", "more than 1000 parts"),
  ])
  func refusesOtherExpressions(_ pattern: String, _ words: String) throws {
    let step: [String: Any] = [
      "type": "Split", "behavior": "Isolated", "invert": false, "pattern": ["Regex": pattern],
    ]
    var file = try #require(
      try JSONSerialization.jsonObject(with: FamilyTokenizer.file("olmo2")) as? [String: Any])
    let bytes: [String: Any] = ["type": "ByteLevel", "use_regex": false, "add_prefix_space": false]
    file["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": [step, bytes]]
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(huggingFace: JSONSerialization.data(withJSONObject: file))
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  /// Runs that match in the end only take no quadratic time.
  @Test func longRunsTakeNoQuadraticTime() throws {
    let tokenizer = try Tokenizer(huggingFace: FamilyTokenizer.file("deepseek"))
    let duration = processorTime {
      let ids = tokenizer.encode(String(repeating: " ", count: 100_000) + "x")
      #expect(tokenizer.decode(ids).utf8.count == 100_001)
    }
    #expect(duration < .seconds(10))
  }
}
