import Foundation

extension Tokenizer {
  /// The tokenizer as a tokenizer.json, which transformers reads and `init(huggingFace:)` gives
  /// back without loss. Equal tokenizers give equal bytes.
  package var huggingFace: Data {
    let entries: [(String, String)] = [
      ("version", #""1.0""#),
      ("truncation", "null"),
      ("padding", "null"),
      ("added_tokens", Self.lines(addedTokens.all.map(\.json), "[", "]")),
      ("normalizer", Self.sequence(rules.normaliser.map(\.json), "normalizers")),
      ("pre_tokenizer", Self.sequence(rules.preTokenizer.steps.map(\.json), "pretokenizers")),
      ("post_processor", postProcessor),
      ("decoder", decoder),
      ("model", model),
    ]
    return Data(JSONText.object(entries).utf8)
  }

  private static func sequence(_ steps: [String], _ key: String) -> String {
    switch steps.count {
    case 0: "null"
    case 1: steps[0]
    default: #"{"type": "Sequence", "\#(key)": \#(JSONText.list(steps))}"#
    }
  }

  private var postProcessor: String {
    if begin.isEmpty { return "null" }
    let texts = begin.map { JSONText.quoted(vocabulary.written($0)) }
    let tokens = texts.map { #"{"SpecialToken": {"id": \#($0), "type_id": 0}}"# }
    let text = #"{"Sequence": {"id": "A", "type_id": 0}}"#
    let second = #"{"Sequence": {"id": "B", "type_id": 1}}"#
    let known = zip(texts, begin).map { text, id in
      #"\#(text): {"id": \#(text), "ids": [\#(id)], "tokens": [\#(text)]}"#
    }
    return #"{"type": "TemplateProcessing", "single": \#(JSONText.list(tokens + [text])), "#
      + #""pair": \#(JSONText.list(tokens + [text, second])), "#
      + #""special_tokens": {\#(known.uniqued().joined(separator: ", "))}}"#
  }

  private var decoder: String {
    guard rules.alphabet == .characters else {
      return
        #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#
    }
    let steps =
      [
        #"{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}"#,
        #"{"type": "ByteFallback"}"#, #"{"type": "Fuse"}"#,
      ]
      + (rules.dropsFirstBlank
        ? [#"{"type": "Strip", "content": " ", "start": 1, "stop": 0}"#] : [])
    return Self.sequence(steps, "decoders")
  }

  private var model: String {
    let tokens = (0..<Int32(vocabulary.count)).filter { !vocabulary.bytes(of: $0).isEmpty }
    let vocab = tokens.map { "\(JSONText.quoted(vocabulary.written($0))): \($0)" }
    let isBytes = rules.alphabet == .bytes
    let merges = mergePairs.map { pair in
      let (left, right) = (vocabulary.written(pair.left), vocabulary.written(pair.right))
      return isBytes
        ? JSONText.quoted("\(left) \(right)")
        : JSONText.list([JSONText.quoted(left), JSONText.quoted(right)])
    }
    return #"{"type": "BPE", "dropout": null, "unk_token": null, "#
      + #""continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false, "#
      + #""byte_fallback": \#(!isBytes), "ignore_merges": \#(rules.ignoresMerges), "#
      + "\"vocab\": \(Self.lines(vocab, "{", "}")), \"merges\": \(Self.lines(merges, "[", "]"))}"
  }

  private static func lines(_ elements: [String], _ open: String, _ close: String) -> String {
    elements.isEmpty ? open + close : "\(open)\n\(elements.joined(separator: ",\n"))\n\(close)"
  }
}

extension AddedToken {
  fileprivate var json: String {
    #"{"id": \#(id), "content": \#(JSONText.quoted(text)), "single_word": \#(isSingleWord), "#
      + #""lstrip": \#(takesSpaceBefore), "rstrip": \#(takesSpaceBehind), "#
      + #""normalized": \#(isNormalised), "special": \#(isSpecial)}"#
  }
}

extension NormaliserStep {
  fileprivate var json: String {
    switch self {
    case .nfc: #"{"type": "NFC"}"#
    case .prepend(let text): #"{"type": "Prepend", "prepend": \#(JSONText.quoted(text))}"#
    case .replace(let old, let new):
      #"{"type": "Replace", "pattern": {"String": \#(JSONText.quoted(old))}, "#
        + #""content": \#(JSONText.quoted(new))}"#
    }
  }
}

extension PreTokenizer.Step {
  fileprivate var json: String {
    switch self {
    case .split(let expression, let isLiteral, let behaviour, let isInverted):
      return #"{"type": "Split", "pattern": {"\#(isLiteral ? "String" : "Regex")": "#
        + #"\#(JSONText.quoted(expression.pattern))}, "behavior": "\#(behaviour.rawValue)", "#
        + #""invert": \#(isInverted)}"#
    case .digits(let individual):
      return #"{"type": "Digits", "individual_digits": \#(individual)}"#
    case .punctuation(let behaviour):
      return #"{"type": "Punctuation", "behavior": "\#(behaviour.rawValue)"}"#
    case .byteLevel(let cuts):
      return #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "#
        + #""use_regex": \#(cuts)}"#
    case .metaspace(let prefix, let cuts):
      return #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "\#(prefix.rawValue)", "#
        + #""split": \#(cuts)}"#
    }
  }
}

extension Array where Element: Hashable {
  /// The elements without repetitions, in their order.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
