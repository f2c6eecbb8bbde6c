import Base
import Foundation
import Model
import Runner
import Tasks

/// What a result will hold, as far as it can be told before it is there.
package struct EstimatedData: Sendable {
  package var rows: Int?
  /// The most tokens of a completion, in traces by a language model.
  package var completionTokens: Int?
  package var model: ModelConfiguration?

  package init(rows: Int? = nil, completionTokens: Int? = nil, model: ModelConfiguration? = nil) {
    self.rows = rows
    self.completionTokens = completionTokens
    self.model = model
  }
}

/// What an instance will do and make, as far as it can be told before it runs.
package struct Estimate: Sendable {
  package var outputs: [String: EstimatedData] = [:]
  /// The work with a language model; nil where there is none.
  package var work: Work?
  /// What is not known that the work depends on, such as `how many problems there are`.
  package var unknown: String?
  /// The memory that the work takes; nil where it is not known or there is none.
  package var memory: EstimatedMemory?

  /// Neither work nor anything known of the outputs.
  package init() {}

  /// An output, and no work.
  static func output(_ name: String, _ content: EstimatedData) -> Estimate {
    var estimate = Estimate()
    estimate.outputs[name] = content
    return estimate
  }

  /// An output, and work that depends on something that is not known.
  static func output(
    _ name: String, _ content: EstimatedData, unknown: String
  ) -> Estimate {
    var estimate = output(name, content)
    estimate.unknown = unknown
    return estimate
  }
}

/// What a kind can look at to estimate its work.
package struct EstimateInputs {
  let contents: [String: EstimatedData]
  /// How many tokens completions are taken to have; nil for as many as they may.
  let meanTokens: Int?
  let folders: DataFolders
  var threads = Self.processorCount

  /// Files are read to find it out.
  private static let processorCount = ProcessInfo.processInfo.activeProcessorCount

  subscript(port: String) -> EstimatedData { contents[port] ?? EstimatedData() }

  /// The tokens of a completion that may have `limit`.
  func tokens(limit: Int) -> Int { min(limit, meanTokens ?? limit) }
}

/// A kind of which it can be told, before it runs, how much work it will be.
package protocol EstimatedStage: Stage {
  func estimate(_ inputs: EstimateInputs) -> Estimate
}

extension KnightsAndKnavesStage: EstimatedStage {
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .output("problems", EstimatedData(rows: parameters.people.count * parameters.count))
  }
}

extension MiniatureProblemsStage: EstimatedStage {
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .output("problems", EstimatedData(rows: parameters.count))
  }
}

extension DatasetStage: EstimatedStage {
  /// The rows of the file where it is at hand, else those that are asked for, else those that the
  /// published file has, which is too many where a recipe takes only some of its values.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .output("problems", EstimatedData(rows: rows(in: inputs.folders)))
  }

  private func rows(in folders: DataFolders) -> Int? {
    if let take = parameters.take, parameters.each == nil { return take }
    if let files = parameters.rows.filesAtHand(in: folders), let table = try? table(from: files) {
      return table.count
    }
    return BenchmarkFile.at(parameters.source)?.rows
  }
}

extension SplitStage: EstimatedStage {
  /// The side whose number is given, and the rest.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let all = inputs["problems"].rows
    let listed = parameters.testIDs.isEmpty ? nil : parameters.testIDs.count
    let isEach = parameters.each != nil
    let test = isEach ? nil : parameters.test ?? listed
    let train = isEach ? nil : parameters.train
    func rest(_ side: Int?) -> Int? { side.flatMap { side in all.map { max(0, $0 - side) } } }
    var estimate = Estimate()
    estimate.outputs["train"] = EstimatedData(rows: train ?? rest(test) ?? all)
    estimate.outputs["test"] = EstimatedData(rows: test ?? rest(train) ?? all)
    return estimate
  }
}

extension WriteTextsStage: EstimatedStage {
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .output("texts", EstimatedData(rows: parameters.count))
  }
}

extension ReadTracesStage: EstimatedStage {
  /// The rows of the file where it is at hand, else those that are asked for.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let files = parameters.rows.filesAtHand(in: inputs.folders)
    let rows = files.flatMap { try? table(from: $0).count } ?? parameters.take
    return .output("traces", EstimatedData(rows: rows))
  }
}

