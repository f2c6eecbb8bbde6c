import Base
import Foundation
import Model
import Runner
import Tasks

/// What a start for reinforcement learning is worth, told before it is trained from what is in the
/// cache: an evaluation of the same model on the same problems, or another training on them.
package struct StartEstimate: Sendable {
  /// The instance of `rlvr` that is yet to run.
  package let instance: String
  package let group: Int
  /// The share of groups whose rewards would differ.
  package let groupsWithGradient: Double
  /// The share of groups that would hold a correct completion.
  package let passAtGroup: Double
  /// Whether the shares are those of smaller groups, which are less than a group's.
  package let isBound: Bool
  /// What tells so, such as `scores[seed=1], 16 samples per problem`.
  package let basis: String

  /// One for each training of the plan that is not done and of whose start something is known.
  static func all(of plan: Plan) -> [StartEstimate] {
    plan.items.compactMap { item in
      guard !item.isDone, item.state != .stopped, let stage = item.instance.stage as? RLVRStage,
        stage.parameters.reward != .random
      else { return nil }
      let training = PlannedTraining(item: item, parameters: stage.parameters)
      return training.estimateByScores(plan.results) ?? training.estimateByTraining(plan.results)
    }
  }

  /// As a sentence without its end.
  package var text: String {
    func percent(_ share: Double) -> String {
      (share == 0 || share >= 0.0995
        ? NumberText.fixed(100 * share, decimals: 0) : NumberText.fixed(100 * share, decimals: 1))
        + " %"
    }
    let bound = isBound ? "at least " : ""
    let groups =
      groupsWithGradient == 0
      ? "no two samples of a problem differ in reward, so perhaps no group of \(group) has a gradient"
      : "\(bound)\(percent(groupsWithGradient)) of groups of \(group) would have a gradient"
    return
      "\(groups), pass@\(group) \(passAtGroup == 0 ? "" : bound)\(percent(passAtGroup)) (by \(basis))"
  }

  package var json: JSONValue {
    [
      "group": .integer(group), "groups_with_gradient": .number(groupsWithGradient),
      "pass_at_group": .number(passAtGroup), "is_lower_bound": .boolean(isBound),
      "by": .string(basis),
    ]
  }
}

/// An instance of `rlvr` that is yet to run.
private struct PlannedTraining {
  let item: PlannedInstance
  let parameters: RLVRParameters

  /// The parameters that say how completions come about.
  private static let settings = [
    "temperature", "top_p", "top_k", "max_tokens", "sampling_precision",
  ]

  /// Whether a result was made from the model and problems that this starts from.
  private func sharesInputs(with result: PlannedInstance) -> Bool {
    guard let own = item.fields?.inputs, let other = result.artifact?.record.fields.inputs
    else { return false }
    return ["model", "problems"].allSatisfy { own[$0] != nil && own[$0] == other[$0] }
  }

  private func differences(from result: PlannedInstance, in names: [String]) -> [String] {
    names.filter { item.parameters[$0] != result.parameters[$0] }
  }

  // MARK: By an evaluation

  /// From the evaluation that samples most as this would and, of equals, has most samples.
  func estimateByScores(_ results: [PlannedInstance]) -> StartEstimate? {
    let measured = results.filter { $0.instance.stage is EvaluateStage && sharesInputs(with: $0) }
      .compactMap(MeasuredStart.init)
    let best = measured.map { ($0, differences(from: $0)) }.min { one, other in
      (one.1.count, -one.0.samples) < (other.1.count, -other.0.samples)
    }
    guard let (start, others) = best else { return nil }
    let rewards = parameters.rewards.completed(from: start.task.defaultRewards)
    let coin = RandomStream(seed: 0)
    let shares = start.shares(group: parameters.group) {
      parameters.reward.reward(for: $0, by: rewards, coin: coin)
    }
    guard let shares else { return nil }
    let isBound = start.samples < parameters.group
    return StartEstimate(
      instance: item.name, group: parameters.group, groupsWithGradient: shares.gradient,
      passAtGroup: shares.pass, isBound: isBound,
      basis: basis(start, isBound: isBound, differences: others))
  }

