import Base
import Foundation
import HDF5
import Runner
import TestSupport

/// Adds up what it gathers.
struct JoinTotal: Stage {
  struct Parameters: ParameterSet {
    var note = ""
    static var fields: [Field<Self>] { [Field("note", \.note, "anything")] }
  }
  static let kind = "join_total"
  static let version = 1
  static let summary = "adds up"
  static let gathers = true
  static let inputs = [StagePort("numbers", ArtifactType("Numbers"), "what to add up")]
  static let outputs = [StagePort("numbers", ArtifactType("Numbers"), "the total")]
  let parameters: Parameters

  func run(_ context: StageContext) throws {
    let values: [Int] = try context.inputs(gatheredBy: "numbers").map {
      try HDF5Reader($0.file).read("/value")[0]
    }
    try HDF5File.create(context.output("numbers")) {
      try $0.write([values.reduce(0, +)], to: "/value")
    }
  }
}

/// A machine with a copy of one recipe, on which some of it runs.
struct Sitting {
  let project: FakeProject
  let recipeFile: URL

  static let registry = KindRegistry([
    FakeSource.self, FakeTraining.self, FakeKept.self, JoinTotal.self,
  ])

  static let recipe = """
    version: 1
    name: shared
    axes: {rate: [0.1, 0.2, 0.3]}
    stages:
      numbers: {kind: fake_source, params: {needs_content: true}}
      trained:
        kind: fake_training
        inputs: {numbers: numbers}
        params: {steps: 2, rate: "${rate}"}
      total: {kind: join_total, inputs: {numbers: trained}, over: rate}
    tables: {main: {value: trained.sum, rows: rate}}

    """

  init(_ change: (String) -> String = { $0 }) throws {
    project = try FakeProject()
    recipeFile = project.folder.file("shared.yaml")
    try Data(change(Self.recipe).utf8).write(to: recipeFile)
    try project.ask("content", "from outside")
  }

  func loaded(_ overrides: [String] = []) throws -> Recipe {
    try Recipe.load(recipeFile, overrides: overrides, registry: Self.registry)
  }

  /// Runs the recipe, or the part of it that is named.
  func run(_ only: String..., overrides: [String] = []) throws {
    let recipe = try loaded(overrides)
    let plan = try project.plan(recipe.instances)
    let part = try PlanPart(only, of: recipe.axes)
    let summary = try project.executor().run(only.isEmpty ? plan : plan.only(part))
    if summary.failed > 0 { throw StageError.failed("\(summary.outcomes)") }
  }

  /// Packs what is done of the recipe, or of the part that is named. The file goes with the value.
  func file(
    _ only: String..., overrides: [String] = [], leftOut: Set<ArtifactType> = []
  ) throws -> URL {
    try file(only, overrides, leftOut)
  }

  /// Packs and opens.
  func pack(
    _ only: String..., overrides: [String] = [], leftOut: Set<ArtifactType> = []
  ) throws -> OpenedPack {
    try PackedFile(checking: file(only, overrides, leftOut)).opened(PackFixture.registry)
  }

  private func file(
    _ only: [String], _ overrides: [String], _ leftOut: Set<ArtifactType>
  ) throws -> URL {
    let recipe = try loaded(overrides)
    let plan = try project.plan(recipe.instances)
    let part = try only.isEmpty ? nil : PlanPart(only, of: recipe.axes)
    let contents = PackContents(
      recipe: recipe, plan: part.map { plan.only($0).withoutOthers } ?? plan, part: part,
      cache: project.cache, options: .init(leftOutTypes: leftOut)
    ) { [] }
    let file = project.folder.file("\(UUID().uuidString).h5")
    try contents.write(to: file, programVersion: "0.0")
    return file
  }

  /// Runs and packs a part.
  func packed(_ only: String) throws -> OpenedPack {
    try run(only)
    return try pack(only)
  }

  /// What is done here, as a source.
  func here() throws -> ResultSource {
    let recipe = try loaded()
    return ResultSource(
      recipe, try project.plan(recipe.instances), registration: nil, registry: Self.registry)
  }
}

/// Packed files called a, b, c, … that lie open while they are joined.
struct OpenPacks {
  let sources: [ResultSource]
  private let packs: [OpenedPack]

  init(_ packs: OpenedPack...) throws {
    self.packs = packs
    sources = try zip("abcdef", packs).map { name, pack in
      try ResultSource(pack.experiment, name: String(name), registry: Sitting.registry)
    }
  }

  func joined(with more: ResultSource...) throws -> JoinedResults {
    try JoinedResults(sources + more)
  }

  /// Why they cannot be joined.
  func refusal(with more: ResultSource...) -> String {
    do {
      _ = try JoinedResults(sources + more)
      return "they can be joined"
    } catch {
      return "\(error)"
    }
  }
}
