import Base
import Foundation
import HDF5
import OrderedCollections
import Runner
import TestSupport
import Testing

/// Makes a "model": a file that says which numbers it was made from.
struct PackModel: Stage {
  struct Parameters: ParameterSet {
    var seed = 0
    var isLarge = false
    static var fields: [Field<Self>] {
      [
        Field("seed", \.seed, "the seed"),
        Field("large", \.isLarge, later: true, "whether a part lies beside"),
      ]
    }
  }
  static let kind = "pack_model"
  static let version = 3
  static let summary = "makes a model"
  static let inputs = [StagePort("numbers", ArtifactType("Numbers"), "what to learn")]
  static let outputs = [StagePort("model", ArtifactType("Model"), "the weights")]
  let parameters: Parameters

  func run(_ context: StageContext) throws {
    let value: Int = try HDF5Reader(context.input("numbers").file).read("/value")[0]
    try HDF5File.create(context.output("model")) {
      try $0.write([Float](repeating: Float(value + parameters.seed), count: 50), to: "/model/w")
    }
    if parameters.isLarge {
      let folder = context.output("model").deletingLastPathComponent()
      try Data("{\"part\": \(parameters.seed)}".utf8).write(to: folder.appending(path: "part.json"))
    }
    try context.metrics.log(step: 1, ["loss": 0.25])
  }
}

/// Judges: writes completions with prompts and answers, keeping the completions as a part.
struct PackScores: Stage {
  struct Parameters: ParameterSet {
    var template = "I count"
    static var fields: [Field<Self>] { [Field("template", \.template, "how it begins")] }
  }
  static let kind = "pack_scores"
  static let version = 1
  static let summary = "judges"
  static let inputs = [StagePort("model", ArtifactType("Model"), "whom")]
  static let outputs = [StagePort("scores", ArtifactType("Scores"), "the verdicts")]
  let parameters: Parameters

  static let secret = "How many knights sit at the secret table?"

  func run(_ context: StageContext) throws {
    let rows: [[String: JSONValue]] = (0..<4).map { row in
      [
        "id": .string("p#\(row)"), "prompt": .string(Self.secret), "answer": .integer(41_000 + row),
        "completion": .string("\(parameters.template) \(row)"), "outcome": "wrong",
        "tokens": .integer(row),
      ]
    }
    let digest = SHA256Digest.hex(of: Data(parameters.template.utf8))
    let part = StagePart(
      name: "completions", version: 1, identity: ["template": .string(digest)], inputs: ["model"])
    let file = try context.file(of: part) { file, _ in try RowTable(rows: rows).write(to: file) }
    try RowTable(contentsOf: file).write(to: context.output("scores"))
    context.publish(0.25, as: "accuracy")
  }

  static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    ["accuracy": .number(try outputs.table("scores")?.count == 4 ? 0.25 : 0)]
  }
}

/// A recipe with files around it, whose results are packed.
struct PackFixture {
  let project: FakeProject
  let recipeFile: URL
  static let registry = KindRegistry([FakeSource.self, PackModel.self, PackScores.self])
  static let overrides = ["stages.numbers.params.value=7"]

  /// What is changed on the command line.
  private let overrides: [String]

  /// - Parameter isLarge: whether models have a part that lies beside their HDF5 file.
  init(isLarge: Bool = false) throws {
    overrides = Self.overrides + (isLarge ? ["stages.trained.params.large=true"] : [])
    project = try FakeProject()
    recipeFile = project.folder.file("experiments/own/packed.yaml")
    try Self.write(Self.recipe, to: recipeFile)
    try Self.write(Self.base, to: project.folder.file("experiments/base.yaml"))
    try Self.write(Self.published, to: project.folder.file("experiments/published/p.yaml"))
    try project.ask("content", "from outside")
  }

  static let recipe = """
    version: 1
    name: packed
    extends: ../base.yaml
    axes: {seed: [1, 2]}
    tables:
      main: {value: scores.accuracy, rows: seed, published: ../published/p.yaml}

    """

  private static let base = """
    version: 1
    summary: Does what is packed come out again?
    stages:
      numbers: {kind: fake_source, params: {needs_content: true}}
      trained: {kind: pack_model, inputs: {numbers: numbers}, params: {seed: "${seed}"}}
      scores: {kind: pack_scores, inputs: {model: trained}}

    """

  private static let published = """
    source: "Somebody, 2024"
    values: [{at: {seed: 1}, mean: 24.0, deviation: 1.0}]

    """

  static func write(_ text: String, to file: URL) throws {
    let folder = file.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func loaded(_ overrides: [String]? = nil) throws -> Recipe {
    try Recipe.load(recipeFile, overrides: overrides ?? self.overrides, registry: Self.registry)
  }

  /// Runs everything.
  func run() throws {
    let summary = try project.run(loaded().instances)
    if summary.failed > 0 { throw StageError.failed("\(summary.outcomes)") }
  }

  /// Makes the records those of a version that did not note parts.
  func forgetParts() throws {
    for key in project.cache.keys() {
      let file = project.cache.artifactFolder(key).appending(path: "record.json")
      var record = try #require(try JSONValue(parsing: Data(contentsOf: file)).object)
      record["parts"] = nil
      record["digest"] = nil
      try FileManager.default.removeItem(at: file)
      try Data(JSONValue.object(record).prettyText.utf8).write(to: file)
    }
  }

  func contents(
    leftOut: Set<ArtifactType> = [ArtifactType("Model")], texts: PackedTexts? = nil,
    tableless: Set<ArtifactType> = [], isSmall: Bool = false
  ) throws -> PackContents {
    let recipe = try loaded()
    let plan = try project.plan(recipe.instances)
    return PackContents(
      recipe: recipe, plan: plan, cache: project.cache,
      options: .init(
        leftOutTypes: leftOut, texts: texts, tablelessTypes: tableless, isSmall: isSmall)
    ) { [(name: "main", csv: "value,mean\nnumber,24\n")] }
  }

  /// Packs into a file of the project.
  func pack(
    _ name: String = "packed.warmup.h5", leftOut: Set<ArtifactType> = [ArtifactType("Model")],
    texts: PackedTexts? = nil, tableless: Set<ArtifactType> = []
  ) throws -> URL {
    let file = project.folder.file(name)
    try contents(leftOut: leftOut, texts: texts, tableless: tableless).write(
      to: file, programVersion: "0.0")
    return file
  }
}