  private func differences(from start: MeasuredStart) -> [String] {
    var names = differences(from: start.result, in: Self.settings)
    let template = try? start.task.template(named: parameters.template, for: .train).sha256
    if template != start.result.values["template_sha256"]?.string { names.append("template") }
    let verifier = try? start.task.verifier(named: parameters.verifier)
    if verifier != start.result.values["verifier"]?.string { names.append("verifier") }
    return names
  }

  private func basis(
    _ start: MeasuredStart, isBound: Bool, differences: [String]
  ) -> String {
    let samples = start.samples == 1 ? "1 sample" : "\(start.samples) samples"
    let groups = isBound ? " taken as a group" : ""
    let others =
      differences.isEmpty ? "" : ", which has another \(differences.joined(separator: ", "))"
    return "\(start.result.name), \(samples) per problem\(groups)\(others)"
  }

  // MARK: By another training

  /// From the first steps of a training with the same groups and rewards.
  func estimateByTraining(_ results: [PlannedInstance]) -> StartEstimate? {
    let fixed = ["group", "reward", "rewards", "verifier", "template", "mask_truncated"]
    let alike = results.first { result in
      result.instance.stage is RLVRStage && sharesInputs(with: result)
        && differences(from: result, in: fixed + Self.settings).isEmpty
    }
    guard let alike,
      let gradient = alike.values["start_\(RewardSignal.groupsWithGradient)"]?.number,
      let pass = alike.values["start_\(RewardSignal.passAtGroup)"]?.number
    else { return nil }
    return StartEstimate(
      instance: item.name, group: parameters.group, groupsWithGradient: gradient,
      passAtGroup: pass, isBound: false, basis: "the first steps of \(alike.name)")
  }
}

/// The verdicts of a finished evaluation, problem by problem, as training would give them.
private struct MeasuredStart {
  let result: PlannedInstance
  let task: any TaskDefinition
  /// The fewest samples that a problem has.
  let samples: Int
  private let problems: [[Outcome]]

  /// Nil where the scores cannot be read.
  init?(_ result: PlannedInstance) {
    guard let file = result.artifact?.output("scores"),
      let scores = try? Scores(contentsOf: file, columns: [.problem, .outcome, .completion]),
      let task = try? TaskDefinitions.named(scores.table.attributes["task"] ?? ""),
      let places = try? scores.problems, let outcomes = try? scores.outcomes,
      let texts = try? scores.texts
    else { return nil }
    // Evaluation looks for an answer anywhere; training asks for the form first.
    let judged = zip(outcomes, texts).map {
      ResponseFormat.strictAnswer(in: $1) == nil ? Outcome.badFormat : $0
    }
    let byProblem = Dictionary(grouping: zip(places, judged), by: \.0)
    problems = byProblem.keys.sorted().map { (byProblem[$0] ?? []).map(\.1) }
    samples = problems.map(\.count).min() ?? 0
    self.result = result
    self.task = task
  }

  /// The mean over problems of the chance that a group's rewards differ, and that one is correct;
  /// nil for single samples, which tell nothing of differences.
  func shares(
    group: Int, reward: (Outcome) -> Double
  ) -> (gradient: Double, pass: Double)? {
    let size = min(group, samples)
    guard size > 1 else { return nil }
    let chances = problems.compactMap { outcomes -> (Double, Double)? in
      let counts = Dictionary(grouping: outcomes, by: reward).mapValues(\.count)
      let correct = outcomes.count { $0 == .correct }
      guard let alike = Statistics.allAlike(counts: counts.values.sorted(), k: size),
        let pass = Statistics.passAtK(samples: outcomes.count, correct: correct, k: size)
      else { return nil }
      return (1 - alike, pass)
    }
    guard let gradient = Statistics.mean(chances.map(\.0)),
      let pass = Statistics.mean(chances.map(\.1))
    else { return nil }
    return (gradient, pass)
  }
}
