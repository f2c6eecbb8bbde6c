import ArgumentParser
import Model
import Runner
import Stages

/// `warmup bench train|sample|rlvr --model M`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast this machine trains and samples a model.",
    discussion: """
      Prompts and texts are random tokens; nothing is read but the model and nothing is written. \
      The floor is the time that the products and the memory traffic alone would take, at the rates \
      that this machine reached a moment before.
      """,
    subcommands: [
      BenchTrain.self, BenchSample.self, BenchReinforcement.self, BenchPuzzles.self,
    ])
}

/// `warmup bench train`: optimiser steps on whole sequences.
struct BenchTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Supervised steps: forward, backward, clipping, AdamW.")

  @OptionGroup var options: BenchOptions
  @Option(help: "Sequences a step.") var sequences = 4
  @Option(help: "Tokens a sequence.") var length = 512
  @Option(help: "Steps that are timed, after one that is not.") var steps = 5

  func validate() throws {
    try options.check([
      ("--sequences", sequences, 1), ("--length", length, 2), ("--steps", steps, 1),
    ])
  }

  func run() throws {
    let bench = try options.prepare()
    let work = TrainingWorkload(sequences: sequences, length: length)
    let engine = bench.trainingEngine
    let seconds = try work.run(engine, steps: steps)
    var result = BenchResult(
      work: "train", bench: bench, tokens: work.tokens, seconds: seconds,
      floor: work.floor(bench.floor))
    result.precision = engine.precision.rawValue
    options.print(result)
  }
}

/// `warmup bench sample`: completions of one prompt.
struct BenchSample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Decoding of several completions of one prompt.")

  @OptionGroup var options: BenchOptions
  @Option(help: "Tokens of the prompt.") var prompt = 256
  @Option(help: "Completions, decoded together.") var sequences = 32
  @Option(help: "Tokens a completion.") var tokens = 128
  @Option(help: "How often it is timed.") var repeats = 1

  func validate() throws {
    try options.check([
      ("--prompt", prompt, 1), ("--sequences", sequences, 1), ("--tokens", tokens, 2),
      ("--repeats", repeats, 1),
    ])
  }

  func run() throws {
    let bench = try options.prepare()
    try bench.checkContext(prompt + tokens)
    let work = SamplingWorkload(prompt: prompt, sequences: sequences, tokens: tokens)
    let sampler = Sampler(
      weights: bench.weights, pool: bench.pool, batchSize: sequences, precision: bench.precision)
    let times = try (0..<repeats).map {
      try work.run(
        sampler, vocabularySize: bench.weights.configuration.vocabularySize, repetition: $0)
    }
    var result = BenchResult(
      work: "sample", bench: bench, tokens: work.decodedTokens, seconds: times.map(\.decoding),
      floor: work.floor(bench.floor))
    result.precision = bench.precision.rawValue
    let prefill = Statistics.median(times.map(\.prefill)) ?? .nan
    result.more.append(("prefill_tokens_per_second", Double(prompt) / prefill))
    options.print(result)
  }
}

/// `warmup bench rlvr`: sampling groups of completions and one update on them.
struct BenchReinforcement: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rlvr", abstract: "Steps of reinforcement learning: groups of completions, update."
  )

  @OptionGroup var options: BenchOptions
  @Option(help: "Prompts a step.") var prompts = 4
  @Option(help: "Tokens a prompt.") var prompt = 170
  @Option(help: "Completions a prompt.") var group = 8
  @Option(help: "Tokens a completion.") var tokens = 128
  @Option(help: "Steps that are timed, after one that is not.") var steps = 1

  func validate() throws {
    try options.check([
      ("--prompts", prompts, 1), ("--prompt", prompt, 1), ("--group", group, 2),
      ("--tokens", tokens, 2), ("--steps", steps, 1),
    ])
  }

  func run() throws {
    let bench = try options.prepare()
    try bench.checkContext(prompt + tokens)
    let work = ReinforcementWorkload(
      prompts: prompts, promptLength: prompt, group: group, tokens: tokens)
    let engine = bench.trainingEngine
    let sampler = Sampler(
      weights: bench.weights, pool: bench.pool, batchSize: work.completions,
      precision: bench.precision)
    var optimiser = AdamW(bench.weights.layout)
    let times = try (0...steps).map { try work.run(engine, sampler, &optimiser, step: $0) }
      .dropFirst()
    var result = BenchResult(
      work: "rlvr", bench: bench, tokens: work.completions * tokens,
      seconds: times.map { $0.sampling + $0.update }, floor: work.floor(bench.floor))
    result.precision =
      bench.precision == engine.precision
      ? engine.precision.rawValue
      : "\(bench.precision.rawValue) sampling, \(engine.precision.rawValue) training"
    result.more = [
      ("seconds_sampling", Statistics.median(times.map(\.sampling)) ?? .nan),
      ("seconds_update", Statistics.median(times.map(\.update)) ?? .nan),
    ]
    options.print(result)
  }
}
