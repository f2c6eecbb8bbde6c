import Base
import Foundation
import HDF5
import Model
import Runner
import Stages
import TestSupport
import Testing

/// Training of adapters in place of weights.
@Suite(.serialized) struct LoRATests {
  private static let recipe = """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 2, heads: 2, key_value_heads: 1, intermediate: 24, context: 2048}
      warmed:
        kind: distill
        inputs: {model: scratch, traces: traces}
        params: {epochs: 4, batch_size: 4, learning_rate: 1e-2, warmup_steps: 0, lora: LORA}
        keep: [2]
      tuned:
        kind: rlvr
        inputs: {model: warmed, problems: puzzles}
        params: {steps: 3, group: 4, problems_per_step: 2, max_tokens: 4, reward: random, learning_rate: 1e-2, warmup_steps: 0, template: knights_and_knaves_short, loss: {kl: KL}, lora: LORA}
    """

  private func run(lora: String, kl: Double = 0) throws -> RecipeRun {
    let text = Self.recipe.replacing("LORA", with: lora).replacing("KL", with: "\(kl)")
    let run = try RecipeRun(text)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    return run
  }

  private func result(_ name: String, of run: RecipeRun) throws -> PlannedInstance {
    try #require(run.summary.plan.results.first { $0.name == name }, "\(name)")
  }

  private func file(_ name: String, _ port: String = "model", of run: RecipeRun) throws -> URL {
    try result(name, of: run).folder.appending(path: "\(port).h5")
  }

  private func model(_ name: String, of run: RecipeRun) throws -> ModelArtifact {
    try ModelArtifact(contentsOf: file(name, of: run))
  }

  @Test func publishesTheMergedModelWithItsAdapters() throws {
    let run = try run(lora: "{rank: 3, alpha: 6, targets: [q_proj, down_proj]}")
    let (start, warmed) = try (model("scratch", of: run), model("warmed", of: run))
    let tuned = try model("tuned", of: run)
    for (before, after) in [(start, warmed), (warmed, tuned)] {
      let adapters = try #require(after.mergedAdapters)
      #expect(adapters.lora.rank == 3 && adapters.lora.alpha == 6)
      #expect(adapters.lora.targets == [.query, .down])
      for entry in before.weights.layout.entries {
        let isTrained = ["q_proj", "down_proj"].contains { entry.name.contains($0) }
        let merged = before.weights.withValues(of: entry, merging: adapters) { Array($0) }
        #expect(after.weights[entry.name] == merged, "\(entry.name)")
        #expect((merged != before.weights[entry.name]) == isTrained, "\(entry.name)")
      }
    }
    #expect(start.mergedAdapters == nil)
    // What is kept of a step is a model like that of the end.
    let kept = try model("warmed.at[step=2]", of: run)
    #expect(kept.mergedAdapters != nil)
    #expect(kept.weights.buffer.values != warmed.weights.buffer.values)
    // Sampling and training have the same model but for the last bits.
    let mismatch = try run.rows("tuned", "metrics").map {
      $0["sampling/logp_difference_max"]?.number ?? .nan
    }
    #expect(mismatch.count == 3 && mismatch.allSatisfy { $0 < 1e-4 }, "\(mismatch)")
    #expect(try result("warmed", of: run).values["rounded_weights"] == nil)
    // It learns.
    let losses = try run.rows("warmed", "metrics").compactMap { $0["loss"]?.number }
    #expect(losses.count == 4 && losses == losses.sorted(by: >), "\(losses)")
  }

  /// The reference is the model without its adapters: at first there is no divergence, then some.
  @Test func divergesFromTheModelWithoutAdapters() throws {
    let run = try run(lora: "{rank: 3}", kl: 0.1)
    let kl = try run.rows("tuned", "metrics").map { $0["kl"]?.number ?? .nan }
    #expect(kl.count == 3 && abs(kl[0]) < 1e-9 && kl[2] > 1e-6, "\(kl)")
  }

  @Test func holdsFrozenLayersInBfloat16() throws {
    let run = try run(lora: "{rank: 2, base: bfloat16}")
    let rounded = try #require(try result("warmed", of: run).values["rounded_weights"]?.number)
    let (start, warmed) = try (model("scratch", of: run), model("warmed", of: run))
    let adapters = try #require(warmed.mergedAdapters)
    var changed = 0
    for entry in start.weights.layout.entries {
      let values = try #require(start.weights[entry.name])
      guard entry.name.contains("_proj.weight") else {
        #expect(warmed.weights[entry.name] == values)
        continue
      }
      let base = values.map { Precision.bfloat16.rounded($0) }
      changed += zip(values, base).count { $0.0 != $0.1 }
      _ = start.weights.setValues(of: entry) { _ = $0.update(from: base) }
      let merged = start.weights.withValues(of: entry, merging: adapters) { Array($0) }
      #expect(warmed.weights[entry.name] == merged)
    }
    #expect(changed > 0 && Double(changed) == rounded)
  }

