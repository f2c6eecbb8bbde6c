import Base
import Model
import Runner
import Tasks

/// Which problems each step of a reinforcement learning samples.
struct ProblemOrder {
  let count: Int
  let perStep: Int
  let seed: UInt64
  /// The problem that training goes without, from 0.
  let leftOut: Int?

  /// - Throws: `StageError.failed` where there is nothing to train on.
  init(_ parameters: RLVRParameters, count: Int) throws {
    guard count > 0 else { throw StageError.failed("there are no problems to train on") }
    self.count = count
    perStep = parameters.problemsPerStep
    seed = parameters.streamSeed
    leftOut = try LeftOut.row(parameters.leaveOut, of: count, "problem")
  }

  /// The problems of a step by their places in it: every epoch is a shuffle of its own, and a step may
  /// span two epochs.
  func places(step: Int) -> [(slot: Int, problem: Int)] {
    let first = (step - 1) * perStep
    let all = (0..<perStep).map { slot in
      let (epoch, index) = (first + slot).quotientAndRemainder(dividingBy: count)
      var stream = RandomStream(seed: seed, "problems", epoch)
      return (slot, stream.shuffled(Array(0..<count))[index])
    }
    return all.filter { $0.1 != leftOut }
  }
}

extension RLVRParameters {
  /// The seed of every random stream.
  var streamSeed: UInt64 { UInt64(bitPattern: Int64(seed)) }
}

/// Gives completions their verdicts and rewards, whoever sampled them.
struct RolloutGrader {
  let problems: RowTable
  let ids: [String]
  let task: any TaskDefinition
  let parameters: RLVRParameters
  let threads: Int

  /// - Throws: `TaskError` where nothing is known of the problems' task.
  init(_ problems: RowTable, _ parameters: RLVRParameters, threads: Int) throws {
    self.problems = problems
    ids = try Problems(problems).ids
    task = try Problems(problems).task
    self.parameters = parameters
    self.threads = threads
  }

  var seed: UInt64 { parameters.streamSeed }

  /// A completion with its place in training.
  struct Completion {
    let step: Int
    /// The place of its group in the step.
    let slot: Int
    let problem: Int
    let sample: Int
    let text: String
  }

  func verdicts(on completions: [Completion]) throws -> [Verdict] {
    let items = completions.map {
      GradingItem(
        row: problems.row($0.problem), completion: $0.text,
        id: "\(ids[$0.problem])#\($0.sample)")
    }
    return try task.grade(
      items,
      GradingRules(
        use: .train, verifier: parameters.verifier, seed: seed, threads: threads,
        sandbox: parameters.sandbox))
  }

  /// A problem may come twice in a step, so the coin belongs to the slot and not to the problem.
  func reward(_ completion: Completion, _ verdict: Verdict) -> Double {
    parameters.reward.reward(
      for: verdict.outcome, by: parameters.rewards.completed(from: task.defaultRewards),
      coin: RandomStream(
        seed: seed, "reward", completion.step, completion.slot, completion.sample),
      number: verdict.number)
  }
}
