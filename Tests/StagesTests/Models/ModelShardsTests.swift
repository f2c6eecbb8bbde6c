import Base
import Foundation
import HDF5
import Model
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// A stage that hands its model on with as many shards as a far larger model would have.
private struct ShardingStage: Stage {
  struct Parameters: ParameterSet {
    var copy = 1
    static var fields: [Field<Self>] { [Field("copy", \.copy, "which of several")] }
  }
  static let kind = "sharding"
  static let version = 1
  static let summary = "hands a model on in many shards"
  static let inputs = [StagePort("model", .model, "the model")]
  static let outputs = [StagePort("model", .model, "the same")]
  static let shardBytes = 5000

  init(parameters: Parameters) {}

  func run(_ context: StageContext) throws {
    try OpenedModel(contentsOf: context.input("model").file)
      .write(to: context.output("model"), shardBytes: Self.shardBytes)
  }
}

/// Models whose artifact's folder is a Hugging Face folder.
@Suite(.ownThread) struct ModelShardsTests {
  private let folder: ScratchFolder
  private let model: ModelArtifact

  init() throws {
    folder = try ScratchFolder()
    model = try TrainingFixtures.model()
  }

  private func place(_ name: String) throws -> URL {
    let place = folder.file(name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    return place
  }

  private func sharded(_ name: String, _ model: ModelArtifact) throws -> URL {
    let file = try place(name).appending(path: "model.h5")
    try OpenedModel(model).write(to: file, shardBytes: ShardingStage.shardBytes)
    return file
  }

  private func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func expectEqual(_ one: ModelArtifact, _ other: ModelArtifact) {
    #expect(one.weights.configuration == other.weights.configuration)
    let all = 0..<other.weights.layout.count
    #expect(one.weights.buffer[all] == other.weights.buffer[all])
    #expect(one.tokenizer.huggingFace == other.tokenizer.huggingFace)
    #expect(one.chatTemplate == other.chatTemplate)
    #expect(one.selections == other.selections)
  }

  @Test func bothFormsAreReadAlike() throws {
    var model = try ModelArtifact(
      weights: model.weights, tokenizer: model.tokenizer, chatTemplate: "{{ x }}")
    model.selections = [
      ModelSelection(
        best: "accuracy", candidates: 3,
        problems: ProblemFingerprints(ids: ["a"], questions: ["b"]),
        isOnTest: false)
    ]
    let whole = try place("whole").appending(path: "model.h5")
    try model.write(to: whole)
    #expect(try names(in: folder.file("whole")) == ["model.h5"])
    let shards = try sharded("shards", model)
    let found = try names(in: folder.file("shards"))
    #expect(found.count { $0.hasSuffix(".safetensors") } > 2)
    #expect(
      found.filter { !$0.hasSuffix(".safetensors") } == [
        "config.json", "generation_config.json", "model.h5", "model.safetensors.index.json",
        "tokenizer.json", "tokenizer_config.json",
      ])
    expectEqual(try ModelArtifact(contentsOf: whole), model)
    expectEqual(try ModelArtifact(contentsOf: shards), model)

    // Handing on from either form to either form gives the same bytes.
    let back = try place("back").appending(path: "model.h5")
    try OpenedModel(contentsOf: shards).write(to: back)
    #expect(try Data(contentsOf: back) == Data(contentsOf: whole))
    let again = try place("again").appending(path: "model.h5")
    try OpenedModel(contentsOf: whole).write(to: again, shardBytes: ShardingStage.shardBytes)
    for name in found {
      #expect(
        try Data(contentsOf: folder.file("again/\(name)"))
          == Data(contentsOf: folder.file("shards/\(name)")), "\(name)")
    }
    // The folder is what transformers and servers read.
    let outside = try ImportedModel(contentsOf: folder.file("shards"))
    #expect(outside.weights.buffer[0..<100] == model.weights.buffer[0..<100])
    #expect(outside.chatTemplate == "{{ x }}")
  }

  @Test func theHDF5FileListsTheFolder() throws {
    let file = try sharded("shards", model)
    let source = try HDF5Reader(file)
    let listed = try source.readStrings("/files/name")
    #expect(listed == (try names(in: folder.file("shards"))).filter { $0 != "model.h5" })
    let sizes: [Int] = try source.read("/files/bytes")
    let digests = try source.readStrings("/files/sha256")
    for (index, name) in listed.enumerated() {
      let data = try Data(contentsOf: folder.file("shards/\(name)"))
      #expect(data.count == sizes[index] && SHA256Digest.hex(of: data) == digests[index])
    }
    #expect(try !source.exists("/model"))
  }

  @Test(arguments: ["missing", "truncated", "longer", "exchanged", "stranger", "index", "listed"])
  func aFolderThatIsNotWholeIsASentence(_ damage: String) throws {
    let file = try sharded("shards", model)
    _ = try OpenedModel(contentsOf: file)
    let shards = try names(in: folder.file("shards")).filter { $0.hasSuffix(".safetensors") }
    let (first, second) = (folder.file("shards/\(shards[0])"), folder.file("shards/\(shards[1])"))
    let words: String
    switch damage {
    case "missing":
      try FileManager.default.removeItem(at: second)
      words = "\(shards[1]) is missing, which is a part of the model"
    case "truncated":
      let data = try Data(contentsOf: second)
      try data.dropLast(4).write(to: second)
      words = "\(shards[1]) has \(data.count - 4) bytes instead of \(data.count)"
    case "longer":
      let data = try Data(contentsOf: second)
      try (data + Data(count: 4)).write(to: second)
      words = "bytes instead of \(data.count), though it is a part"
    case "exchanged":
      let (one, other) = (try Data(contentsOf: first), try Data(contentsOf: second))
      try other.write(to: first)
      try one.write(to: second)
      words = one.count == other.count ? "says that it holds" : "\(shards[0]) has \(other.count)"
    case "stranger":
      try FileManager.default.copyItem(at: first, to: folder.file("shards/model.safetensors"))
      words = "model.safetensors does not belong to the model beside it"
    case "index":
      let index = folder.file("shards/model.safetensors.index.json")
      var text = try String(contentsOf: index, encoding: .utf8)
      text = text.replacing("model.norm.weight", with: "model.xorm.weight")
      try Data(text.utf8).write(to: index)
      words = "says that it holds 'model.xorm.weight', which it does not"
    default:
      try HDF5File.create(file) {
        try $0.write(
          strings: [String(decoding: model.weights.configuration.huggingFaceConfig, as: UTF8.self)],
          to: "/config")
        try $0.write(strings: ["../secret"], to: "/files/name")
        try $0.write([1], to: "/files/bytes")
        try $0.write(strings: ["x"], to: "/files/sha256")
      }
      words = "does not list the files of its model"
    }
    let error = #expect(throws: (any Error).self) { try ModelArtifact(contentsOf: file) }
    #expect("\(error as Any)".contains(words), "\(error as Any)")
  }

  // MARK: Through the cache

  private static let recipe = """
    version: 1
    name: t
    axes: {copy: [1, 2]}
    stages:
      base: {kind: pretrained_model, params: {source: outside, precision: bfloat16}}
      wide: {kind: pretrained_model, params: {source: outside}}
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 1}}
      large: {kind: sharding, inputs: {model: wide}, params: {copy: "${copy}"}}
      small: {kind: sharding, inputs: {model: base}, params: {copy: "${copy}"}}
      scores:
        kind: evaluate
        inputs: {model: large, problems: puzzles}
        params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short}
      chosen:
        kind: select
        over: copy
        inputs: {model: large, scores: scores, on: puzzles}
        params: {best: mean_tokens}
      others:
        kind: evaluate
        inputs: {model: small, problems: puzzles}
        params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short}
      taken:
        kind: select
        over: copy
        inputs: {model: small, scores: others, on: puzzles}
        params: {best: mean_tokens}
    """

  private func run(_ text: String = Self.recipe) throws -> RunSummary {
    let registry = KindRegistry(
      KindRegistry.standard.names.compactMap { KindRegistry.standard[$0] } + [ShardingStage.self])
    let folders = DataFolders(searchPaths: [folder.url], downloads: folder.file("downloads"))
    let cache = Cache(folder: folder.file("cache"))
    let recipe = try Recipe.parse(text, file: folder.file("t.yaml"), registry: registry)
    return try Executor(
      cache: cache, recipeFolder: folder.file("t"), folders: folders,
      budget: RunBudget(threads: 1)
    ).run(Planner(cache: cache, folders: folders).plan(recipe.instances))
  }

  private func makeOutside() throws {
    var configuration = TrainingFixtures.configuration(vocabulary: model.tokenizer.vocabularySize)
    configuration.contextLength = 2048
    try HuggingFaceExport.write(
      Weights.random(configuration, seed: 3), tokenizer: model.tokenizer, to: folder.file("outside")
    )
  }

  private func result(_ summary: RunSummary, _ name: String) throws -> PlannedInstance {
    try #require(summary.plan.results.first { $0.name == name }, "\(summary.outcomes)")
  }

  @Test func stagesDoNotCareWhichFormItIs() throws {
    try makeOutside()
    let summary = try run()
    #expect(summary.exitCode == 0, "\(summary.outcomes)")
    func read(_ name: String) throws -> ModelArtifact {
      try ModelArtifact(contentsOf: result(summary, name).folder.appending(path: "model.h5"))
    }
    let (wide, large) = (try read("wide"), try read("large[copy=1]"))
    expectEqual(large, wide)
    let files = try #require(result(summary, "large[copy=1]").artifact?.record.files)
    #expect(files.keys.count { $0.hasSuffix(".safetensors") } > 2)
    #expect(try read("chosen").selections.map(\.problems.ids.count) == [8])

    // Weights that are kept in bfloat16 are rounded once, and handed on as they are.
    let (base, taken) = (try result(summary, "base"), try result(summary, "taken"))
    #expect(
      base.values["note"] == "weights stored as F32 were rounded to bfloat16")
    let rounded = try read("base")
    let all = 0..<wide.weights.layout.count
    #expect(rounded.weights.buffer[all] == wide.weights.buffer[all].map(Precision.bfloat16.rounded))
    #expect(rounded.weights.buffer[all] != wide.weights.buffer[all])
    #expect(
      try names(in: result(summary, "small[copy=1]").folder).count { $0.hasSuffix(".safetensors") }
        > 1)
    for item in [base, taken] {
      let safetensors = item.folder.appending(path: "model.safetensors")
      #expect(
        try Data(contentsOf: safetensors)
          == Data(contentsOf: base.folder.appending(path: "model.safetensors")))
      #expect(try safetensors.resourceValues(forKeys: [.fileSizeKey]).fileSize! < 3 * all.count)
    }
    #expect(try read("taken").selections.count == 1)
    #expect(try CacheVerification(Cache(folder: folder.file("cache")), isDeep: true).faults.isEmpty)
  }

  /// Another model's shard, of the same size and with the same tensors, is noticed by its bytes.
  @Test func anotherModelsShardIsNeverRead() throws {
    try makeOutside()
    let before = try run()
    let large = try result(before, "large[copy=1]")
    let shard = try #require(
      large.artifact?.record.files.keys.filter { $0.hasSuffix(".safetensors") }.sorted()[1])
    let place = large.folder.appending(path: shard)
    var data = try Data(contentsOf: place)
    data[data.count - 1] ^= 1
    try FileManager.default.removeItem(at: place)
    try data.write(to: place)
    let cache = Cache(folder: folder.file("cache"))
    let faults = try CacheVerification(cache, isDeep: true).faults
    #expect(faults.map(\.reason) == ["the bytes of \(shard) are not those that were published"])
    let again = try run(Self.recipe.replacing("max_tokens: 4", with: "max_tokens: 5"))
    #expect(again.exitCode == 0, "\(again.outcomes)")
    expectEqual(
      try ModelArtifact(
        contentsOf: result(again, "large[copy=1]").folder.appending(path: "model.h5")),
      try ModelArtifact(contentsOf: result(again, "wide").folder.appending(path: "model.h5")))
    let damaged = try FileManager.default.contentsOfDirectory(
      atPath: folder.file("cache/damaged").path)
    #expect(damaged.count == 1)
    #expect(try CacheVerification(cache, isDeep: true).faults.isEmpty)
  }

  /// The precision is a later parameter: without it keys are as they were.
  @Test func thePrecisionIsPartOfTheKey() throws {
    func identity(_ params: String) throws -> JSONValue {
      let recipe = try Recipe.parse(
        "version: 1\nname: t\nstages: {base: {kind: pretrained_model, params: {\(params)}}}",
        file: folder.file("t.yaml"), registry: .standard)
      return recipe.instances[0].identity
    }
    #expect(try identity("source: x") == [:])
    #expect(try identity("source: x, precision: float32") == [:])
    #expect(try identity("source: x, precision: bfloat16") == ["precision": "bfloat16"])
  }
}
