import Base
import Foundation
import Model
import OrderedCollections
import Runner
import Stages
import TestSupport
import Testing

/// What kinds declare to publish and log is what a run of them publishes and logs.
@Suite(.ownThread) struct PublishedNamesTests {
  /// What this run has no occasion for, or what follows from results and is not published itself.
  private static let others: [String: Set<String>] = [
    "evaluate": Set(EvaluateStage.names.values.filter { $0.hasSuffix("_macro") }).union([
      "verdict", "correct", "pass@{samples}", "unboxed", "warning", "sandbox", "selection",
      "number", "server",
    ]),
    "rlvr": [
      "kl", "completion_length", "truncated", "format_rate", "solved", "precision",
      "sandbox", "engine", "sampling/importance_sampling_ratio/mean",
      "sampling/importance_sampling_ratio/min", "sampling/importance_sampling_ratio/max",
    ],
    "pretrained_model": ["note"], "pretrain": ["precision"], "distill": ["precision", "engine"],
    "write_traces": ["accepted", "teacher"],
  ]

  /// A recipe with every kind, in the smallest size.
  private static func recipe(model: String) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      divided: {kind: split, inputs: {problems: puzzles}, params: {test: 2}}
      sums: {kind: miniature_problems, params: {count: 3}}
      rows: {kind: dataset, params: {task: math, source: rows.jsonl}}
      read: {kind: read_traces, params: {source: traces.jsonl}}
      traces:
        kind: write_traces
        inputs: {problems: divided.train}
        params: {style: short, prompt: knights_and_knaves_short}
      mixed: {kind: mix, inputs: {a: traces}}
      joined: {kind: concat, inputs: {a: traces}}
      kept: {kind: filter, inputs: {a: traces}, params: {where: {style: {equals: short}}}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      outside: {kind: pretrained_model, params: {source: "\(model)"}}
      learned: {kind: pretrain, inputs: {model: scratch, texts: texts}}
      warmed:
        kind: distill
        inputs: {model: scratch, traces: traces}
        params: {epochs: 1, lora: {rank: 1, base: bfloat16}}
      tuned:
        kind: rlvr
        inputs: {model: scratch, problems: divided.train}
        params:
          {steps: 1, group: 2, problems_per_step: 1, max_tokens: 4, template: knights_and_knaves_short, lora: {base: bfloat16}}
        keep: 1
      along:
        kind: evaluate
        inputs: {model: tuned.at, problems: divided.test}
        params: {samples: 2, max_tokens: 4, template: knights_and_knaves_short}
      chosen: {kind: select, over: step, inputs: {model: tuned.at, scores: along, on: divided.test}}
      scores:
        kind: evaluate
        inputs: {model: scratch, problems: divided.test}
        params: {samples: 2, max_tokens: 4, template: knights_and_knaves_short}
      fluency: {kind: perplexity, inputs: {model: scratch}, params: {texts: [Ann is a knight.]}}
    """
  }

  @Test func everyKindPublishesAndLogsWhatItDeclares() throws {
    let folder = try ScratchFolder()
    let model = folder.url.appending(path: "model")
    let small = try TrainingFixtures.model()
    try HuggingFaceExport.write(
      small.weights, tokenizer: small.tokenizer, chatTemplate: nil, to: model)
    let run = try RecipeRun(Self.recipe(model: model.path)) { cache in
      // The test's folder is where files from outside are looked for.
      let beside = cache.folder.deletingLastPathComponent()
      for (name, row) in [
        ("rows", #"{"problem": "What is 1+1?", "solution": "2"}"#),
        ("traces", #"{"prompt": "Q", "completion": "A"}"#),
      ] {
        try Data((row + "\n").utf8).write(to: beside.appending(path: "\(name).jsonl"))
      }
    }
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let results = Dictionary(grouping: run.summary.plan.results, by: \.kind.name)
    #expect(results.keys.sorted() == (KindRegistry.standard.names + [KeptModelStage.kind]).sorted())
    for (name, results) in results {
      let kind = KindRegistry.standard[name] ?? KeptModelStage.self
      // What a choice is by, and along which axes, the recipe says.
      if name == SelectStage.kind { continue }
      #expect(kind.names.isKnown, "\(name) does not say what it publishes")
      let values = results.reduce(into: [:]) { $0.merge($1.values) { $1 } }
      let files = results.map { $0.folder.appending(path: Artifact.metricsName) }
      let metrics = try files.filter { FileManager.default.fileExists(atPath: $0.path) }
        .flatMap { try RowTable(contentsOf: $0).columns.keys }
      let logged = Set(metrics).subtracting(["step"])
      #expect(kind.names.undeclared(values: values, metrics: logged).isEmpty, "\(name)")
      let declared = kind.names.values + kind.names.facts + kind.names.metrics
      let idle = Set(declared).subtracting(values.keys).subtracting(logged)
      #expect(idle == Self.others[name] ?? [], "\(name) declares what it does not publish")
    }
  }

  @Test func whatIsNotDeclaredIsFound() {
    let names = PublishedNames(values: ["sum"], facts: ["verifier"], metrics: ["loss"])
    #expect(
      names.undeclared(
        values: ["sum": 1, "verifier": "a"], metrics: ["loss", "time"], timings: ["time"]
      ).isEmpty)
    #expect(
      names.undeclared(values: ["total": 1, "verifier": 2, "why": "x"], metrics: ["los"])
        == ["los", "total", "verifier", "why"])
  }
}
