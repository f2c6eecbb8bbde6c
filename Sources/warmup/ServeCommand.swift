import ArgumentParser
import Base
import Foundation
import Model
import Runner
import Stages

/// `warmup serve MODEL`, or `warmup serve RECIPE INSTANCE`.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a model to other programs, as OpenAI's interface has it.",
    discussion: """
      Answers /v1/completions and /v1/models until Ctrl-C. Prompts are texts or lists of token ids; \
      "return_token_ids", "logprobs", "stream" and "seed" are understood, and whatever the engine does \
      not have is refused unless it is neutral. Requests that are sampled in the same way are decoded \
      side by side; a completion does not depend on what else is asked.

      Only programs on this machine may ask, unless --host says otherwise. There are no keys: whoever \
      reaches the address may use the model.
      """)

  @Argument(
    help:
      "A recipe or a packed file, a Hugging Face folder, a GGUF file, or a model.h5 of the cache.",
    completion: .file())
  var source: String

  @Argument(help: "The recipe's instance that made the model, such as 'warmed'.")
  var instance: String?

  @OptionGroup var place: ResultOptions

  @Option(help: "The address to answer at; 0.0.0.0 is all of this machine's.")
  var host = "127.0.0.1"
  @Option(help: "The port; 0 takes any that is free.") var port: UInt16 = 8000
  @Option(help: "The model's name in requests. (default: that of the instance or file)")
  var name: String?
  @Option(
    help: "What both factors of the linear layers' products are rounded to: float32 or bfloat16.")
  var samplingPrecision = Precision.float32
  @Option(help: "Sequences decoded side by side. Cannot change a completion.") var batchSize = 32
  @Option(help: "How many threads to use. Cannot change a completion.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1") }
    guard (1...4096).contains(batchSize) else {
      throw ValidationError("--batch-size must be between 1 and 4096")
    }
    let isText = ["yaml", "yml"].contains(URL(fileURLWithPath: source).pathExtension)
    if isText, instance == nil {
      throw ValidationError(
        "name an instance that made a model, such as 'warmed'; 'warmup status \(source)' lists them"
      )
    }
    if !SampleCommand.isRecipe(source), instance != nil {
      throw ValidationError("\(source) is not a recipe, and one model is served at a time")
    }
  }

  func run() throws {
    let (found, model) = try load()
    let name = name ?? found
    let interruption = Interruption()
    let server = ModelServer(name: name, model.vocabulary, batchSize: batchSize)
    let isLocal = host == "localhost" || ServerAddress.isLoopback(host)
    let service = CompletionsService(server, isLocal: isLocal)
    let listener = try HTTPServer(host: host, port: port) { service.answer($0, $1) }
    let pool = try WorkerPool(reserving: threads)
    SignalHandling.install(interruption) {
      StandardOutput.writeError("\nStopping; press Ctrl-C again to leave at once.\n")
    }
    let accepting = Thread { listener.run(until: interruption) }
    accepting.start()
    StandardOutput.writeError(announcement(name, listener))
    server.run(model, precision: samplingPrecision, pool: pool, until: interruption)
  }

  private func announcement(_ name: String, _ listener: HTTPServer) -> String {
    let body: JSONValue = ["model": .string(name), "prompt": "1 + 1 =", "max_tokens": 8]
    let quoted = body.text.replacing("'", with: #"'\''"#)
    return """
      Serving \(name) at \(listener.url)/v1 until Ctrl-C. Ask it with
        curl \(listener.url)/v1/completions -H 'Content-Type: application/json' -d '\(quoted)'

      """
  }

  /// The model with the name that it goes by.
  private func load() throws -> (name: String, model: ModelArtifact) {
    if let instance {
      let workspace = try Workspace(try place.options(for: source))
      let (item, file) = try workspace.modelFile(of: instance)
      return (item.instance.name, try ModelArtifact(contentsOf: file))
    }
    let url = URL(fileURLWithPath: source)
    let model =
      url.pathExtension == "h5"
      ? try OpenedModel(contentsOf: url)
      : try OpenedModel(ModelSource(contentsOf: url), from: url, as: .float32)
    return (url.lastPathComponent, try ModelArtifact(model))
  }
}