  // MARK: Interrupted and resumed

  /// Asks to stop when a step is done.
  private final class Stopper: ProgressSink {
    let interruption = Interruption()
    let step: Int
    init(after step: Int) { self.step = step }
    func update(_ progress: StageProgress) { if progress.done >= step { interruption.request() } }
    func notice(_ sentence: String) {}
  }

  /// Runs a training in a folder until a step or to its end.
  private func train<Kind: Stage>(
    _ stage: Kind, _ inputs: [String: InputArtifact], in folder: URL, until step: Int? = nil
  ) throws {
    let output = folder.appending(path: "out")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    let stopper = Stopper(after: step ?? .max)
    let context = try StageContext(
      instance: "test", inputs: inputs, outputDirectory: output,
      workDirectory: folder.appending(path: "work"),
      folders: DataFolders(searchPaths: [], downloads: folder), threads: step == nil ? 2 : 1,
      interruption: stopper.interruption, progress: stopper)
    if step == nil {
      try stage.run(context)
    } else {
      #expect(throws: InterruptedError.self) { try stage.run(context) }
    }
  }

  private func input(_ file: URL, _ type: String) -> InputArtifact {
    InputArtifact(file: file, key: "", instance: "x", type: ArtifactType(type))
  }

  private func lora() -> LoRA {
    var lora = LoRA()
    (lora.rank, lora.targets) = (2, [.value, .gate])
    return lora
  }

  @Test func resumesToTheSameBytesOverTheSameWeights() throws {
    let run = try run(lora: "{rank: 2, targets: [v_proj, gate_proj]}", kl: 0.1)
    let scratch = try ScratchFolder()
    let (base, problems) = try (file("scratch", of: run), file("puzzles", "problems", of: run))
    let warm = try input(file("traces", "traces", of: run), "Traces")
    var distill = DistillParameters()
    (distill.epochs, distill.batchSize, distill.lora) = (4, 4, lora())
    distill.optimiser.learningRate = 1e-2
    distill.optimiser.warmupSteps = 0
    let distillation = DistillStage(parameters: distill)
    var rlvr = RLVRParameters()
    (rlvr.steps, rlvr.group, rlvr.problemsPerStep, rlvr.lora) = (3, 2, 2, lora())
    (rlvr.reward, rlvr.template, rlvr.loss.kl) = (.random, "knights_and_knaves_short", 0.1)
    (rlvr.sampling.maxTokens, rlvr.optimiser.learningRate) = (4, 1e-2)
    rlvr.optimiser.warmupSteps = 0
    let reinforcement = RLVRStage(parameters: rlvr)

    func bytes(_ folder: URL) throws -> Data {
      try Data(contentsOf: folder.appending(path: "out/model.h5"))
    }
    func compare<Kind: Stage>(_ stage: Kind, _ inputs: [String: InputArtifact]) throws {
      let (whole, stopped) = (
        scratch.url.appending(path: "\(Kind.kind)-whole"),
        scratch.url.appending(path: "\(Kind.kind)-stopped")
      )
      try train(stage, inputs, in: whole)
      try train(stage, inputs, in: stopped, until: 2)
      let checkpoint = stopped.appending(path: "work/checkpoints/step-2.h5")
      let size = try FileManager.default.attributesOfItem(atPath: checkpoint.path)[.size] as? Int
      let model = try Data(contentsOf: inputs["model"]!.file).count
      #expect(try #require(size) < model / 2, "a checkpoint holds the adapters alone")
      try train(stage, inputs, in: stopped)
      #expect(try bytes(whole) == bytes(stopped), "\(Kind.kind)")
    }
    let start = input(base, "Model")
    try compare(distillation, ["model": start, "traces": warm])
    try compare(reinforcement, ["model": start, "problems": input(problems, "Problems")])

    // Over other weights a checkpoint counts for nothing.
    let other = try input(file("warmed", of: run), "Model")
    let (fresh, moved) = (
      scratch.url.appending(path: "fresh"), scratch.url.appending(path: "moved")
    )
    try train(distillation, ["model": other, "traces": warm], in: fresh)
    try train(distillation, ["model": start, "traces": warm], in: moved, until: 2)
    try train(distillation, ["model": other, "traces": warm], in: moved)
    #expect(try bytes(moved) == bytes(fresh))
  }

  // MARK: Files

