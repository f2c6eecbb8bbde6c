import Base
import Model
import Runner

/// How much work a plan is, and what it needs from outside, told without running anything and
/// without the files.
package struct PlanEstimate {
  package struct Item {
    package let instance: Instance
    /// Its work; nil where there is none, or none is known.
    package let work: Work?
    /// What is not known that its work depends on.
    package let unknown: String?
  }

  /// What is yet to run, each result once, in the order of the plan.
  package let items: [Item]
  package let needs: [PlanNeed]
  /// Models that are here and cannot be read.
  package let refusals: [ModelRefusal]
  /// How many problems each instance works on that is bound to some, by its name, as far as that can
  /// be told; nothing where files or servers are missing, because there may then be fewer.
  package let problems: [String: Int]
  /// What is known of where reinforcement learning that is yet to run would start.
  package let starts: [StartEstimate]
  /// The trainings by TRL that are yet to run.
  package let trl: [TRLOutlook]

  /// Estimates the work of what is not in the cache.
  /// - Parameters:
  ///   - keys: the keys of servers that the user allows.
  ///   - site: what is particular to this machine.
  ///   - meanTokens: how long completions are taken to be; as long as they may where nil.
  package init(
    _ plan: Plan, folders: DataFolders, keys: ServerKeys = ServerKeys(), site: Site = Site(),
    meanTokens: Int? = nil
  ) {
    var estimates: [Estimate] = []
    var places: [String: Int] = [:]
    var identities: [Int] = []
    var repeated: Set<Int> = []
    var items: [Item] = []
    var models: [String: ModelConfiguration] = [:]
    for (index, planned) in plan.items.enumerated() {
      let instance = planned.instance
      let question = Self.question(instance, identities)
      if let known = places[question] {
        identities.append(known)
        estimates.append(estimates[known])
        continue
      }
      if planned.isAsked { places[question] = index }
      identities.append(index)
      let estimate = Self.estimate(instance, estimates, meanTokens, folders)
      estimates.append(estimate)
      models[instance.name] = estimate.outputs["model"]?.model
      guard planned.isAsked, planned.state != .cached, planned.state != .stopped else { continue }
      var work = estimate
      if let training = plan.repetition(for: planned) {
        // Once for all that is missing of it.
        work = repeated.insert(identities[training]).inserted ? estimates[training] : Estimate()
      }
      work.work?.bytes = Double(work.memory?.most ?? 0)
      items.append(Item(instance: instance, work: work.work, unknown: work.unknown))
    }
    self.items = items
    needs = PlanNeed.all(of: items.map(\.instance), folders, keys, site)
    refusals = ModelRefusal.all(of: plan, folders)
    starts = StartEstimate.all(of: plan)
    trl = TRLOutlook.all(of: items, models: models, site)
    problems = needs.isEmpty ? Self.problems(of: plan, estimates) : [:]
  }

  private static func problems(of plan: Plan, _ estimates: [Estimate]) -> [String: Int] {
    let counts = plan.items.compactMap { item -> (String, Int)? in
      guard let input = item.instance.inputs.first(where: { $0.port == "problems" }),
        let rows = estimates[input.producer].outputs[input.output]?.rows
      else { return nil }
      return (item.name, rows)
    }
    return Dictionary(counts) { $1 }
  }

  package var total: Work { items.compactMap(\.work).reduce(Work(), +) }

  /// Instances with the same work have the same question, as those with the same result have the
  /// same key. What must not be measured on is no work: completions are shared without it.
  private static func question(_ instance: Instance, _ identities: [Int]) -> String {
    let isMeasured = instance.stage is EvaluateStage
    let inputs = instance.inputs.filter { !(isMeasured && $0.port == "trained_on") }
      .map { "\($0.port)=\(identities[$0.producer]).\($0.output)" }
    return ([instance.kind.name, instance.parameters.text] + inputs).joined(separator: "\n")
  }

  private static func estimate(
    _ instance: Instance, _ estimates: [Estimate], _ meanTokens: Int?,
    _ folders: DataFolders
  ) -> Estimate {
    guard let stage = instance.stage as? any EstimatedStage else { return Estimate() }
    let contents = instance.inputs.map {
      ($0.port, estimates[$0.producer].outputs[$0.output] ?? EstimatedData())
    }
    return stage.estimate(
      EstimateInputs(
        contents: Dictionary(contents) { $1 }, meanTokens: meanTokens, folders: folders))
  }
}

