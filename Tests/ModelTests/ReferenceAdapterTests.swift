import Foundation
import Model
import TestSupport
import Testing

/// Adapters against what PEFT computes with PyTorch in float32 (`Tests/Fixtures/lora/make.py`).
@Suite("Reference: adapters", .serialized)
struct ReferenceAdapterTests {
  private static let names = ["llama-tied", "qwen2-untied"]
  private static let prefix = "base_model.model."

  /// A model with the adapters that PEFT saved.
  private struct Case {
    let weights: Weights
    let adapters: Adapters
    let reference: SafetensorsFile
    let batch: PackedBatch

    init(_ name: String) throws {
      let folder = ProjectFolder.root.appending(path: "Tests/Fixtures/lora/\(name)")
      weights = try ReferenceModel(folder: ReferenceFolder.own.appending(path: name)).weights()
      let config = try ReferenceJSON(folder.appending(path: "adapter_config.json"))
      var lora = LoRA()
      lora.rank = config["r"].integer
      lora.alpha = config["lora_alpha"].number
      lora.targets = try config["target_modules"].elements.map {
        try #require(LinearLayer(rawValue: $0.text))
      }
      adapters = Adapters(weights.configuration, lora)
      let saved = try SafetensorsFile(
        contentsOf: folder.appending(path: "adapter_model.safetensors"))
      #expect(saved.names == adapters.layout.entries.map { prefix + $0.name }.sorted())
      for entry in adapters.layout.entries {
        #expect(try saved.shape(prefix + entry.name) == entry.shape)
        adapters.buffer[entry.range] = try saved.floats(prefix + entry.name)
      }
      reference = try SafetensorsFile(contentsOf: folder.appending(path: "reference.safetensors"))
      let columns = try reference.shape("tokens")[1]
      let tokens = try reference.integers("tokens").map { Int32($0) }
      var batch = PackedBatch()
      for start in stride(from: 0, to: tokens.count, by: columns) {
        batch.append(
          Array(tokens[start..<start + columns]), inLoss: [Bool](repeating: true, count: columns))
      }
      self.batch = batch
    }
  }

  @Test("log-probabilities, gradients, steps of AdamW and merged weights", arguments: names)
  func everything(_ name: String) throws {
    let model = try Case(name)
    let adapters = model.adapters
    let engine = TrainingEngine(
      weights: model.weights, adapters: adapters, pool: WorkerPool(threads: 2))
    var optimiser = AdamW(
      adapters.layout, AdamW.Parameters(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1))
    let norms = try model.reference.floats("norms")
    #expect(norms.count == 3)
    for (step, norm) in norms.enumerated() {
      engine.zeroGradients()
      let scores = engine.backward(
        model.batch, coefficients: ReferenceTrainingTests.meanCoefficients(model.batch))
      if step == 0 {
        try compareLogits(scores, model)
        for entry in adapters.layout.entries {
          let expected = try model.reference.floats("gradient." + Self.prefix + entry.name)
          #expect(
            relativeDifference(engine.gradients[entry.range], expected) < 1e-4, "\(entry.name)")
        }
      }
      let actual = try optimiser.step(
        engine.trained, gradients: engine.gradients, learningRate: 0.01, maxGradientNorm: 0.5,
        pool: engine.pool)
      #expect(abs(actual / Double(norm) - 1) < 1e-4)
    }
    for entry in adapters.layout.entries {
      let expected = try model.reference.floats("after." + Self.prefix + entry.name)
      let worst = zip(adapters.buffer[entry.range], expected).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst < 2e-4, "\(entry.name), \(worst)")
    }
    try compareMerged(model)
  }

  /// Tensors to the bit, and what both say of the adapters.
  @Test("written as PEFT writes them", arguments: names)
  func export(_ name: String) throws {
    let model = try Case(name)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "adapter-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try AdapterExport.write(model.adapters, to: folder)
    let saved = ProjectFolder.root.appending(path: "Tests/Fixtures/lora/\(name)")
    let files = try [folder, saved].map {
      try SafetensorsFile(contentsOf: $0.appending(path: "adapter_model.safetensors"))
    }
    #expect(files[0].names == files[1].names)
    for name in files[1].names {
      #expect(try files[0].shape(name) == files[1].shape(name))
      #expect(try files[0].floats(name) == files[1].floats(name))
    }
    let configurations = try [folder, saved].map { folder in
      let file = folder.appending(path: "adapter_config.json")
      return try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    }
    #expect(!configurations[0].isEmpty)
    for (key, value) in configurations[0] where key != "target_modules" {
      #expect("\(value)" == "\(try #require(configurations[1][key]))", "\(key)")
    }
    let targets = try configurations.map { try #require($0["target_modules"] as? [String]) }
    #expect(targets[0].sorted() == targets[1].sorted())
  }

  private func compareLogits(_ scores: [TokenScore], _ model: Case) throws {
    let logits = try model.reference.floats("logits")
    let shape = try model.reference.shape("logits")
    #expect(scores.count == model.batch.targets.count && !scores.isEmpty)
    for (index, (score, target)) in zip(scores, model.batch.targets).enumerated() {
      // The batch is without each sequence's last row, which predicts nothing.
      let (sequence, position) = index.quotientAndRemainder(dividingBy: shape[1] - 1)
      let row = (sequence * shape[1] + position) * shape[2]
      let values = logits[row..<row + shape[2]].map(Double.init)
      let largest = try #require(values.max())
      let logSum = largest + log(values.reduce(0) { $0 + exp($1 - largest) })
      let expected = values[Int(target.token)] - logSum
      #expect(abs(Double(score.logProbability) - expected) < 1e-4)
    }
  }

  private func compareMerged(_ model: Case) throws {
    var count = 0
    for entry in model.weights.layout.entries {
      let name = "merged." + entry.name
      guard model.reference.names.contains(name) else { continue }
      count += 1
      let expected = try model.reference.floats(name)
      model.weights.withValues(of: entry, merging: model.adapters) { values in
        let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? .nan
        #expect(worst < 2e-4, "\(entry.name), \(worst)")
      }
      #expect(model.weights[entry.name] != expected)
    }
    #expect(count == model.adapters.layout.entries.count / 2)
  }
}
