import ArgumentParser
import Base
import Foundation
import Model
import Stages
import Tasks

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
      BenchTrain.self, BenchSample.self, BenchRLVR.self, BenchPuzzles.self, BenchIntervals.self,
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
  @Option(help: "Train adapters of this rank on all linear layers; 0 trains all weights.")
  var lora = 0
  @Option(help: "With --lora: how the frozen layers are held, float32 or bfloat16.")
  var base = Precision.float32

  func validate() throws {
    try options.check([
      ("--sequences", sequences, 1), ("--length", length, 2), ("--steps", steps, 1),
      ("--lora", lora, 0),
    ])
    if lora == 0 && base != .float32 {
      throw ValidationError("--base is for frozen layers; say --lora RANK, too")
    }
    if lora > 0 && options.dtype != .float32 {
      throw ValidationError("adapters are multiplied in float32; leave out --dtype")
    }
  }

  func run() throws {
    let bench = try options.prepare(layers: base)
    let work = TrainingWorkload(sequences: sequences, length: length)
    let engine = bench.trainingEngine(rank: lora)
    let (seconds, shares) = try bench.profiled { try work.run(engine, steps: steps) }
    var result = BenchResult(
      work: "train", bench: bench, tokens: work.tokens, seconds: seconds,
      floor: work.floor(bench.floor, adapters: engine.adapters?.layout.count))
    result.precision = engine.precision.rawValue
    result.shares = shares
    try options.print(result)
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
    let (times, shares) = try bench.profiled {
      try (0..<repeats).map {
        try work.run(
          sampler, vocabularySize: bench.weights.configuration.vocabularySize, repetition: $0)
      }
    }
    var result = BenchResult(
      work: "sample", bench: bench, tokens: work.decodedTokens, seconds: times.map(\.decoding),
      floor: work.floor(bench.floor))
    result.precision = bench.precision.rawValue
    result.shares = shares
    let prefill = Statistics.median(times.map(\.prefill)) ?? .nan
    result.more.append(("prefill_tokens_per_second", Double(prompt) / prefill))
    try options.print(result)
  }
}

/// `warmup bench rlvr`: sampling groups of completions and one update on them.
struct BenchRLVR: ParsableCommand {
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
    let work = RLVRWorkload(
      prompts: prompts, promptLength: prompt, group: group, tokens: tokens)
    let engine = bench.trainingEngine()
    let sampler = Sampler(
      weights: bench.weights, pool: bench.pool, batchSize: work.completions,
      precision: bench.precision)
    var optimiser = AdamW(bench.weights.layout)
    let (all, shares) = try bench.profiled {
      try (0...steps).map { try work.run(engine, sampler, &optimiser, step: $0) }
    }
    let times = all.dropFirst()
    var result = BenchResult(
      work: "rlvr", bench: bench, tokens: work.completions * tokens,
      seconds: times.map { $0.sampling + $0.update }, floor: work.floor(bench.floor))
    result.shares = shares
    result.precision =
      bench.precision == engine.precision
      ? engine.precision.rawValue
      : "\(bench.precision.rawValue) sampling, \(engine.precision.rawValue) training"
    result.more = [
      ("seconds_sampling", Statistics.median(times.map(\.sampling)) ?? .nan),
      ("seconds_update", Statistics.median(times.map(\.update)) ?? .nan),
    ]
    try options.print(result)
  }
}

/// What all benchmarks are asked.
struct BenchOptions: ParsableArguments {
  @Option(help: "A Hugging Face folder or a GGUF file.", completion: .file())
  var model: String

