import Foundation
import Model
import Runner

/// The completions of an evaluation: what is dear, kept apart from the verdicts, which are cheap.
struct CompletionsPart {
  let problems: RowTable
  let template: PromptTemplate
  let stopStrings: [String]
  let samples: Int
  let seed: Int
  let sampling: SamplingParameters

  /// Reads the completions from the cache, or samples them.
  ///
  /// Columns: id, problem (index), problem_id, sample, prompt, completion, tokens, truncated.
  func sampled(in context: StageContext) throws -> RowTable {
    let part = StagePart(
      name: "completions", version: 1, identity: identity, inputs: ["model", "problems"])
    let file = try context.file(of: part) { file, workFolder in
      let log = try RowLog(file: workFolder.appending(path: "completions.jsonl"))
      try sampleMissing(into: log, context)
      let order = log.rows.sorted { position($0) < position($1) }
      try RowTable(rows: order, order: Self.columns).write(to: file)
    }
    return try RowTable(contentsOf: file)
  }

  private static let columns = [
    "id", "problem", "problem_id", "sample", "prompt", "completion", "tokens", "truncated",
  ]

  private var identity: JSONValue {
    [
      "template": .string(template.sha256), "samples": .integer(samples), "seed": .integer(seed),
      "stop": .array(stopStrings.map { .string($0) }), "sampling": sampling.identity,
    ]
  }

  private func position(_ row: [String: JSONValue]) -> Int {
    (row["problem"]?.integer ?? 0) * samples + (row["sample"]?.integer ?? 0)
  }

  private func sampleMissing(into log: RowLog, _ context: StageContext) throws {
    let model = try ModelArtifact(contentsOf: context.input("model").file)
    let sampler = TextSampler(
      model, sampling, stopStrings: stopStrings, pool: WorkerPool(threads: context.threads))
    let done = Set(log.rows.map(position))
    let total = problems.count * samples
    let ids = try problems.strings("id")
    var requests: [SamplingRequest] = []
    var origins: [(problem: Int, samples: [Int], prompt: String)] = []
    for problem in 0..<problems.count {
      let missing = (0..<samples).filter { !done.contains(problem * samples + $0) }
      let prompt = try template.render(problems.row(problem))
      let tokens = try sampler.tokens(ofPrompt: prompt, id: ids[problem])
      guard !missing.isEmpty else { continue }
      requests.append(
        SamplingRequest(
          prompt: tokens, streams: missing.map { stream(problemID: ids[problem], sample: $0) }))
      origins.append((problem, missing, prompt))
    }
    var finished = done.count
    context.progress.update(Progress(finished, of: total, "completions"))
    let name = { "problem '\(ids[origins[$0].problem])'" }
    try sampler.sample(requests, name: name, interruption: context.interruption) {
      request, sample, text in
      let origin = origins[request]
      let number = origin.samples[sample]
      try log.append([
        "id": .string("\(ids[origin.problem])#\(number)"), "problem": .integer(origin.problem),
        "problem_id": .string(ids[origin.problem]), "sample": .integer(number),
        "prompt": .string(origin.prompt), "completion": .string(text.text),
        "tokens": .integer(text.tokens.count), "truncated": .boolean(text.isTruncated),
      ])
      finished += 1
      context.progress.update(Progress(finished, of: total, "completions"))
    }
  }

  /// The stream belongs to seed, problem and sample, so neither batch nor order matters.
  private func stream(problemID: String, sample: Int) -> RandomStream {
    RandomStream(seed: UInt64(bitPattern: Int64(seed)), "evaluate", problemID, sample)
  }
}