  /// A file with a model and what somebody else says of its adapters.
  private func model(
    rank: Int, alpha: Double = 1, shape: [Int] = [2, 16], value: Float = 0,
    _ name: String = "q_proj"
  ) throws -> ModelArtifact {
    let model = try TrainingFixtures.model()
    let folder = try ScratchFolder()
    let file = folder.url.appending(path: "model.h5")
    try HDF5File.create(file) { target in
      let texts = [
        ("/config", model.weights.configuration.huggingFaceConfig),
        ("/tokenizer", model.tokenizer.huggingFace),
      ]
      for (path, data) in texts {
        try target.write(strings: [String(decoding: data, as: UTF8.self)], to: path)
      }
      for entry in model.weights.layout.entries {
        try model.weights.withValues(of: entry) {
          try target.write($0, to: "/model/\(entry.name)", shape: entry.shape)
        }
      }
      for layer in 0..<2 {
        let adapter = "/adapters/model.layers.\(layer).self_attn.\(name).lora_"
        let a = [Float](repeating: value, count: shape.reduce(1, *))
        let b = [Float](repeating: 0, count: 16 * 2)
        try a.withUnsafeBufferPointer {
          try target.write($0, to: adapter + "A.weight", shape: shape)
        }
        try b.withUnsafeBufferPointer {
          try target.write($0, to: adapter + "B.weight", shape: [16, 2])
        }
      }
      try target.setAttribute("rank", .integer(rank), of: "/adapters")
      try target.setAttribute("alpha", .number(alpha), of: "/adapters")
    }
    return try ModelArtifact(contentsOf: file)
  }

  @Test func adaptersThatAreNoneOfTheModelAreRefused() throws {
    #expect(try model(rank: 2).mergedAdapters?.lora.targets == [.query])
    func refusal(_ make: () throws -> ModelArtifact) -> String {
      do { return "\(try make().mergedAdapters as Any)" } catch { return "\(error)" }
    }
    let rank = "does not say the rank and alpha"
    #expect(refusal { try model(rank: .max) }.contains(rank))
    #expect(refusal { try model(rank: 0) }.contains(rank))
    #expect(refusal { try model(rank: 2, alpha: .nan) }.contains(rank))
    #expect(refusal { try model(rank: 4000) }.contains("has another shape"))
    #expect(refusal { try model(rank: 2, shape: [16, 2]) }.contains("has another shape"))
    #expect(refusal { try model(rank: 2, value: .infinity) }.contains("holds inf"))
    #expect(refusal { try model(rank: 2, "z_proj") }.contains("no adapters where it should"))
  }

  // MARK: Recipes

  private func mistakes(_ kind: String, _ params: String) -> [String] {
    let stage =
      kind == "rlvr"
      ? "kind: rlvr, inputs: {model: scratch, problems: puzzles}"
      : "kind: distill, inputs: {model: scratch, traces: traces}"
    let text =
      Self.recipe.components(separatedBy: "  warmed:")[0]
      + "  last: {\(stage), params: {\(params)}}"
    do {
      _ = try Recipe.parse(text, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
      return []
    } catch {
      return error.diagnostics.map(\.message)
    }
  }

  @Test(arguments: ["distill", "rlvr"])
  func refusesWhatMakesNoSense(kind: String) {
    #expect(mistakes(kind, "lora: {}") == [])
    #expect(mistakes(kind, "lora: {rank: 4, alpha: 8, targets: q_proj, base: bfloat16}") == [])
    let wrong = [
      "lora: {rank: 0}": "'rank' must be between 1 and 4096, found 0",
      "lora: {alpha: .nan}": "expected a finite number",
      "lora: {alpha: 0}": "'alpha' must be between 1e-06 and 1000000, found 0",
      "lora: {targets: []}": "adapters need a layer",
      "lora: {targets: [q_proj, q]}": "unknown value 'q'",
      "lora: {base: float16}": "unknown value 'float16'",
      "lora: {dropout: 0.1}": "unknown key 'dropout'",
      "lora: 8": "expected a mapping of parameters",
      "lora: {rank: 8}, precision: bfloat16": "with lora, precision must be float32",
    ]
    for (params, message) in wrong.sorted(by: { $0.key < $1.key }) {
      let found = mistakes(kind, params)
      #expect(found.count == 1 && found[0].contains(message), "\(params): \(found)")
    }
  }

  /// What is not set does not enter keys; what is set, whole and in one order, does.
  @Test func entersTheKeyWhereItIsSet() throws {
    var parameters = DistillParameters()
    #expect(parameters.identity["lora"] == nil)
    parameters.lora = LoRA()
    let all: [JSONValue] = [
      "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]
    #expect(
      parameters.identity["lora"] == [
        "rank": 16, "alpha": .number(32), "targets": .array(all), "base": "float32",
      ])
    parameters.lora?.targets = [.down, .query]
    #expect(parameters.identity["lora"]?["targets"] == ["q_proj", "down_proj"])
  }
}

extension FloatBuffer {
  fileprivate var values: [Float] { self[0..<count] }
}