extension PlanEstimate {
  /// The plan as JSON, with the estimated work of each instance under `work`, and under `start` what
  /// is known of where it would start, under `trl` what TRL would be told, under `refused` why its model cannot be read.
  ///
  /// Of several instances with one result only the first has work; null stands for none, or for
  /// what `unknown` says is not known.
  package func json(of plan: Plan) -> JSONValue {
    let starts = Dictionary(starts.map { ($0.instance, $0.json) }) { first, _ in first }
    let trl = Dictionary(trl.map { ($0.instance, $0.json) }) { first, _ in first }
    let refused = Dictionary(refusals.map { ($0.instance, $0.reason) }) { first, _ in first }
    let estimated = Dictionary(items.map { ($0.instance.name, $0) }) { first, _ in first }
    return .array(
      (plan.json.array ?? []).map { entry in
        var members = entry.object ?? [:]
        let item = members["instance"]?.string.flatMap { estimated[$0] }
        members["work"] = item?.work?.json ?? .null
        members["trl"] = members["instance"]?.string.flatMap { trl[$0] } ?? .null
        members["start"] = members["instance"]?.string.flatMap { starts[$0] } ?? .null
        let refusal = members["instance"]?.string.flatMap { refused[$0] }
        members["refused"] = refusal.map { .string($0) } ?? .null
        members["unknown"] = (item?.unknown).map { .string($0) } ?? .null
        return .object(members)
      })
  }
}

extension Work {
  fileprivate var json: JSONValue {
    [
      "sampled_tokens": .integer(sampledTokens), "trained_tokens": .integer(trainedTokens),
      "operations": .number(operations), "memory_bytes": .number(bytes),
    ]
  }
}

/// Work with a language model: tokens, and the floating-point operations that they take.
///
/// A weight takes 2 operations a token forward and 4 more backward, 2 if it is frozen; attention takes 4
/// operations for each key and each of a head's numbers, and twice as many backward. Neither the
/// optimiser nor adapters nor what an implementation computes twice is counted, so the operations are
/// the least that so many tokens take.
package struct Work: Sendable {
  package var sampledTokens = 0
  /// Tokens that are trained on, those of prompts among them.
  package var trainedTokens = 0
  package var operations = 0.0
  /// Bytes of memory at most (`EstimatedMemory`).
  package var bytes = 0.0

  package init() {}

  /// What a prompt is reckoned with; the paper's have 200 to 430 tokens on average.
  package static let promptTokens = 300

  /// Adds completions of some prompts, each prompt read once.
  mutating func sample(
    _ model: ModelConfiguration, prompts: Int, completions: Int, tokens: Int
  ) {
    let keys = Double(Self.promptTokens) + Double(tokens) / 2
    sampledTokens += completions * tokens
    operations +=
      Double(completions * tokens) * model.forwardOperations(keys: keys)
      + Double(prompts * Self.promptTokens)
      * model.forwardOperations(keys: Double(Self.promptTokens) / 2)
  }

  /// Adds gradients: three times what the forward pass takes, without those of frozen weights.
  mutating func train(
    _ model: ModelConfiguration, tokens: Int, length: Int, isFrozen: Bool = false
  ) {
    trainedTokens += tokens
    let frozen = isFrozen ? model.weightOperations : 0
    operations +=
      Double(tokens) * (3 * model.forwardOperations(keys: Double(length) / 2) - frozen)
  }

  /// The sum of two pieces of work, one after the other.
  package static func + (one: Work, other: Work) -> Work {
    var sum = one
    sum.sampledTokens += other.sampledTokens
    sum.trainedTokens += other.trainedTokens
    sum.operations += other.operations
    sum.bytes = max(one.bytes, other.bytes)
    return sum
  }
}

extension ModelConfiguration {
  /// Operations of a token's forward pass that sees `keys` keys, logits included.
  fileprivate func forwardOperations(keys: Double) -> Double {
    weightOperations + 4 * visibleKeys(keys) * Double(headCount * headSize)
  }

  /// Those of the weights alone.
  fileprivate var weightOperations: Double {
    let heads = (2 * headCount + 2 * keyValueHeadCount) * headSize
    let block = hiddenSize * (heads + 3 * intermediateSize)
    return 2 * Double(layerCount * block + vocabularySize * hiddenSize)
  }
}
