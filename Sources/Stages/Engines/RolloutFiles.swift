import Base
import Foundation
import Model
import Tasks

/// The completions of a training by an engine, as its reward workers keep them: `rollouts.rankN.jsonl`, a
/// line for each.
struct RolloutFiles {
  private var files: [GrowingLines]
  private var waiting: [Int: [RolloutLine]] = [:]

  init(in folder: URL, processes: Int) {
    files = (0..<processes).map { GrowingLines(file: Self.file(ofRank: $0, in: folder)) }
  }

  static func file(ofRank rank: Int, in folder: URL) -> URL {
    folder.appending(path: "rollouts.rank\(rank).jsonl")
  }

  /// The groups of a step, in the order of their places in it. Each step can be asked for once.
  /// - Throws: `TRLError.incomplete` where a completion is missing or there twice.
  mutating func groups(
    step: Int, _ parameters: RLVRParameters, _ prompts: [[Int32]]
  ) throws -> [RolloutGroup] {
    for index in files.indices {
      for line in try files[index].next() {
        let line = try RolloutLine(line)
        waiting[line.step, default: []].append(line)
      }
    }
    let lines = (waiting.removeValue(forKey: step) ?? [])
      .sorted { ($0.slot, $0.sample) < ($1.slot, $1.sample) }
    let expected = (0..<parameters.problemsPerStep).flatMap { slot in
      (0..<parameters.group).map { [slot, $0] }
    }
    guard lines.map({ [$0.slot, $0.sample] }) == expected,
      lines.allSatisfy({ prompts.indices.contains($0.row) })
    else {
      throw TRLError.incomplete(
        "\(lines.count) completions of step \(step) were kept, where there are \(expected.count)")
    }
    return (0..<parameters.problemsPerStep).map { slot in
      let members = lines[slot * parameters.group..<(slot + 1) * parameters.group]
      let row = members.first?.row ?? 0
      return RolloutGroup(
        problem: row, prompt: prompts[row], completions: members.map(\.completion),
        verdicts: members.map { Verdict($0.outcome) }, rewards: members.map(\.reward))
    }
  }
}

/// A completion as a reward worker keeps it.
struct RolloutLine {
  let step: Int
  /// The number of the problem, from 0.
  let row: Int
  /// The place of its group in the step.
  let slot: Int
  let sample: Int
  let completion: SampledText
  let outcome: Outcome
  let reward: Double

  init(
    step: Int, row: Int, slot: Int, sample: Int, completion: SampledText, outcome: Outcome,
    reward: Double
  ) {
    self.step = step
    self.row = row
    self.slot = slot
    self.sample = sample
    self.completion = completion
    self.outcome = outcome
    self.reward = reward
  }

  /// - Throws: `TRLError.incomplete` for a line that was not written by a worker.
  init(_ line: Data) throws {
    guard let json = try? JSONValue(parsing: line),
      let step = json["step"]?.integer, let row = json["row"]?.integer,
      let slot = json["slot"]?.integer, let sample = json["sample"]?.integer,
      let ids = json["ids"]?.array?.compactMap({ $0.integer.flatMap(Int32.init(exactly:)) }),
      let text = json["text"]?.string, let isTruncated = json["truncated"]?.boolean,
      let outcome = json["outcome"]?.string.flatMap(Outcome.init),
      let reward = json["reward"]?.number, reward.isFinite
    else { throw TRLError.incomplete("a line of its rollouts cannot be read") }
    self.init(
      step: step, row: row, slot: slot, sample: sample,
      completion: SampledText(
        tokens: ids, logProbabilities: Self.logProbabilities(in: json), text: text,
        isTruncated: isTruncated),
      outcome: outcome, reward: reward)
  }

  /// What the sampler said of the tokens, in nats; NaN where it did not, none where it said nothing.
  static func logProbabilities(in json: JSONValue) -> [Float] {
    (json["log_probabilities"]?.array ?? []).map { Float($0.number ?? .nan) }
  }

  var json: JSONValue {
    var fields: [String: JSONValue] = [
      "step": .integer(step), "row": .integer(row), "slot": .integer(slot),
      "sample": .integer(sample),
      "ids": .array(completion.tokens.map { .integer(Int($0)) }), "text": .string(completion.text),
      "truncated": .boolean(completion.isTruncated), "outcome": .string(outcome.rawValue),
      "reward": .number(reward),
    ]
    if !completion.logProbabilities.isEmpty {
      fields["log_probabilities"] = .array(
        completion.logProbabilities.map { $0.isFinite ? .number(Double($0)) : .null })
    }
    return .object(fields)
  }
}
