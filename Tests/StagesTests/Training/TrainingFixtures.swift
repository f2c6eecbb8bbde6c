import Base
import Foundation
import Model
import Runner
import Stages
import Synchronization
import TestSupport

/// A very small model for tests of training.
enum TrainingFixtures {
  static let endOfText = "<|endoftext|>"

  static func tokenizer() throws -> Tokenizer {
    try Tokenizer.train(
      texts: ["Ann is a knight. Bob is a knave.", "Ann is a knave. Bob is a knight."],
      vocabularySize: 280, specialTokens: [endOfText])
  }

  static func configuration(vocabulary: Int = 40, endTokens: [Int32] = [0]) -> ModelConfiguration {
    ModelConfiguration(
      architecture: .llama, vocabularySize: vocabulary, hiddenSize: 16, intermediateSize: 24,
      layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 8, contextLength: 128,
      ropeTheta: 10_000, normEpsilon: 1e-5, tiedEmbeddings: true, attentionBias: false,
      endTokens: endTokens)
  }

  static func model(endTokens: [Int32] = [0]) throws -> ModelArtifact {
    let tokenizer = try tokenizer()
    let configuration = configuration(
      vocabulary: tokenizer.vocabularySize, endTokens: endTokens)
    return try ModelArtifact(weights: .random(configuration, seed: 1), tokenizer: tokenizer)
  }

  /// Weights large enough that no token's gradient is negligible.
  static func weights(seed: UInt64) -> Weights {
    let weights = Weights(configuration())
    var stream = RandomStream(seed: seed, "weights")
    weights.buffer[0..<weights.buffer.count] = (0..<weights.buffer.count).map { _ in
      0.3 * Float(stream.normal())
    }
    return weights
  }
}

/// Runs recipes in a folder of their own with the kinds of this program.
struct RecipeRun {
  let folder: ScratchFolder
  let cache: Cache
  let summary: RunSummary
  /// What stages told people meanwhile.
  let notices: [String]

  /// - Parameters:
  ///   - files: a folder with the files that the recipe names.
  ///   - prepare: leaves in the cache what an earlier run might have left.
  init(
    _ text: String, beside files: ScratchFolder? = nil, threads: Int = 2,
    keys: ServerKeys = ServerKeys(environment: [:]), site: Site = Site(),
    prepare: (Cache) throws -> Void = { _ in }
  ) throws {
    folder = try files ?? ScratchFolder()
    cache = Cache(folder: folder.url.appending(path: "cache"))
    try prepare(cache)
    let recipe = try Recipe.parse(
      text, file: folder.url.appending(path: "test.yaml"), registry: .standard)
    let folders = DataFolders(
      searchPaths: [folder.url], downloads: folder.url.appending(path: "downloads"))
    let plan = Planner(cache: cache, folders: folders).plan(recipe.instances)
    let display = NoticeDisplay()
    summary = try Executor(
      cache: cache, recipeFolder: folder.url.appending(path: "test"), folders: folders,
      budget: RunBudget(threads: threads), keys: keys, site: site, display: display
    ).run(plan)
    notices = display.notices.withLock { $0 }
  }

  /// The rows of an instance's output.
  func rows(_ instance: String, _ output: String) throws -> [[String: JSONValue]] {
    guard
      let result = summary.plan.results.first(where: {
        $0.name == instance
      })
    else {
      throw StageError.failed("\(instance) did not come out: \(summary.outcomes)")
    }
    return try RowTable(contentsOf: result.folder.appending(path: "\(output).h5")).rows
  }

  /// The folders of the parts of stages, which are artifacts of their own.
  func parts(_ kind: String) -> [URL] {
    cache.keys().compactMap { key in
      guard case .present(let artifact) = cache.lookUp(key),
        artifact.record.fields.kind == kind
      else { return nil }
      return artifact.folder
    }
  }
}

/// Keeps what stages tell people.
private final class NoticeDisplay: RunDisplay {
  let notices = Mutex<[String]>([])

  func begin(_ title: InstanceTitle) {}
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  func notice(_ sentence: String) { notices.withLock { $0.append(sentence) } }
}

extension PlannedInstance {
  /// The folder of an instance that is done.
  var folder: URL { artifact!.folder }
}
