import Foundation
import Model
import Testing

/// One model of the reference folder. The folder's README says how its numbers were made.
struct ReferenceModel: Sendable, CustomTestStringConvertible {
  let folder: URL

  var testDescription: String { folder.lastPathComponent }

  /// `WARMUP_REFERENCE`, or `../shared/fixtures/reference` beside the package.
  static let root: URL = {
    if let path = ProcessInfo.processInfo.environment["WARMUP_REFERENCE"] {
      return URL(fileURLWithPath: path)
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../shared/fixtures/reference").standardizedFileURL
  }()

  /// All folders with a config.json, by name; empty without the reference folder.
  static let all: [ReferenceModel] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { ReferenceModel(folder: root.appendingPathComponent($0)) }
      .filter { $0.has("config.json") }
  }()

  static let skipReason: Comment =
    "Set WARMUP_REFERENCE to the folder of reference numbers to check the engine against them."

  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url(name).path) }

  func tensors(_ name: String) throws -> ReferenceTensors { try ReferenceTensors(url(name)) }

  func json(_ name: String) throws -> ReferenceJSON { try ReferenceJSON(url(name)) }

  func weights() throws -> Weights {
    let config = try json("config.json")
    let isQwen = config["model_type"].text == "qwen2"
    let heads = config["num_attention_heads"].integer
    let weights = Weights(
      ModelConfiguration(
        architecture: isQwen ? .qwen2 : .llama, vocabularySize: config["vocab_size"].integer,
        hiddenSize: config["hidden_size"].integer,
        intermediateSize: config["intermediate_size"].integer,
        layerCount: config["num_hidden_layers"].integer, headCount: heads,
        keyValueHeadCount: config["num_key_value_heads"].integer,
        headSize: config["hidden_size"].integer / heads,
        contextLength: config["max_position_embeddings"].integer,
        ropeTheta: config["rope_theta"].number, normEpsilon: config["rms_norm_eps"].number,
        tiedEmbeddings: config["tie_word_embeddings"].flag, attentionBias: isQwen))
    let tensors = try tensors("model.safetensors")
    for entry in weights.layout.entries {
      weights.buffer[entry.offset..<entry.offset + entry.count] = try tensors.floats(entry.name)
    }
    return weights
  }
}

/// A JSON value whose shape the test knows: what is not there reads as NaN, 0, "" or [].
struct ReferenceJSON {
  private let value: Any?

  init(_ url: URL) throws {
    value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
  }

  private init(value: Any?) { self.value = value }

  subscript(key: String) -> ReferenceJSON {
    ReferenceJSON(value: (value as? [String: Any])?[key])
  }
  var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
  var elements: [ReferenceJSON] { (value as? [Any])?.map { ReferenceJSON(value: $0) } ?? [] }
  var number: Double { (value as? NSNumber)?.doubleValue ?? .nan }
  var integer: Int { (value as? NSNumber)?.intValue ?? 0 }
  var flag: Bool { (value as? NSNumber)?.boolValue ?? false }
  var text: String { value as? String ?? "" }
  var numbers: [Double] { elements.map(\.number) }
  var integers: [Int] { elements.map(\.integer) }
}
