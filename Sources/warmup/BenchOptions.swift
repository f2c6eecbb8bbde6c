import ArgumentParser
import Foundation
import Model
import Runner

/// What all benchmarks are asked.
struct BenchOptions: ParsableArguments {
  @Option(help: "A Hugging Face folder or a GGUF file.", completion: .file())
  var model: String

  @Option(help: "How many threads work.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: """
      What linear layers are computed in: float32 or bfloat16. Where the processor does not multiply \
      bfloat16 by itself, training is float32, and sampling only rounds the weights.
      """)
  var dtype = Precision.float32

  @Flag(help: "Print one JSON object.")
  var json = false

  /// Checks that numbers are no smaller than they may be.
  func check(_ options: [(name: String, value: Int, least: Int)]) throws {
    for option in options + [("--threads", threads, 1)] where option.value < option.least {
      throw ValidationError("\(option.name) must be at least \(option.least)")
    }
  }

  /// Reads the model and measures what the machine can do.
  func prepare() throws -> Bench {
    let weights = try ImportedModel(contentsOf: URL(fileURLWithPath: model)).weights
    let pool = WorkerPool(threads: threads)
    return Bench(
      weights: weights, pool: pool, precision: dtype,
      rates: MachineRates(pool: pool, precision: dtype))
  }

  /// Prints a result for people or, with `--json`, for programs.
  func print(_ result: BenchResult) {
    StandardOutput.write((json ? result.json : result.text) + "\n")
  }
}

/// What a benchmark runs on.
struct Bench {
  let weights: Weights
  let pool: WorkerPool
  let precision: Precision
  let rates: MachineRates

  var trainingEngine: TrainingEngine {
    TrainingEngine(weights: weights, pool: pool, precision: precision.forTraining)
  }

  var floor: WorkFloor {
    WorkFloor(weights.configuration, rates, weightBytes: precision.byteCount)
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
