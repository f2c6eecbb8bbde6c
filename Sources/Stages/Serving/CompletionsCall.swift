import Base
import Foundation
import Model

/// What `POST /v1/completions` asks for, as OpenAI's interface and vLLM's additions have it. A field that
/// would change completions and that the engine does not have must be at its neutral value: nothing is
/// ignored silently.
struct CompletionsCall {
  let prompt: [Int32]
  var sampling = SamplingParameters()
  private(set) var count = 1
  /// Random where the client says nothing.
  private(set) var seed = UInt64.random(in: 0..<1 << 63)
  private(set) var stopStrings: [String] = []
  private(set) var wantsLogProbabilities = false
  private(set) var wantsTokens = false
  private(set) var isStreamed = false

  private static let greatestCount = 128
  /// What must be as said, where a client sends it at all.
  private static let neutral: [String: [JSONValue]] = [
    "min_p": [0], "repetition_penalty": [1], "presence_penalty": [0], "frequency_penalty": [0],
    "best_of": [1], "echo": [.boolean(false)], "suffix": [""], "logit_bias": [[:]],
    "stream_options": [], "user": [],
  ]

  /// - Parameter name: the model's.
  /// - Throws: `HTTPFault`.
  init(_ json: JSONValue, name: String, _ vocabulary: PromptTokenizer) throws(HTTPFault) {
    guard let fields = json.object else { throw HTTPFault(400, "the body is not a JSON object") }
    var reader = FieldReader(fields)
    if let asked = try reader.text("model"), asked != name {
      throw HTTPFault(404, "there is no model '\(asked)'; this one is '\(name)'", field: "model")
    }
    prompt = try Self.prompt(reader.take("prompt"), vocabulary)
    sampling.maxTokens = try reader.integer("max_tokens", in: 1...Int(Int32.max)) ?? 16
    sampling.temperature = try reader.number("temperature", in: 0...10) ?? 1
    sampling.topP = try reader.number("top_p", in: 0...1) ?? 1
    // -1 is SGLang's and once was vLLM's word for all.
    sampling.topK = max(0, try reader.integer("top_k", in: -1...Int(Int32.max)) ?? 0)
    count = try reader.integer("n", in: 1...Self.greatestCount) ?? 1
    if let seed = try reader.integer("seed", in: Int.min...Int.max) {
      self.seed = UInt64(bitPattern: Int64(seed))
    }
    stopStrings = try Self.stopStrings(reader.take("stop"))
    wantsLogProbabilities = try reader.integer("logprobs", in: 0...1) != nil
    wantsTokens = try reader.boolean("return_token_ids") ?? false
    isStreamed = try reader.boolean("stream") ?? false
    for (name, values) in Self.neutral.sorted(by: { $0.key < $1.key }) {
      try reader.expect(name, values)
    }
    try reader.finish()
    try check(vocabulary)
  }

  private func check(_ vocabulary: PromptTokenizer) throws(HTTPFault) {
    guard sampling.topP > 0 else { throw HTTPFault(400, "top_p must be above 0", field: "top_p") }
    guard !isStreamed || count == 1 else {
      throw HTTPFault(400, "a stream has one completion; leave 'n' out", field: "n")
    }
    let context = vocabulary.configuration.contextLength
    guard sampling.maxTokens <= context - prompt.count else {
      throw HTTPFault(
        400,
        "the prompt has \(prompt.count) tokens; with max_tokens \(sampling.maxTokens) it does not fit "
          + "the model's context of \(context)", field: "max_tokens")
    }
  }

