import ArgumentParser
import Base
import Foundation
import Model

/// `warmup models [PATH…]`.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the families of models that are read, or look into models.",
    discussion: """
      Without a path: each family with its model_type in config.json, how it differs from Llama, \
      and models of it. With paths: what each model is, or why it cannot be read; weights are not \
      read. Ends with 1 if one cannot.
      """)

  @Argument(help: "Hugging Face folders or GGUF files to look into.", completion: .file())
  var paths: [String] = []

  @Flag(help: "Print JSON: an object per family or model.")
  var json = false

  func run() throws {
    guard !paths.isEmpty else {
      let families = ModelConfiguration.Architecture.allCases
      return json
        ? try StandardOutput.writeJSON(JSONValue.array(families.map(\.json)).prettyText)
        : try StandardOutput.write(families.map(\.text).joined(separator: "\n") + Self.needs)
    }
    let found = paths.map { LookedInto(path: $0) }
    if json {
      try StandardOutput.writeJSON(JSONValue.array(found.map(\.json)).prettyText)
    } else {
      try StandardOutput.write(found.map { $0.text + "\n" }.joined())
    }
    if found.contains(where: { $0.overview == nil }) { throw ExitCode(1) }
  }

  private static let needs = """

    Each is read from a Hugging Face folder: config.json, a tokenizer, *.safetensors (float32,
    float16 or bfloat16). Not read: quantised folders, mixtures of experts, models for images, and
    *.bin files. 'warmup models PATH' says whether a certain model is.

    """
}

extension ModelConfiguration.Architecture {
  fileprivate var text: String {
    """
    \(family.name)  (model_type \(rawValue)\(family.isReadFromGGUF ? "; also from GGUF files" : ""))
      \(family.traits)
      such as \(family.examples.joined(separator: ", "))

    """
  }

  fileprivate var json: JSONValue {
    [
      "family": .string(family.name), "model_type": .string(rawValue),
      "traits": .string(family.traits), "gguf": .boolean(family.isReadFromGGUF),
      "examples": .array(family.examples.map { .string($0) }),
    ]
  }
}

/// A model at a path, or why it cannot be read.
private struct LookedInto {
  let path: String
  let overview: ModelOverview?
  private let problem: String

  init(path: String) {
    self.path = path
    do {
      let url = URL(fileURLWithPath: path)
      try RegularFile.check(url)
      overview = try ModelOverview(contentsOf: url)
      problem = ""
    } catch {
      overview = nil
      problem = sentence(for: error)
    }
  }

  var text: String {
    guard let overview else { return "\(path)  cannot be read: \(problem)" }
    let c = overview.configuration
    let tokenizer = overview.tokens.map { "\($0) tokens" } ?? "no tokenizer"
    return "\(path)  \(c.architecture.family.name), \(overview.parameterCount) parameters, "
      + "\(c.layerCount) layers, \(c.contextLength) positions, \(tokenizer)"
  }

  var json: JSONValue {
    guard let overview else { return ["path": .string(path), "problem": .string(problem)] }
    let c = overview.configuration
    return [
      "path": .string(path), "model_type": .string(c.architecture.rawValue),
      "parameters": .integer(overview.parameterCount), "layers": .integer(c.layerCount),
      "context": .integer(c.contextLength),
      "tokens": overview.tokens.map { .integer($0) } ?? .null,
    ]
  }
}
