import Foundation

/// A step of a tokenizer.json, of whatever sort.
struct TokenizerStep: Decodable {
  struct Pattern: Decodable {
    let expression: String?
    let literal: String?

    enum CodingKeys: String, CodingKey {
      case expression = "Regex"
      case literal = "String"
    }
  }

  /// A part of the template of a post-processor: a token, or the text.
  struct Part: Decodable {
    struct Name: Decodable { let id: String }

    let token: Name?
    let text: Name?

    enum CodingKeys: String, CodingKey {
      case token = "SpecialToken"
      case text = "Sequence"
    }
  }

  struct TemplateToken: Decodable { let ids: [Int32] }

  let type: String
  let normalisers: [TokenizerStep]?
  let preTokenizers: [TokenizerStep]?
  let processors: [TokenizerStep]?
  let decoders: [TokenizerStep]?
  let individualDigits: Bool?
  let usesExpression: Bool?
  let addsPrefixSpace: Bool?
  let pattern: Pattern?
  let behaviour: String?
  let isInverted: Bool?
  let content: String?
  let prefix: String?
  let replacement: String?
  let prependScheme: String?
  let cuts: Bool?
  let template: [Part]?
  let templateTokens: [String: TemplateToken]?
  let start: Int?
  let stop: Int?

  enum CodingKeys: String, CodingKey {
    case type, pattern, processors, decoders, content, replacement, start, stop
    case normalisers = "normalizers"
    case preTokenizers = "pretokenizers"
    case individualDigits = "individual_digits"
    case usesExpression = "use_regex"
    case addsPrefixSpace = "add_prefix_space"
    case behaviour = "behavior"
    case isInverted = "invert"
    case prefix = "prepend"
    case prependScheme = "prepend_scheme"
    case cuts = "split"
    case template = "single"
    case templateTokens = "special_tokens"
  }

  /// The steps of a sequence, or this one.
  var steps: [TokenizerStep] {
    guard type == "Sequence" else { return [self] }
    return (preTokenizers ?? normalisers ?? processors ?? decoders ?? []).flatMap(\.steps)
  }
}

extension TokenizerFile {
  /// What the file says of everything beside merging.
  /// - Throws: `TokenizerError.unsupported` for what is not known.
  func rules(path: String) throws -> TokenizerRules {
    let preTokenizer = try knownPreTokenizer(path: path)
    var rules = TokenizerRules(preTokenizer: preTokenizer)
    rules.normaliser = try (normaliser?.steps ?? []).map { step in
      guard let known = step.normaliserStep else {
        throw TokenizerError.unsupported(
          path: path, feature: "the normaliser \(step.type) with its settings",
          supported: "none, NFC, Prepend, Replace of a text")
      }
      return known
    }
    rules.ignoresMerges = model.ignoresMerges ?? false
    rules.alphabet = preTokenizer.isByteLevel ? .bytes : .characters
    if rules.alphabet == .characters { try addDecoder(to: &rules, path: path) }
    return rules
  }

  private func knownPreTokenizer(path: String) throws -> PreTokenizer {
    let found = preTokenizer?.steps ?? []
    let steps = try found.map { try $0.preTokenizerStep(path: path) }
    let preTokenizer = PreTokenizer(steps: steps)
    let isInOrder = steps.enumerated().allSatisfy { index, step in
      switch step {
      case .byteLevel: index == steps.count - 1
      case .metaspace: index == 0
      default: true
      }
    }
    guard isInOrder, preTokenizer.isByteLevel || model.byteFallback == true else {
      let names = found.isEmpty ? "none" : found.map(\.type).joined(separator: ", ")
      throw TokenizerError.unsupported(
        path: path, feature: "the pre-tokenizer \(names) in this order",
        supported: "ByteLevel at the end, or byte_fallback without it")
    }
    return preTokenizer
  }

