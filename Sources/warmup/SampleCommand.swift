import ArgumentParser
import Base
import Foundation
import Model
import Runner
import Stages
import Tasks

#if canImport(Glibc)
  import Glibc
#endif

/// `warmup sample RECIPE INSTANCE …`, or `warmup sample MODEL …`.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Let models complete prompts: those of a recipe, or any that can be read.",
    discussion: """
      Prompts come from --prompt, or line by line from standard input; with --template a line is the \
      question. Each completion is printed as it grows. Several models answer one after the other with \
      the same random numbers, and the same seed gives the same completions.

      With --jsonl a line of input is an object with the fields of a problem, or "prompt", and a line of \
      output is a completion.
      """)

  @Argument(
    help: "A recipe or a packed file, a Hugging Face folder or a GGUF file.", completion: .file())
  var source: String

  @Argument(
    help: "The recipe's instances that made the models, such as 'warmed'; or more models.")
  var more: [String] = []

  @OptionGroup var place: ResultOptions

  @Option(
    name: .customLong("prompt"), parsing: .singleValue,
    help: ArgumentHelp("A prompt. May be repeated.", valueName: "text"))
  var prompts: [String] = []

  @Option(help: "A prompt template, such as short or math_short.")
  var template: String?

  @Option(help: "Completions per prompt and model.") var samples = 1
  @Option(help: "Divides the logits; 0 is greedy.") var temperature = 0.7
  @Option(help: "Least probability mass to sample from.") var topP = 0.95
  @Option(help: "Most tokens to sample from; 0 is all.") var topK = 0
  @Option(help: "Longest completion, in tokens.") var maxTokens = 256
  @Option(help: "Seed of the random numbers.") var seed = 42

  @Option(
    name: .customLong("stop"), parsing: .singleValue,
    help: ArgumentHelp("A text that ends a completion. May be repeated.", valueName: "text"))
  var stop: [String] = []

  @Flag(help: "Print log p of each token below the completion.") var logProbabilities = false
  @Flag(help: "Read and write JSON Lines.") var jsonl = false

  @Option(help: "How many threads to use. Cannot change a completion.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    for (name, value) in [("samples", samples), ("max-tokens", maxTokens), ("threads", threads)]
    where value < 1 {
      throw ValidationError("--\(name) must be at least 1")
    }
    guard (0...10).contains(temperature) else {
      throw ValidationError("--temperature must be between 0 and 10")
    }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be above 0, at most 1") }
    guard topK >= 0 else { throw ValidationError("--top-k must be at least 0") }
    if isRecipe, more.isEmpty {
      throw ValidationError(
        "name an instance that made a model, such as 'warmed'; 'warmup status \(source)' lists them"
      )
    }
  }

  func run() throws {
    let template = try template.map(PromptTemplate.named)
    let pool = try WorkerPool(reserving: threads)
    let models = try self.models(pool)
    let width = models.map(\.name.count).max() ?? 0
    func answer(_ row: [String: JSONValue]) throws {
      let prompt = try template?.render(row) ?? row.text("prompt", for: "a line")
      for sample in 0..<samples {
        for model in models { try complete(prompt, by: model, sample: sample, width: width) }
      }
    }
    if !prompts.isEmpty {
      for prompt in prompts { try answer(Self.row(prompt)) }
      return
    }
    var lines = StandardInputLines()
    ask()
    while let batch = try lines.next() {
      for line in batch where !line.bytes.isEmpty { try answer(row(of: line)) }
      ask()
    }
  }

  private var isRecipe: Bool { Self.isRecipe(source) }

  /// Whether models come from the results of a recipe.
  static func isRecipe(_ source: String) -> Bool {
    let url = URL(fileURLWithPath: source)
    return ["yaml", "yml"].contains(url.pathExtension) || PackedFile.isPacked(url)
  }

  private func models(_ pool: WorkerPool) throws -> [PromptedModel] {
    var sampling = SamplingParameters()
    sampling.temperature = temperature
    sampling.topP = topP
    sampling.topK = topK
    sampling.maxTokens = maxTokens
    sampling.batchSize = 1
    func prompted(_ name: String, _ model: ModelArtifact) -> PromptedModel {
      PromptedModel(name, model, sampling, stopStrings: stop, pool: pool)
    }
    guard isRecipe else {
      return try ([source] + more).map { path in
        let url = URL(fileURLWithPath: path)
        let model = try OpenedModel(ModelSource(contentsOf: url), from: url, as: .float32)
        return prompted(url.lastPathComponent, try ModelArtifact(model))
      }
    }
    let workspace = try Workspace(try place.options(for: source))
    return try more.map { name in
      let (item, file) = try workspace.modelFile(of: name)
      return prompted(item.instance.name, try ModelArtifact(contentsOf: file))
    }
  }

  /// Waits for somebody who types.
  private func ask() {
    if isatty(STDIN_FILENO) == 1, !jsonl { StandardOutput.writeError("> ") }
  }

  private static func row(_ text: String) -> [String: JSONValue] {
    ["prompt": .string(text), "question": .string(text)]
  }

  private func row(of line: StandardInputLines.Line) throws -> [String: JSONValue] {
    guard jsonl else {
      guard let text = String(validating: line.bytes, as: UTF8.self) else {
        throw ValidationError("line \(line.number) is not UTF-8")
      }
      return Self.row(text)
    }
    guard let row = try? JSONValue(parsing: Data(line.bytes)).object else {
      throw ValidationError("line \(line.number) is not a JSON object")
    }
    return row
  }

  private func complete(
    _ prompt: String, by model: PromptedModel, sample: Int, width: Int
  ) throws {
    if jsonl {
      let completion = try model.complete(prompt, seed: seed, sample: sample) { _ in }
      return try StandardOutput.writeJSON(json(prompt, model, sample, completion).text + "\n")
    }
    if more.count > (Self.isRecipe(source) ? 1 : 0) || samples > 1 {
      let number = samples > 1 ? "  sample \(sample + 1)" : ""
      try StandardOutput.write(
        "--- \(AlignedText.padded(model.name, to: width))\(number)".replacing(/[ ]+$/, with: "")
          + "\n")
    }
    let completion = try model.complete(
      prompt, seed: seed, sample: sample, onText: StandardOutput.write)
    try StandardOutput.write("\n")
    if completion.isTruncated {
      StandardOutput.writeError("(cut off at \(completion.tokens.count) tokens)\n")
    }
    if logProbabilities { try StandardOutput.write(tokenLines(model, completion)) }
  }

  private func tokenLines(_ model: PromptedModel, _ completion: SampledText) -> String {
    let rows = zip(completion.logProbabilities, model.pieces(of: completion)).map {
      [String(format: "%.3f", $0), $1.debugDescription]
    }
    return AlignedText.lines(rows) { $0 == 0 }.map { "  \($0)\n" }.joined()
  }

  private func json(
    _ prompt: String, _ model: PromptedModel, _ sample: Int, _ completion: SampledText
  ) -> JSONValue {
    var object: [String: JSONValue] = [
      "model": .string(model.name), "sample": .integer(sample), "prompt": .string(prompt),
      "completion": .string(completion.text), "tokens": .integer(completion.tokens.count),
      "truncated": .boolean(completion.isTruncated),
    ]
    if logProbabilities {
      object["token_texts"] = .array(model.pieces(of: completion).map { .string($0) })
      object["log_probabilities"] = .array(
        completion.logProbabilities.map { .number(Double($0)) })
    }
    return .object(object)
  }
}
