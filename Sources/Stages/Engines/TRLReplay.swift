import Base
import Foundation
import Model
import Runner
import TRLAdapter
import Tasks

/// The updates of a reinforcement learning over again by TRL, on the completions and rewards that it had.
struct TRLReplay {
  let parameters: RLVRParameters
  /// The model that training began with.
  let model: URL
  /// Those of each step.
  let groups: [[RolloutGroup]]
  let ends: [Int32]
  let site: Site
  let threads: Int

  /// The weights that it ends with, and what TRL says of the last update of each step.
  struct Outcome {
    let weights: [Float]
    let said: [[String: Double]]
  }

  /// Trains in a temporary folder.
  /// - Throws: `TRLError`, `InterruptedError`, and what reading and writing models throws.
  func run(_ interruption: Interruption) throws -> Outcome {
    try TemporaryFolder.with { folder in
      let trl = TRLProgram(
        site: site, folder: folder, processes: parameters.trl.division.processes, threads: threads)
      try trl.writeFiles()
      let start = try OpenedModel(contentsOf: model)
      let base = folder.appending(path: "base")
      try Folder.make(base)
      try start.export(to: base)
      try write(to: folder, base)
      let said = try BlockingTask.run(interruption) { try await follow(trl) }
      let weights = folder.appending(path: "model")
      let end = try start.with(ShardedSafetensors(folder: weights, start.configuration))
      let buffer = try ModelArtifact(end).weights.buffer
      return Outcome(weights: buffer[0..<buffer.count], said: said)
    }
  }

  /// A row for each group: the same problem may come again with a prompt of its own.
  private func write(to folder: URL, _ base: URL) throws {
    let all = groups.flatMap(\.self)
    try AtomicFile.write(
      givenLines.map { $0.text + "\n" }.joined(), to: folder.appending(path: "given.jsonl"))
    var parameters = parameters
    // Nothing is sampled.
    parameters.trl.sampler = .transformers
    parameters.checkpointSeconds = 1e9
    let settings = TRLReinforcementSettings(
      parameters, prompts: all.map(\.prompt), ends: ends, order: Array(all.indices))
    try settings.writeRows(to: folder)
    try settings.request(["given": "given.jsonl"]).write(to: folder, model: base, keep: [])
  }

  private var givenLines: [JSONValue] {
    groups.enumerated().flatMap { step, groups in
      groups.enumerated().flatMap { slot, group in
        group.completions.enumerated().map { sample, completion in
          [
            "step": .integer(step + 1), "slot": .integer(slot), "sample": .integer(sample),
            "ids": .array(completion.tokens.map { .integer(Int($0)) }),
            "reward": .number(group.rewards[sample]),
          ] as JSONValue
        }
      }
    }
  }

  /// Waits for the end.
  /// - Returns: what was said of the last update of each step.
  private func follow(_ trl: TRLProgram) async throws -> [[String: Double]] {
    let program = trl.program
    let status = try await program.run {
      while true {
        if let status = program.status { return status }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    var lines = GrowingLines(file: trl.events)
    var said: [[String: Double]] = []
    var isDone = false
    for line in try lines.next() {
      switch try TRLEvent(line) {
      case .failed(let kind, let sentence): throw TRLError.failed(kind: kind, sentence: sentence)
      case .step(let update, let metrics, _) where update % parameters.updatesPerBatch == 0:
        said.append(metrics)
      case .done: isDone = true
      default: break
      }
    }
    guard isDone else { throw trl.death(status: status, program) }
    guard said.count == groups.count else {
      throw TRLError.incomplete("\(said.count) of \(groups.count) steps were logged")
    }
    return said
  }
}