  @Option(help: "How many threads work.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: """
      What linear layers are computed in: float32 or bfloat16, which is emulated where the processor does \
      not multiply it by itself.
      """)
  var dtype = Precision.float32

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print where the time went, by part of the model.")
  var profile = false

  /// Checks that numbers are no smaller than they may be.
  func check(_ options: [(name: String, value: Int, least: Int)]) throws {
    for option in options + [("--threads", threads, 1)] where option.value < option.least {
      throw ValidationError("\(option.name) must be at least \(option.least)")
    }
  }

  /// Reads the model and measures what the machine can do.
  /// - Parameter layers: How the blocks' linear layers are held.
  func prepare(layers: Precision = .float32) throws -> Bench {
    let weights = try ImportedModel(contentsOf: URL(fileURLWithPath: model), layers: layers).weights
    let profile = profile ? EngineProfile() : nil
    let pool = try WorkerPool(reserving: threads, profile: profile)
    return Bench(
      weights: weights, pool: pool, precision: dtype,
      rates: MachineRates(pool: pool, precision: dtype), profile: profile)
  }

  /// Prints a result for people or, with `--json`, for programs.
  func print(_ result: BenchResult) throws {
    try StandardOutput.write((json ? result.json : result.text) + "\n")
  }
}

/// What a benchmark runs on.
struct Bench {
  let weights: Weights
  let pool: WorkerPool
  let precision: Precision
  let rates: MachineRates
  /// What the pool adds its time to, if that was asked for.
  let profile: EngineProfile?

  /// - Parameter rank: Of the adapters that are trained; 0 trains all weights.
  func trainingEngine(rank: Int = 0) -> TrainingEngine {
    var lora = LoRA()
    lora.rank = max(1, rank)
    return TrainingEngine(
      weights: weights,
      adapters: rank == 0 ? nil : .initial(weights.configuration, lora, seed: 0),
      pool: pool, precision: precision)
  }

  var floor: WorkFloor {
    WorkFloor(weights.configuration, rates, weightBytes: precision.byteCount)
  }

  /// Does the work, and says which share of its time each part took; nothing where no profile was
  /// asked for. What is not timed, such as a first step, is among it.
  func profiled<Result>(
    _ work: () throws -> Result
  ) throws -> (Result, [(name: String, share: Double)]) {
    let start = ContinuousClock.now
    let result = try work()
    guard let profile else { return (result, []) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let shares = profile.shares(of: seconds).map { (name: $0.part.rawValue, share: $0.share) }
    return (result, shares + [("the rest", 1 - shares.reduce(0) { $0 + $1.share })])
  }

  /// Throws when prompt and completion do not fit the model.
  func checkContext(_ tokens: Int) throws {
    let limit = weights.configuration.contextLength
    guard tokens <= limit else {
      throw ValidationError(
        "prompt and completion have \(tokens) tokens, but the model's context is \(limit)")
    }
  }
}

extension Precision: ExpressibleByArgument {}

/// `warmup bench puzzles --people N`.
struct BenchPuzzles: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "puzzles",
    abstract: "Drawing of Knights and Knaves puzzles with one solution, on one core.",
    discussion: "Each round draws different puzzles from a seed of its own, beginning with 1234.")

  @Option(help: "People in a puzzle.") var people = 5
  @Option(help: "Puzzles a round.") var count = 1000
  @Option(help: "Rounds.") var rounds = 100

  func validate() throws {
    guard (2...24).contains(people), count > 0, rounds > 0 else {
      throw ValidationError("--people must be from 2 to 24, --count and --rounds at least 1")
    }
  }

  func run() throws {
    let time = try ContinuousClock().measure {
      for round in 0..<rounds {
        var sampler = PuzzleSampler(people: people, seed: 1234 + round)
        for _ in 0..<count { _ = try sampler.nextSolved() }
      }
    }
    let rate = Double(count * rounds) / (time / .seconds(1))
    try StandardOutput.write("\(people) people: \(Int(rate)) puzzles/s\n")
  }
}

/// What a benchmark measured.
struct BenchResult {
  let work: String
  let bench: Bench
  /// Tokens that one repetition makes or trains on.
  let tokens: Int
  let seconds: [Double]
  /// The least seconds that a repetition can take.
  let floor: Double
  /// What numbers were used.
  var precision = Precision.float32.rawValue
  /// Further figures under their names.
  var more: [(name: String, value: Double)] = []
  /// Which share of the time each part took, where that was asked for.
  var shares: [(name: String, share: Double)] = []

  private var median: Double { Statistics.median(seconds) ?? .nan }
  private var tokensPerSecond: Double { Double(tokens) / median }

  var json: String {
    var entries: [String: JSONValue] = [
      "work": .string(work), "dtype": .string(precision),
      "threads": .integer(bench.pool.threadCount), "tokens": .integer(tokens),
      "seconds": .array(seconds.map { .number($0) }),
      "tokens_per_second": .number(tokensPerSecond), "floor_seconds": .number(floor),
      "share_of_floor": .number(floor / median),
      "matrix_gflops": .number(bench.rates.operations / 1e9),
      "bandwidth_gb_per_second": .number(bench.rates.bytes / 1e9),
      "peak_memory_bytes": PeakMemory.bytes.map { .integer($0) } ?? .null,
    ]
    for (name, value) in more { entries[name] = .number(value) }
    if !shares.isEmpty {
      entries["profile"] = .object(
        Dictionary(uniqueKeysWithValues: shares.map { ($0.name, .number($0.share)) }))
    }
    return JSONValue.object(entries).text
  }

  var text: String {
    func line(_ name: String, _ value: String) -> String {
      AlignedText.padded(name, to: 20) + value
    }
    func number(_ value: Double) -> String {
      String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
    var lines = [
      line(
        "tokens per second",
        "\(number(tokensPerSecond)) (\(tokens) tokens, median of "
          + "\(seconds.count): \(number(median)) s)"),
      line("share of the floor", "\(number(100 * floor / median)) % (floor \(number(floor)) s)"),
    ]
    lines += more.map { line($0.name.replacingOccurrences(of: "_", with: " "), number($0.value)) }
    if let bytes = PeakMemory.bytes {
      lines.append(line("peak memory", "\(number(Double(bytes) / 1e9)) GB"))
    }
    lines.append(
      line(
        "this machine",
        "\(number(bench.rates.operations / 1e9)) GFLOP/s in products, "
          + "\(number(bench.rates.bytes / 1e9)) GB/s, \(bench.pool.threadCount) threads"))
    if !shares.isEmpty { lines.append("where the time went, by part:") }
    for (name, share) in shares {
      let percent = String(format: "%5.1f %%", 100 * share)
      lines.append("  " + AlignedText.padded(name, to: 44) + percent)
    }
    return lines.joined(separator: "\n")
  }
}