  private static func prompt(
    _ value: JSONValue?, _ vocabulary: PromptTokenizer
  ) throws(HTTPFault) -> [Int32] {
    switch value {
    case .string(let text)?:
      let tokens: [Int32]
      do { tokens = try vocabulary.tokens(ofPrompt: text) } catch {
        throw HTTPFault(400, "\(error)", field: "prompt")
      }
      return try nonEmpty(tokens)
    case .array(let values)? where values.count == 1 && values[0].integer == nil:
      return try prompt(values[0], vocabulary)
    case .array(let values)?:
      let size = vocabulary.configuration.vocabularySize
      let tokens = values.compactMap { value -> Int32? in
        guard case .integer(let id) = value, (0..<size).contains(id) else { return nil }
        return Int32(id)
      }
      guard tokens.count == values.count else {
        throw HTTPFault(
          400, "token ids are integers from 0 to \(size - 1); ask for one prompt at a time",
          field: "prompt")
      }
      return try nonEmpty(tokens)
    default: throw HTTPFault(400, "'prompt' must be a text or a list of token ids", field: "prompt")
    }
  }

  private static func nonEmpty(_ tokens: [Int32]) throws(HTTPFault) -> [Int32] {
    guard !tokens.isEmpty else { throw HTTPFault(400, "the prompt has no tokens", field: "prompt") }
    return tokens
  }

  private static func stopStrings(_ value: JSONValue?) throws(HTTPFault) -> [String] {
    let values = value?.array ?? value.map { [$0] } ?? []
    let texts = values.compactMap(\.string).filter { !$0.isEmpty }
    guard texts.count == values.count, texts.count <= 16 else {
      throw HTTPFault(400, "'stop' must be a text or at most 16 of them", field: "stop")
    }
    return texts
  }

  /// The request for the engine. The same seed draws the same random numbers, whatever else is asked.
  func request(onTokens: (@Sendable ([Int32]) -> Bool)? = nil) -> ServedRequest {
    let streams = (0..<count).map { RandomStream(seed: seed, "serve", $0) }
    return ServedRequest(
      prompt: SamplingRequest(prompt: prompt, streams: streams), sampling,
      stopStrings: stopStrings, onTokens: onTokens)
  }
}

/// Takes the fields of a request one by one; null counts as not there.
private struct FieldReader {
  private var fields: [String: JSONValue]

  init(_ fields: [String: JSONValue]) { self.fields = fields.filter { $0.value != .null } }

  mutating func take(_ name: String) -> JSONValue? { fields.removeValue(forKey: name) }

  mutating func text(_ name: String) throws(HTTPFault) -> String? {
    try take(name).map { value throws(HTTPFault) in
      guard let text = value.string else {
        throw HTTPFault(400, "'\(name)' must be a text", field: name)
      }
      return text
    }
  }

  mutating func boolean(_ name: String) throws(HTTPFault) -> Bool? {
    try take(name).map { value throws(HTTPFault) in
      guard let flag = value.boolean else {
        throw HTTPFault(400, "'\(name)' must be true or false", field: name)
      }
      return flag
    }
  }

  mutating func number(
    _ name: String, in range: ClosedRange<Double>
  ) throws(HTTPFault) -> Double? {
    try take(name).map { value throws(HTTPFault) in
      guard let number = value.number, range.contains(number) else {
        throw HTTPFault(
          400, "'\(name)' must be a number from \(range.lowerBound) to \(range.upperBound)",
          field: name)
      }
      return number
    }
  }

  mutating func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(HTTPFault) -> Int? {
    try take(name).map { value throws(HTTPFault) in
      guard let number = value.integer, range.contains(number) else {
        throw HTTPFault(
          400,
          "'\(name)' must be an integer from \(range.lowerBound) to \(range.upperBound)",
          field: name)
      }
      return number
    }
  }

  /// Takes a field that must have one of some values, or any where there are none.
  mutating func expect(_ name: String, _ values: [JSONValue]) throws(HTTPFault) {
    guard let value = take(name), !values.isEmpty else { return }
    let isNeutral = values.contains {
      $0 == value || ($0.number != nil && $0.number == value.number)
    }
    guard isNeutral else {
      throw HTTPFault(
        400, "'\(name)' is not known to this engine; leave it out, or send \(values[0].text)",
        field: name)
    }
  }

  /// Makes sure that all fields have been taken.
  func finish() throws(HTTPFault) {
    guard let name = fields.keys.min() else { return }
    throw HTTPFault(400, "'\(name)' is not known to this server; leave it out", field: name)
  }
}
