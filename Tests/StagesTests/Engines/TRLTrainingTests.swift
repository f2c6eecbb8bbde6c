import Base
import Foundation
import Model
import Runner
import Stages
import TestSupport
import Testing

/// `engine: trl` of `distill`, against an adapter that plays its part without TRL.
@Suite(.ownThread) struct TRLTrainingTests {
  private static let fake = ProjectFolder.fixtures.appending(path: "engines/fake-trl")

  /// 5 traces in steps of 2 for two epochs: 6 steps.
  static func recipe(
    _ params: String = "", keep: String = "", engine: String = "trl"
  ) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 5, seed: 1}}
      traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
      base: {kind: pretrained_model, params: {source: varied}}
      warmed:
        kind: distill
        inputs: {model: base, traces: traces}
        params: {engine: \(engine), epochs: 2, batch_size: 2, warmup_steps: 2, learning_rate: 1e-3\(params)}
        \(keep)
    """
  }

  private static func site(_ fault: String = "") -> Site {
    var site = Site()
    site.python = fake.path
    site.prefix = ["env", "FAKE=\(fault)"]
    return site
  }

  private static func failure(_ run: RecipeRun) -> String {
    guard case .failed(let sentence) = run.summary.outcomes.last else {
      return "it did not fail: \(run.summary.outcomes)"
    }
    return sentence
  }

  private func run(_ model: VariedModel, fault: String = "") throws -> RecipeRun {
    try RecipeRun(Self.recipe(), beside: model.folder, site: Self.site(fault))
  }

  private func weights(_ run: RecipeRun) throws -> [Float] {
    let result = try #require(run.summary.plan.results.last)
    let model = try ModelArtifact(
      OpenedModel(contentsOf: result.folder.appending(path: "model.h5")))
    return model.weights.buffer[0..<model.weights.buffer.count]
  }

  @Test func whatTheAdapterTrainsIsPublished() throws {
    let model = try VariedModel()
    let run = try run(model)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let factor = Float(pow(0.99, 6))
    let start = try model.artifact().weights
    let differences = zip(try weights(run), start.buffer[0..<start.buffer.count]).map {
      abs($0 - factor * $1)
    }
    #expect((differences.max() ?? 1) < 1e-6)
    let values = try #require(run.summary.plan.results.last).values
    #expect(values["steps"]?.number == 6 && values["traces"]?.number == 5)
    #expect(values["final_loss"]?.number == 1.0 / 6)
    #expect(values["engine"]?["versions"]?["trl"] == "1.16.0")
  }

  /// The lines of a file of the training that is under way.
  private static func json(_ name: String, of run: RecipeRun) throws -> [JSONValue] {
    let files = FileManager.default.enumerator(
      at: run.cache.folder, includingPropertiesForKeys: nil)
    let file = try #require(
      files?.compactMap { $0 as? URL }.first { $0.lastPathComponent == name })
    return try Data(contentsOf: file).split(separator: 0x0A).map {
      try JSONValue(parsing: Data($0))
    }
  }

  /// Each row's part of the loss has a divisor, also where a step's rows are no multiple of a micro-batch.
  @Test func otherNormalisersDivideRowByRow() throws {
    let model = try VariedModel()
    let run = try RecipeRun(
      Self.recipe(", normaliser: microbatch_tokens, microbatch: 1"), beside: model.folder,
      site: Self.site("rubbish"))
    let lengths = try Self.json("rows.jsonl", of: run).map { row in
      (row["labels"]?.array ?? []).count { $0 != -100 }
    }
    let request = try #require(try Self.json("request.json", of: run).first)
    let order = try #require(request["order"]?.array).compactMap(\.integer)
    let divisors = try #require(request["divisors"]?.array).compactMap(\.integer)
    // Two micro-batches in a step, one in the last of an epoch; a blank row has no part.
    let expected = order.enumerated().map { place, row in
      row == 5 ? 1 : lengths[row] * (place % 6 < 4 ? 2 : 1)
    }
    #expect(divisors == expected)
  }

  /// Every row once and a blank one; the last step of an epoch, with one trace, is filled with it.
  @Test func theRequestSaysEverything() throws {
    let model = try VariedModel()
    let run = try run(model, fault: "rubbish")
    let rows = try Self.json("rows.jsonl", of: run)
    #expect(rows.count == 6)
    for row in rows.dropLast() {
      let ids = try #require(row["input_ids"]?.array)
      let labels = try #require(row["labels"]?.array)
      #expect(ids.count == labels.count && labels.last == ids.last && labels.first == -100)
      #expect(zip(ids, labels).allSatisfy { $1 == -100 || $0 == $1 })
      // The prompt is out of the loss, the completion in it.
      let first = try #require(labels.firstIndex { $0 != -100 })
      #expect(first > 20 && !labels[first...].contains(-100))
    }
    #expect(rows.last?["labels"] == [-100])
    let request = try #require(try Self.json("request.json", of: run).first)
    #expect(request["divisors"] == .null)
    let order = try #require(request["order"]?.array).compactMap(\.integer)
    #expect(order.count == 12 && order[5] == 5 && order[11] == 5)
    #expect(order.prefix(5).sorted() == [0, 1, 2, 3, 4])
    let arguments = try #require(request["arguments"])
    let expected: [String: JSONValue] = [
      "max_steps": 6, "learning_rate": 1e-3, "lr_scheduler_type": "constant_with_warmup",
      "warmup_steps": 2, "adam_beta2": 0.95, "max_grad_norm": 0.1, "weight_decay": 1e-4,
      "per_device_train_batch_size": 1, "gradient_accumulation_steps": 2, "bf16": false, "seed": 42,
      "optim": "adamw_torch", "max_length": .null, "logging_nan_inf_filter": false,
      "shuffle_dataset": false, "train_sampling_strategy": "sequential", "packing": false,
    ]
    for (name, value) in expected { #expect(arguments[name] == value, "\(name)") }
  }

  /// DeepSpeed is told the same as TRL; its bf16, which has weights of 16 bits, is not taken.
  @Test func shardsOfDeepSpeedAreOfTheSameTraining() throws {
    let model = try VariedModel()
    let params =
      ", precision: bfloat16, max_gradient_norm: 0.5, "
      + "trl: {processes: 2, per_device: 1, sharding: zero3, device: cuda, gradient_checkpointing: true}"
    let run = try RecipeRun(Self.recipe(params), beside: model.folder, site: Self.site("rubbish"))
    let request = try #require(try Self.json("request.json", of: run).first)
    let arguments = try #require(request["arguments"])
    #expect(arguments["bf16"] == true && arguments["use_cpu"] == false)
    #expect(arguments["gradient_checkpointing"] == true && arguments["fsdp"] == .null)
    let told = try #require(arguments["deepspeed"])
    #expect(told["train_micro_batch_size_per_gpu"] == 1 && told["train_batch_size"] == 2)
    #expect(told["gradient_accumulation_steps"] == 1 && told["gradient_clipping"] == 0.5)
    #expect(told["zero_optimization"]?["stage"] == 3 && told["communication_data_type"] == "fp32")
    #expect(told["bf16"] == nil && told["torch_autocast"]?["enabled"] == true)
    #expect(told["torch_autocast"]?["lower_precision_safe_modules"] == [])
  }

  /// Neither Python nor how the work is divided is another result; natively trained is.
  @Test func theKeyHasTheEngineAndNotItsPlace() throws {
    let model = try VariedModel()
    func key(_ params: String, engine: String = "trl") throws -> String {
      let recipe = try Recipe.parse(
        Self.recipe(params, engine: engine), file: model.folder.file("test.yaml"),
        registry: .standard)
      let plan = Planner(
        cache: Cache(folder: model.folder.file("cache")),
        folders: DataFolders(searchPaths: [model.folder.url], downloads: model.folder.url)
      ).plan(recipe.instances)
      return try #require(plan.items.last?.key)
    }
    let trl = try key("")
    #expect(try key(", trl: {per_device: 2, gradient_checkpointing: true}") == trl)
    #expect(try key(", trl: {processes: 2, sharding: fsdp2}") == trl)
    #expect(try key(", trl: {processes: 2, sharding: zero3, device: cuda}") == trl)
    #expect(try key(", checkpoint_seconds: 1") == trl)
    #expect(try key(", seed: 1") != trl)
    #expect(try key("", engine: "native") != trl)
    // The key of those who never heard of engines stays.
    let plain = Self.recipe().replacing("engine: trl, ", with: "")
    let recipe = try Recipe.parse(plain, file: model.folder.file("test.yaml"), registry: .standard)
    let fields = try #require(recipe.instances.last).identity
    #expect(fields["engine"] == nil && fields["trl"] == nil)
  }

  static let faults: [(fault: String, sentence: String)] = [
    ("refused", "TRL was not started: TRL 1.16 is asked for, but this Python has 1.15.0"),
    ("memory", "tried to allocate 2 GiB; trl.per_device is 4, 2 would need less"),
    ("not finite", "loss of step 1 is not finite in TRL; nothing was published"),
    ("rubbish", "said what it may not say now: Traceback"),
    ("a loss that is none", "said what it may not say now"),
    ("a step left out", "said what it may not say now"),
    ("killed", "TRL ended with status 137 and without a word; run again"),
    ("half a line", "TRL ended with status 1 and without a word; run again"),
    ("too early", "TRL says that it is done, but after step 5 of 6"),
    ("silence", "TRL ended with status 0 and without a word"),
    ("half of the weights", "model.safetensors"),
    ("other shape", "has the shape [8, 2], not [16]"),
    ("infinite weights", "holds inf"),
  ]

  @Test(arguments: faults)
  func whatGoesWrongIsSaidAndNothingPublished(fault: String, sentence: String) throws {
    let run = try run(VariedModel(), fault: fault)
    #expect(Self.failure(run).contains(sentence), "\(Self.failure(run))")
    #expect(run.summary.plan.results.last?.name != "warmed")
  }

  /// What was logged before a kill, whoever was killed, is there once.
  @Test(arguments: ["killed", "half a line"])
  func anotherRunGoesOn(fault: String) throws {
    let model = try VariedModel()
    let whole = try run(VariedModel())
    let first = try run(model, fault: fault)
    #expect(first.summary.exitCode == 1)
    let second = try RecipeRun(Self.recipe(), beside: model.folder, site: Self.site(fault))
    #expect(second.summary.exitCode == 0, "\(second.summary.outcomes)")
    #expect(try weights(second) == weights(whole))
    let metrics = try [second, whole].map {
      try Data(
        contentsOf: #require($0.summary.plan.results.last).folder.appending(path: "metrics.h5"))
    }
    #expect(metrics[0] == metrics[1])
  }

  /// The steps that are asked for, and the last, each with its weights; also where the adapter was killed
  /// after it had left one.
  @Test(arguments: ["", "killed"])
  func stepsAreKept(fault: String) throws {
    let model = try VariedModel()
    let recipe = Self.recipe(keep: "keep: [2, 3, 6]")
    var run = try RecipeRun(recipe, beside: model.folder, site: Self.site(fault))
    if fault == "killed" {
      #expect(run.summary.failures.first?.sentence.contains("ended with status 137") == true)
      run = try RecipeRun(recipe, beside: model.folder, site: Self.site(fault))
    }
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let start = try model.artifact().weights
    for step in [2, 3, 6] {
      let result = try #require(
        run.summary.plan.results.first { $0.name == "warmed.at[step=\(step)]" })
      let kept = try ModelArtifact(
        OpenedModel(contentsOf: result.folder.appending(path: "model.h5"))
      ).weights
      let factor = Float(pow(0.99, Double(step)))
      let differences = zip(
        kept.buffer[0..<kept.buffer.count], start.buffer[0..<start.buffer.count]
      ).map { abs($0 - factor * $1) }
      #expect((differences.max() ?? 1) < 1e-6, "step \(step)")
    }
  }

  @Test func aPythonThatIsNotThereIsNamed() throws {
    let model = try VariedModel()
    var site = Site()
    site.python = "/nowhere/python"
    let run = try RecipeRun(Self.recipe(), beside: model.folder, site: site)
    #expect(Self.failure(run).contains("there is no program '/nowhere/python' to run TRL with"))
  }

  static let mistakes: [(params: String, sentence: String)] = [
    (", lora: {rank: 2}", "10:97: 'engine: trl' trains all weights so far"),
    (", trl: {sharding: fsdp2}", "divides a model among processes, and there is one"),
    (", trl: {sharding: zero3}", "divides a model among processes, and there is one"),
    (", trl: {sampler: vllm}", "unknown key 'sampler'"),
    (", trl: {processes: 2, per_device: 3}", "must be a multiple of trl's processes times"),
  ]

  @Test(arguments: mistakes)
  func whatTRLCannotDoIsRefused(params: String, sentence: String) throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: RecipeError.self) {
      try Recipe.parse(
        Self.recipe(params), file: folder.file("test.yaml"), registry: .standard)
    }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }
}