  /// Vocabularies of characters say how their tokens become text again.
  private func addDecoder(to rules: inout TokenizerRules, path: String) throws {
    let steps = decoder?.steps ?? []
    var hasBlanks = false
    for step in steps {
      switch step.type {
      case "Replace" where step.pattern?.literal == "\u{2581}" && step.content == " ":
        hasBlanks = true
      case "ByteFallback", "Fuse": continue
      case "Strip" where step.content == " " && step.start == 1 && (step.stop ?? 0) == 0:
        rules.dropsFirstBlank = true
      default:
        throw TokenizerError.unsupported(
          path: path, feature: "the decoder \(step.type) with its settings",
          supported: "Replace of ▁, ByteFallback, Fuse, Strip of a blank in front")
      }
    }
    guard hasBlanks, steps.contains(where: { $0.type == "ByteFallback" }) else {
      throw TokenizerError.unsupported(
        path: path, feature: "no decoder that makes blanks of ▁ and bytes of <0x0A>",
        supported: "Replace of ▁, ByteFallback, Fuse, Strip of a blank in front")
    }
  }

  /// The tokens that the post-processor puts in front of a text.
  func begin(path: String) throws -> [Int32] {
    try (postProcessor?.steps ?? []).flatMap { step -> [Int32] in
      switch step.type {
      case "ByteLevel": return []
      case "TemplateProcessing": return try step.begin(path: path)
      default:
        throw TokenizerError.unsupported(
          path: path, feature: "the post-processor \(step.type)",
          supported: "ByteLevel, and TemplateProcessing with tokens in front of the text")
      }
    }
  }
}

extension TokenizerStep {
  fileprivate var normaliserStep: NormaliserStep? {
    switch type {
    case "NFC": return .nfc
    case "Prepend": return prefix.map { .prepend($0) }
    case "Replace":
      guard let old = pattern?.literal, !old.isEmpty, let content else { return nil }
      return .replace(old, with: content)
    default: return nil
    }
  }

  fileprivate func preTokenizerStep(path: String) throws -> PreTokenizer.Step {
    switch type {
    case "ByteLevel" where addsPrefixSpace != true: return .byteLevel(cuts: usesExpression != false)
    case "Digits": return .digits(individual: individualDigits ?? false)
    case "Punctuation":
      if let behaviour = known(behaviour ?? "Isolated") { return .punctuation(behaviour) }
    case "Split":
      if let behaviour = known(behaviour), let expression = try expression(path: path) {
        return .split(
          expression, isLiteral: pattern?.literal != nil, behaviour, isInverted: isInverted ?? false
        )
      }
    case "Metaspace" where replacement == "\u{2581}":
      let scheme = prependScheme ?? (addsPrefixSpace == false ? "never" : "always")
      if let prefix = PreTokenizer.Prefix(rawValue: scheme) {
        return .metaspace(prefix, cuts: cuts ?? true)
      }
    default: break
    }
    throw TokenizerError.unsupported(
      path: path, feature: "the pre-tokenizer \(type) with its settings",
      supported: "Split, Digits, Punctuation, Metaspace, ByteLevel without add_prefix_space")
  }

  private func known(_ behaviour: String?) -> PreTokenizer.Behaviour? {
    behaviour.flatMap(PreTokenizer.Behaviour.init)
  }

  private func expression(path: String) throws -> RegularExpression? {
    if let literal = pattern?.literal, !literal.isEmpty {
      return RegularExpression(literal: literal)
    }
    guard let text = pattern?.expression else { return nil }
    do {
      return try RegularExpression(text)
    } catch {
      throw TokenizerError.unsupported(
        path: path, feature: "the expression '\(text)' with \(error.feature)",
        supported: "the expressions of GPT-2, GPT-4, Llama 3, Qwen and DeepSeek, and their like")
    }
  }

  /// What comes before the text in a template. What comes behind it would end a prompt before its
  /// answer.
  fileprivate func begin(path: String) throws -> [Int32] {
    let parts = template ?? []
    guard let place = parts.firstIndex(where: { $0.text?.id == "A" }) else {
      throw TokenizerError.damaged(path: path, problem: "its post_processor leaves the text out")
    }
    if let odd = parts[(place + 1)...].first {
      let name = odd.token?.id ?? odd.text?.id ?? ""
      throw TokenizerError.unsupported(
        path: path, feature: "a post_processor that puts '\(name)' behind every text",
        supported: "tokens in front of the text, since a prompt would end before its answer")
    }
    return try parts[..<place].flatMap { part -> [Int32] in
      guard let ids = part.token.flatMap({ templateTokens?[$0.id]?.ids }) else {
        throw TokenizerError.damaged(path: path, problem: "its post_processor names no token")
      }
      return ids
    }
  }
}