extension MixStage: EstimatedStage {
  /// What is asked for, else all that is bound.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let rows = inputs.contents.compactMapValues(\.rows)
    let isKnown = rows.count == inputs.contents.count
    let all = isKnown ? rows.values.reduce(0, +) : nil
    let tokens = inputs.contents.values.compactMap(\.completionTokens).max()
    return .output(
      "rows", EstimatedData(rows: parameters.shares.total ?? all, completionTokens: tokens))
  }
}

extension ConcatStage: EstimatedStage {
  /// All that is bound.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let rows = inputs.contents.compactMapValues(\.rows)
    let all = rows.count == inputs.contents.count ? rows.values.reduce(0, +) : nil
    let tokens = inputs.contents.values.compactMap(\.completionTokens).max()
    return .output("rows", EstimatedData(rows: all, completionTokens: tokens))
  }
}

extension FilterStage: EstimatedStage {
  /// At most all that is bound.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let names = Self.inputs.map(\.name)
    let rows = inputs.contents.first { !names.contains($0.key) }?.value ?? EstimatedData()
    return .output(
      "rows", EstimatedData(rows: rows.rows, completionTokens: rows.completionTokens))
  }
}

extension PretrainedModelStage: EstimatedStage {
  /// The sizes in the folder's config.json, else those that are known of a published model.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let folder = (try? DataSource(parsing: parameters.source))?.fileAtHand(in: inputs.folders)
    let config = folder.flatMap { try? RegularFile.contents(of: $0.appending(path: "config.json")) }
    let model =
      config.flatMap { try? ModelConfiguration(huggingFaceConfig: $0) }
      ?? PublishedModel.at(parameters.source)?.configuration
    return .handingOn(model, as: parameters.precision)
  }
}

extension ScratchModelStage: EstimatedStage {
  /// The sizes that are asked for; the vocabulary can only become smaller.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let model = ModelConfiguration(
      architecture: .llama, vocabularySize: parameters.vocabulary, hiddenSize: parameters.hidden,
      intermediateSize: parameters.intermediate, layerCount: parameters.layers,
      headCount: parameters.heads, keyValueHeadCount: parameters.keyValueHeads,
      headSize: parameters.hidden / parameters.heads, contextLength: parameters.context,
      ropeTheta: 10_000, normEpsilon: 1e-6, tiedEmbeddings: true, attentionBias: false)
    return .output("model", EstimatedData(model: model))
  }
}

extension DataSource {
  /// The file or folder, where it is on this machine already.
  func fileAtHand(in folders: DataFolders) -> URL? {
    if case .path(let path) = self { return try? Self.locate(path, in: folders) }
    let file = downloadedFile(in: folders)
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }
}

extension WriteTracesStage: EstimatedStage {
  /// Sampling where a model writes; a server's work is its own.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let problems = inputs["problems"].rows
    guard parameters.teacher != .symbolic else {
      return .output("traces", EstimatedData(rows: problems.map { $0 * parameters.copies }))
    }
    let tokens = inputs.tokens(limit: parameters.sampling.maxTokens)
    let completions = problems.map { $0 * parameters.samples }
    let content = EstimatedData(rows: completions, completionTokens: tokens)
    guard parameters.teacher == .model else { return .output("traces", content) }
    var sampling = SamplingParameters()
    sampling.batchSize = parameters.batchSize
    return Estimate.sampling(
      "traces", content, inputs, samples: parameters.samples, tokens: tokens, sampling
    ).by(parameters.engine)
  }
}

extension PretrainStage: EstimatedStage {
  /// Training on texts that fill the context, the longest that there may be.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .supervised(
      inputs, rows: "texts", epochs: parameters.epochs, batchSize: parameters.batchSize,
      length: inputs["model"].model.map { inputs.tokens(limit: $0.contextLength) } ?? 0,
      parameters.optimiser, nil)
  }
}

extension DistillStage: EstimatedStage {
  /// Training on traces that are as long as they may be.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let limit = min(parameters.maxTokens, inputs["model"].model?.contextLength ?? .max)
    let completion = inputs["traces"].completionTokens ?? inputs.tokens(limit: limit)
    var estimate = Estimate.supervised(
      inputs, rows: "traces", epochs: parameters.epochs, batchSize: parameters.batchSize,
      length: min(limit, Work.promptTokens + completion), parameters.optimiser, parameters.lora)
    if parameters.engine == .trl {
      // The memory of TRL's device is not this program's.
      estimate.memory = EstimateInputs.memory(ofHandingOn: inputs["model"].model, .float32)
    }
    return estimate
  }
}

