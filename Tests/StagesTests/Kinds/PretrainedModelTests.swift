import Base
import Foundation
import Model
import Runner
import Stages
import TestSupport
import Testing

/// The kind `pretrained_model`: what its key depends on, and how texts begin.
@Suite(.ownThread) struct PretrainedModelTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for (name, seed) in [("a", 1), ("b", 2)] as [(String, UInt64)] { try makeModel(name, seed) }
  }

  private func makeModel(_ name: String, _ seed: UInt64) throws {
    var tokenizer = try Tokenizer.train(
      texts: ["a knight and a knave"], vocabularySize: 270, specialTokens: ["<s>", "</s>"])
    tokenizer.begin = [0]
    let configuration = ModelConfiguration(
      architecture: .llama, vocabularySize: 272, hiddenSize: 8, intermediateSize: 12, layerCount: 1,
      headCount: 2, keyValueHeadCount: 2, headSize: 4, contextLength: 64, ropeTheta: 10_000,
      normEpsilon: 1e-5, tiedEmbeddings: true, attentionBias: false, beginToken: 0, endTokens: [1])
    try HuggingFaceExport.write(
      Weights.random(configuration, seed: seed), tokenizer: tokenizer, to: folder.file(name))
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.file(name).path, withDestinationPath: target)
  }

  private func plan(_ params: String) throws -> Plan {
    let recipe = try Recipe.parse(
      "version: 1\nname: t\nstages: {base: {kind: pretrained_model, params: {\(params)}}}",
      file: folder.file("t.yaml"), registry: .standard)
    return Planner(cache: Cache(folder: folder.file("cache")), folders: folders)
      .plan(recipe.instances)
  }

  private var folders: DataFolders {
    DataFolders(searchPaths: [folder.url], downloads: folder.file("downloads"))
  }

  private func run(_ params: String) throws -> (
    outcome: InstanceOutcome, values: [String: JSONValue]
  ) {
    let cache = Cache(folder: folder.file("cache"))
    let plan = try plan(params)
    let outcome = try Executor(
      cache: cache, recipeFolder: folder.file("t"), folders: folders,
      budget: RunBudget(threads: 1)
    ).run(plan).outcomes[0]
    guard case .ran = outcome, let key = plan.items[0].key else { return (outcome, [:]) }
    let record = cache.artifactFolder(key).appending(path: "record.json")
    return (outcome, try ArtifactRecord(contentsOf: record).values)
  }

  /// What the key of a model depends on; its place is not among it.
  private func key(_ source: String) throws -> String {
    try #require(try plan("source: \(source)").items[0].key)
  }

  @Test func linksAreKnownByWhatTheyLeadTo() throws {
    try link("link", to: "a")
    try link("second", to: "link")
    try link("other", to: "b")
    let (a, b) = (try key("a"), try key("b"))
    #expect(a != b)
    #expect(try key("link") == a && key("second") == a && key("other") == b)
  }

  @Test func onlyWhatIsReadCounts() throws {
    let before = try key("a")
    _ = try folder.write("x", "a/README.md")
    try FileManager.default.createDirectory(
      at: folder.file("a/.cache/huggingface"), withIntermediateDirectories: true)
    _ = try folder.write("1", "a/.cache/huggingface/x.metadata")
    #expect(try key("a") == before)
    _ = try folder.write(#"{"eos_token_id": 1, "x": 1}"#, "a/generation_config.json")
    #expect(try key("a") != before)
  }

  @Test(arguments: [("circle", "circle"), ("nowhere", "b/c")])
  func linksToNothingAreSentences(_ name: String, _ target: String) throws {
    try link(name, to: target)
    let outcome = try run("source: \(name)").outcome
    guard case .failed(let sentence) = outcome else {
      Issue.record("it did not fail: \(outcome)")
      return
    }
    #expect(sentence.contains("\(name) is a link to '\(target)'"), "\(sentence)")
  }

  private func model(begin: [Int32]) throws -> ModelArtifact {
    let imported = try ImportedModel(contentsOf: folder.file("a"))
    var tokenizer = try #require(imported.tokenizer)
    tokenizer.begin = begin
    let file = folder.file("model.h5")
    try? FileManager.default.removeItem(at: file)
    try ModelArtifact(weights: imported.weights, tokenizer: tokenizer).write(to: file)
    return try ModelArtifact(contentsOf: file)
  }

  /// What every stage sees of a model that begins texts.
  @Test func promptsAndTextsBeginAlike() throws {
    let (with, without) = (try model(begin: [0]), try model(begin: []))
    let (prompt, completion) = ("a knight", " knave")
    let example = try SupervisedExample(prompt: prompt, completion: completion, model: with)
    let other = try SupervisedExample(prompt: prompt, completion: completion, model: without)
    #expect(example.tokens == [0] + other.tokens)
    #expect(example.targetCount == other.targetCount)
    let (text, plain) = (
      try SupervisedExample(text: prompt, model: with),
      try SupervisedExample(text: prompt, model: without)
    )
    #expect(text.tokens == [0] + plain.tokens.dropFirst() && plain.tokens.first == 1)
    #expect(text.targetCount == plain.targetCount)
    let error = #expect(throws: StageError.self) {
      try SupervisedExample(prompt: "<s>a", completion: completion, model: with)
    }
    #expect(error?.description.contains("a prompt begins with '<s>'") == true)
    _ = try SupervisedExample(prompt: "<s>a", completion: completion, model: without)
  }

  @Test(arguments: [("", "<s>"), (", begin: always", "<s>"), (", begin: never", nil)])
  func textsBeginAsDeclared(_ choice: String, _ begin: String?) throws {
    let (outcome, values) = try run("source: a\(choice)")
    guard case .ran = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(values["begin"] == (begin.map { .string($0) } ?? .null))
  }
}
