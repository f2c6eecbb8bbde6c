import Foundation

extension Tokenizer {
  /// The tokenizer as a tokenizer.json, which transformers reads and `init(huggingFace:)` gives
  /// back without loss. Equal tokenizers give equal bytes.
  public var huggingFace: Data {
    let added = addedTokens.all.map { token in
      #"{"id": \#(token.id), "content": \#(JSONText.quoted(token.text)), "single_word": false, "#
        + #""lstrip": false, "rstrip": false, "normalized": \#(token.isNormalised), "#
        + #""special": \#(token.isSpecial)}"#
    }
    let entries: [(String, String)] = [
      ("version", #""1.0""#),
      ("truncation", "null"),
      ("padding", "null"),
      ("added_tokens", Self.lines(added, "[", "]")),
      ("normalizer", normalises ? #"{"type": "NFC"}"# : "null"),
      ("pre_tokenizer", preTokenizer.huggingFace),
      ("post_processor", "null"),
      (
        "decoder",
        #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#
      ),
      ("model", model),
    ]
    return Data(JSONText.object(entries).utf8)
  }

  private var model: String {
    let tokens = (0..<Int32(vocabulary.count)).filter { !vocabulary.bytes(of: $0).isEmpty }
    let vocab = tokens.map { "\(JSONText.quoted(vocabulary.written($0))): \($0)" }
    let merges = mergePairs.map {
      JSONText.quoted("\(vocabulary.written($0.left)) \(vocabulary.written($0.right))")
    }
    return #"{"type": "BPE", "dropout": null, "unk_token": null, "#
      + #""continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false, "#
      + #""byte_fallback": false, "ignore_merges": \#(ignoresMerges), "#
      + "\"vocab\": \(Self.lines(vocab, "{", "}")), \"merges\": \(Self.lines(merges, "[", "]"))}"
  }

  private static func lines(_ elements: [String], _ open: String, _ close: String) -> String {
    elements.isEmpty ? open + close : "\(open)\n\(elements.joined(separator: ",\n"))\n\(close)"
  }
}
