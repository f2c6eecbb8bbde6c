/// A normaliser or pre-tokenizer as tokenizer.json writes it.
struct TokenizerStep: Decodable {
  struct Pattern: Decodable {
    let regex: String?

    enum CodingKeys: String, CodingKey { case regex = "Regex" }
  }

  let type: String
  let normalisers: [TokenizerStep]?
  let preTokenizers: [TokenizerStep]?
  let individualDigits: Bool?
  let usesRegex: Bool?
  let addsPrefixSpace: Bool?
  let pattern: Pattern?
  let behaviour: String?
  let isInverted: Bool?

  enum CodingKeys: String, CodingKey {
    case type, pattern
    case normalisers = "normalizers"
    case preTokenizers = "pretokenizers"
    case individualDigits = "individual_digits"
    case usesRegex = "use_regex"
    case addsPrefixSpace = "add_prefix_space"
    case behaviour = "behavior"
    case isInverted = "invert"
  }

  /// The steps of a sequence, or this one.
  var steps: [TokenizerStep] {
    type == "Sequence" ? (preTokenizers ?? normalisers ?? []).flatMap(\.steps) : [self]
  }

  /// What the step does, if it is one that is known.
  var action: Action? {
    switch type {
    case "ByteLevel" where addsPrefixSpace != true:
      return usesRegex == false ? .bytes : .splitAsGPT2
    case "Digits" where individualDigits == true: return .digits
    case "Split" where behaviour == "Isolated" && isInverted != true:
      if pattern?.regex == TokenizerStep.qwen2Pattern { return .splitAsQwen2 }
      return pattern?.regex == TokenizerStep.gpt2Pattern ? .splitAsGPT2 : nil
    default: return nil
    }
  }

  enum Action {
    case bytes, digits, splitAsGPT2, splitAsQwen2
  }

  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let qwen2Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
}

extension TokenizerFile {
  /// Whether texts are brought into NFC first.
  func normalises(path: String) throws -> Bool {
    guard let steps = normaliser?.steps else { return false }
    guard steps.allSatisfy({ $0.type == "NFC" }) else {
      throw TokenizerError.unsupported(
        path: path, feature: "the normaliser \(steps.map(\.type).joined(separator: ", "))",
        supported: "none, NFC")
    }
    return !steps.isEmpty
  }

  /// The scanner that does what the file's pre-tokenizers do.
  func knownPreTokenizer(path: String) throws -> PreTokenizer {
    let steps = preTokenizer?.steps ?? []
    switch steps.map(\.action) {
    case [.splitAsGPT2], [.splitAsGPT2, .bytes]: return .gpt2
    case [.digits, .splitAsGPT2], [.digits, .splitAsGPT2, .bytes]: return .digitsThenGPT2
    case [.splitAsQwen2, .bytes]: return .qwen2
    default:
      let names = steps.isEmpty ? "none" : steps.map(\.type).joined(separator: ", ")
      throw TokenizerError.unsupported(
        path: path, feature: "the pre-tokenizer \(names) with its settings",
        supported: "those of GPT-2, SmolLM2 and Qwen2")
    }
  }
}

extension PreTokenizer {
  /// The pre-tokenizer as tokenizer.json writes it.
  var huggingFace: String {
    func byteLevel(_ usesRegex: Bool) -> String {
      #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "#
        + #""use_regex": \#(usesRegex)}"#
    }
    func sequence(_ first: String, _ second: String) -> String {
      #"{"type": "Sequence", "pretokenizers": [\#(first), \#(second)]}"#
    }
    switch self {
    case .gpt2: return byteLevel(true)
    case .digitsThenGPT2:
      return sequence(#"{"type": "Digits", "individual_digits": true}"#, byteLevel(true))
    case .qwen2:
      let pattern = JSONText.quoted(TokenizerStep.qwen2Pattern)
      let split =
        #"{"type": "Split", "pattern": {"Regex": \#(pattern)}, "behavior": "Isolated", "#
        + #""invert": false}"#
      return sequence(split, byteLevel(false))
    }
  }
}