extension RLVRStage: EstimatedStage {
  /// Sampling of every step's groups, and training on them; each prompt is computed once a group.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let model = EstimatedData(model: inputs["model"].model)
    guard let configuration = model.model else {
      return .output("model", model, unknown: inputs.missing("model"))
    }
    let prompts = parameters.steps * parameters.problemsPerStep
    let completions = prompts * parameters.group
    let tokens = inputs.tokens(limit: parameters.sampling.maxTokens)
    let trained = prompts * Work.promptTokens + completions * tokens
    var work = Work()
    work.train(
      configuration, tokens: parameters.updatesPerBatch * trained,
      length: Work.promptTokens + tokens, isFrozen: parameters.lora != nil)
    work.sample(configuration, prompts: prompts, completions: completions, tokens: tokens)
    var estimate = Estimate.output("model", model)
    estimate.work = work
    // The memory of TRL's device is not this program's.
    estimate.memory =
      parameters.engine == .trl
      ? EstimateInputs.memory(ofHandingOn: configuration, .float32)
      : inputs.memory(of: parameters, tokens: tokens)
    return estimate
  }
}

extension KeptModelStage: EstimatedStage {
  /// A model of the same size; what it costs to run the training again is the plan's to tell.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    .handingOn(inputs["model"].model)
  }
}

extension SelectStage: EstimatedStage {
  /// One of the models, all of which are taken to be of one size.
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    let models = inputs.contents.filter { $0.key.hasPrefix("model[") }.sorted { $0.key < $1.key }
    return .handingOn(models.first?.value.model)
  }
}

extension EvaluateStage: EstimatedStage {
  package func estimate(_ inputs: EstimateInputs) -> Estimate {
    Estimate.sampling(
      "scores", EstimatedData(), inputs, samples: parameters.samples,
      tokens: inputs.tokens(limit: parameters.sampling.maxTokens), parameters.sampling
    ).by(parameters.engine)
  }
}

extension Estimate {
  /// A model that goes from one file to another and is nowhere in memory as a whole.
  fileprivate static func handingOn(
    _ model: ModelConfiguration?, as precision: Precision = .float32
  ) -> Estimate {
    var estimate = output("model", EstimatedData(model: model))
    estimate.memory = EstimateInputs.memory(ofHandingOn: model, precision)
    return estimate
  }

  /// Training on examples of at most `length` tokens.
  fileprivate static func supervised(
    _ inputs: EstimateInputs, rows port: String, epochs: Int, batchSize: Int, length: Int,
    _ optimiser: OptimiserParameters, _ lora: LoRA?
  ) -> Estimate {
    let model = inputs["model"].model
    var estimate = output("model", EstimatedData(model: model))
    estimate.memory = inputs.memory(
      ofExamples: length, inStepsOf: batchSize, optimiser.precision, lora)
    guard let model, let rows = inputs[port].rows else {
      estimate.unknown = inputs.missing(port)
      return estimate
    }
    var work = Work()
    work.train(
      model, tokens: epochs * rows * length, length: length, isFrozen: lora != nil)
    estimate.work = work
    return estimate
  }

  /// The same where somebody samples: a server's memory is its own.
  fileprivate func by(_ engine: SamplingEngine) -> Estimate {
    guard engine == .server else { return self }
    var estimate = self
    estimate.memory = EstimatedMemory(least: 0, most: 0)
    return estimate
  }

  /// Completions of the problems that are bound, of at most `tokens` tokens.
  fileprivate static func sampling(
    _ name: String, _ content: EstimatedData, _ inputs: EstimateInputs, samples: Int, tokens: Int,
    _ sampling: SamplingParameters
  ) -> Estimate {
    let model = inputs["model"].model
    let problems = inputs["problems"].rows
    var estimate = output(name, content)
    estimate.memory = inputs.memory(of: sampling, samples: samples, tokens: tokens)
    guard let problems, let model else {
      estimate.unknown = inputs.missing("problems")
      return estimate
    }
    var work = Work()
    work.sample(model, prompts: problems, completions: problems * samples, tokens: tokens)
    estimate.work = work
    return estimate
  }
}

extension EstimateInputs {
  /// What keeps the work from being estimated: the model's size, or how many rows a port has.
  fileprivate func missing(_ port: String) -> String {
    self["model"].model == nil ? "how large the model is" : "how many \(port) there are"
  }
}
